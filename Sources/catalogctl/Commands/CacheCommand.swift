import ArgumentParser
import CatalogClient
import CatalogModel

/// What operators do with the caches of replicas.
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Looks into the caches of the replicas.",
        subcommands: [
            CacheStats.self, CacheExplain.self, CacheVerify.self, CacheEvict.self,
        ])
}

struct CacheStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Counts what the caches of the replicas answered.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.session { session in
            var rows: [JSONValue] = []
            for server in session.client.servers {
                let answer = try await session.client.send(.get("/metrics").plain, to: server)
                guard answer.isSuccess else {
                    throw CommandError(.failed, "\(server): status \(answer.status)")
                }
                rows.append(Self.row(server, MetricSums(answer.text)))
            }
            session.show(
                .object(["servers": .array(rows)]), rows: rows,
                ["server", "hit", "miss", "stale", "bypass", "ratio", "namespaces", "bytes"].map {
                    TextTable.Column($0, $0)
                })
        }
    }

    private static func row(_ server: String, _ sums: MetricSums) -> JSONValue {
        var row: JSONObject = ["server": .string(server)]
        let outcomes = ["hit", "miss", "stale", "bypass"]
        let counts = outcomes.map {
            sums.sum(of: "catalog_cache_requests_total", label: "outcome=\"\($0)\"")
        }
        for (outcome, count) in zip(outcomes, counts) { row[outcome] = .int(Int64(count)) }
        let all = counts.reduce(0, +)
        let thousandths = all > 0 ? Int64(counts[0] / all * 1_000) : 0
        row["ratio"] = all > 0 ? .double(Double(thousandths) / 1_000) : .null
        for name in ["namespaces", "bytes"] {
            row[name] = .int(Int64(sums.sum(of: "catalog_cache_\(name)")))
        }
        return .object(row)
    }
}

/// The samples of an exposition, to be added up.
private struct MetricSums {
    private let samples: [(name: Substring, labels: Substring, value: Double)]

    init(_ text: String) {
        samples = text.split(separator: "\n").compactMap { line in
            guard line.first != "#", let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            else { return nil }
            let series = line[..<space]
            let open = series.firstIndex(of: "{") ?? series.endIndex
            return (series[..<open], series[open...], value)
        }
    }

    func sum(of name: String, label: String = "") -> Double {
        samples.lazy.filter { $0.name == name && (label.isEmpty || $0.labels.contains(label)) }
            .reduce(0) { $0 + $1.value }
    }
}

struct CacheExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says where each replica has an answer from, and how old it can be.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The kind: its plural, its name, or PLUGIN/PLURAL.")
    var kind: String

    @Argument(help: "The name of an entity; the list if there is none.")
    var name: String?

    func run() async throws {
        try await common.session { session in
            let kind = try await session.kinds().kind(kind)
            for server in session.client.servers {
                var request = CatalogRequest.get(
                    name.map { kind.path($0) } ?? kind.list, query: [("explain", "cache")])
                request.namespace = session.namespace
                let answer = try await session.client.send(request, to: server)
                guard answer.isSuccess else {
                    throw CommandError(.failed, "\(server): status \(answer.status)")
                }
                session.show(try answer.json())
            }
        }
    }
}
