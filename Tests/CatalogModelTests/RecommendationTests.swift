import CatalogModel
import Testing

@Suite("Recommended deployments")
struct RecommendationTests {
    /// One performance artifact: hardware, its count, latency and requests a second.
    struct Row: Sendable {
        var type: String? = "H100"
        var count: Int64?
        var latency: Double?
        var rate: Double?
    }

    private static func artifacts(_ rows: [Row]) -> [Artifact] {
        rows.enumerated().map { index, row in
            var properties = JSONObject()
            properties["hardware_type"] = row.type.map { ["string_value": .string($0)] }
            properties["hardware_count"] = row.count.map { ["int_value": .string(String($0))] }
            properties["ttft_p90"] = row.latency.map { ["double_value": .double($0)] }
            properties["requests_per_second"] = row.rate.map { ["double_value": .double($0)] }
            return Artifact(
                [
                    "artifactType": "metrics-artifact", "metricsType": "performance-metrics",
                    "customProperties": .object(properties),
                ], at: index, modelID: 3, timesOf: .init(createdAtMs: 1, updatedAtMs: 2))
        }
    }

    private static func positions(_ rows: [Row], load: Int64? = nil) -> [Int] {
        var options = PerformanceOptions()
        options.recommends = true
        options.targetRPS = load
        return Recommendation.positions(artifacts(rows).map { Deployment($0, options) })
    }

    static let table: [(String, Int64?, [Row], [Int])] = [
        ("nothing", nil, [], []),
        (
            "a slower one must be cheaper", nil,
            [Row(count: 1, latency: 50), Row(count: 1, latency: 40), Row(count: 2, latency: 60)],
            [1]
        ),
        (
            "faster and dearer beside cheaper and slower", nil,
            [Row(count: 1, latency: 200), Row(count: 4, latency: 100)], [0, 1]
        ),
        (
            "five percent are not enough above 100", nil,
            [Row(count: 1, latency: 200), Row(count: 2, latency: 190)], [0]
        ),
        (
            "more than five percent are", nil,
            [Row(count: 1, latency: 200), Row(count: 2, latency: 189)], [0, 1]
        ),
        (
            "at 100 and below it takes ten percent", nil,
            [Row(count: 1, latency: 100), Row(count: 2, latency: 91)], [0]
        ),
        (
            "more than ten percent are enough there", nil,
            [Row(count: 1, latency: 100), Row(count: 2, latency: 89)], [0, 1]
        ),
        (
            "each type of hardware has its own choice", nil,
            [Row(count: 1, latency: 50), Row(type: "L40S", count: 4, latency: 500)], [0, 1]
        ),
        (
            "hardware count breaks ties", nil,
            [Row(count: 2, latency: 50), Row(count: 1, latency: 50)], [1]
        ),
        (
            "no latency, or none above zero, comes last and is kept only if cheaper", nil,
            [
                Row(count: 2, latency: 0), Row(count: 2, latency: 50), Row(count: 1),
                Row(count: 2),
            ], [1, 2]
        ),
        (
            "replicas count: a slow rate makes little hardware dear", 10,
            [
                Row(count: 1, latency: 80, rate: 1), Row(count: 2, latency: 50, rate: 10),
            ], [1]
        ),
        (
            "a missing count is one, a missing rate is one", 4,
            [Row(latency: 80), Row(count: 5, latency: 50, rate: 10)], [0, 1]
        ),
        (
            "the order is that of the artifacts", nil,
            [
                Row(count: 4, latency: 20), Row(count: 1, latency: 90),
                Row(count: 2, latency: 50),
            ], [0, 1, 2]
        ),
    ]

    @Test("the rules of the contract, one by one", arguments: table)
    func rule(_ name: String, _ load: Int64?, _ rows: [Row], _ expected: [Int]) {
        #expect(Self.positions(rows, load: load) == expected, "\(name)")
    }

    @Test(
        "replicas are the load divided by the rate, rounded up, at least one",
        arguments: [
            (10, 4.0, 3, 12.0), (12, 4.0, 3, 12.0), (1, 4.0, 1, 4.0), (7, nil, 7, 7.0),
            (7, 0, 7, 7.0), (7, -2, 7, 7.0), (3, 0.5, 6, 3.0),
        ] as [(Int64, Double?, Int64, Double)])
    func replicas(_ load: Int64, _ rate: Double?, _ replicas: Int64, _ total: Double) throws {
        var options = PerformanceOptions()
        options.targetRPS = load
        let artifact = try #require(Self.artifacts([Row(rate: rate)]).first)
        let deployment = Deployment(artifact, options)
        #expect(deployment.replicas == replicas)
        #expect(deployment.totalRate == total)
        let properties = artifact.serving(deployment).customProperties
        #expect(properties?["replicas"]?["int_value"] == .string(String(replicas)))
        #expect(
            properties?["total_requests_per_second"]?["double_value"]?.doubleValue == total)
    }

    @Test("a rate next to nothing asks for as many replicas as can be counted")
    func tiny() throws {
        var options = PerformanceOptions()
        options.targetRPS = .max
        let artifact = try #require(Self.artifacts([Row(rate: 1e-300)]).first)
        #expect(Deployment(artifact, options).replicas == .max)
    }

    @Test(
        "parameters are checked", arguments: ["targetRPS=x", "targetRPS=1.5", "recommendations=y"])
    func parameters(_ query: String) throws {
        let parameters = try QueryParameters(query)
        #expect(throws: RequestError.badRequest("")) { try PerformanceOptions(parameters) }
    }

    @Test("a property that the client names has to exist")
    func named() throws {
        let options = try PerformanceOptions(try QueryParameters("latencyProperty=itl_p99"))
        let artifacts = Self.artifacts([Row(latency: 1)])
        #expect(throws: RequestError.badRequest("")) { try options.check(artifacts) }
        try PerformanceOptions(try QueryParameters("latencyProperty=ttft_p90")).check(artifacts)
        try options.check([])
    }
}
