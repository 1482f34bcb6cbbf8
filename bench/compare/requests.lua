-- Requests of a file, picked at random: one target a line, with a tab and an entity tag where a
-- conditional request is meant. Prints one JSON object of what wrk saw.
local requests = {}

function init(arguments)
    math.randomseed(7)
    local common = {}
    for header in (os.getenv("BENCH_HEADERS") or ""):gmatch("[^|]+") do
        local name, value = header:match("^(.-): (.*)$")
        common[name] = value
    end
    for line in io.lines(arguments[1]) do
        local target, tag = line:match("^([^\t]+)\t(.+)$")
        common["If-None-Match"] = tag
        requests[#requests + 1] = wrk.format("GET", target or line, common)
    end
end

function request()
    return requests[math.random(#requests)]
end

-- wrk counts a status above 399 as an error of its own.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\nJSON "requests":%d,"requestsPerSecond":%.1f,"p50Ms":%.3f,"p99Ms":%.3f,"failures":%d\n',
        summary.requests, summary.requests * 1e6 / summary.duration,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
