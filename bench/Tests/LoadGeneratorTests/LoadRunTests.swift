import Foundation
import LoadGenerator
import LoadModel
import Testing

@Suite("The generator against servers that misbehave")
struct LoadRunTests {
    private func scenario(
        _ loop: String, connections: Int = 4, seconds: Double = 2
    ) throws -> Scenario {
        let json = """
            {"name": "test", "title": "t", "loop": "\(loop)", "rate": 200, "spread": "constant",
             "connections": \(connections), "warmUpSeconds": 0, "seconds": \(seconds),
             "namespaces": 2, "keys": 10, "zipf": 0.5, "seed": 1, "mix": {"get": 1}}
            """
        let scenario = try JSONDecoder().decode(Scenario.self, from: Data(json.utf8))
        try scenario.check()
        return scenario
    }

    private func run(
        _ scenario: Scenario, _ behaviour: SampleServer.Behaviour, threads: Int = 1
    ) async throws -> ScenarioResult {
        let server = try await SampleServer(behaviour)
        let result = try await LoadRun(
            scenario: scenario, host: "127.0.0.1", port: server.port, threads: threads,
            drainSeconds: 1
        ).result()
        try await server.stop()
        return result
    }

    @Test("a stall counts for every request that was due in it")
    func stall() async throws {
        var behaviour = SampleServer.Behaviour()
        behaviour.stall = 500..<1_100
        let result = try await run(scenario("open"), behaviour)
        // Four connections can hold up four requests; a hundred and twenty were due meanwhile.
        #expect(result.reads.count == 400)
        #expect(result.reads.p90Ms > 100)
        #expect(result.reads.maxMs > 400)
        #expect(result.failureRatio == 0)
        #expect(result.hitRatio == 1)
    }

    @Test("all due requests are sent, on several threads too")
    func threads() async throws {
        let result = try await run(
            scenario("open", connections: 5), SampleServer.Behaviour(), threads: 2)
        #expect(result.reads.count == 400)
        #expect(result.lostConnections == 0)
        #expect(result.requestsPerSecond == 200)
    }

    @Test("a closed loop asks again and again")
    func closed() async throws {
        let result = try await run(
            scenario("closed", seconds: 0.5), SampleServer.Behaviour())
        #expect(result.reads.count > 20)
        #expect(result.failureRatio == 0)
    }

    @Test("a server that closes after each answer loses no request")
    func closing() async throws {
        var behaviour = SampleServer.Behaviour()
        behaviour.closesAfterAnswer = true
        let result = try await run(scenario("open", seconds: 0.5), behaviour)
        #expect(result.reads.count == 100)
        #expect(result.failureRatio == 0)
        #expect(result.lostConnections > 50)
    }

    @Test("answers of another status are failures")
    func status() async throws {
        var behaviour = SampleServer.Behaviour()
        behaviour.status = "503 Service Unavailable"
        let result = try await run(scenario("open", seconds: 0.5), behaviour)
        #expect(result.failureRatio == 1)
        #expect(result.statuses == ["503": 100])
    }

    @Test("a server that never answers costs the patience, and every due request is a failure")
    func silent() async throws {
        var behaviour = SampleServer.Behaviour()
        behaviour.isSilent = true
        let result = try await run(scenario("open", seconds: 0.5), behaviour)
        #expect(result.unanswered == 100)
        #expect(result.failureRatio == 1)
        // The four that were sent have waited since they were due.
        #expect(result.reads.count == 4)
        #expect(result.reads.p50Ms > 1_000)
    }

    @Test("nobody there: the run ends, and everything due has failed")
    func nobody() async throws {
        let server = try await SampleServer(SampleServer.Behaviour())
        let port = server.port
        try await server.stop()
        let result = try await LoadRun(
            scenario: scenario("open", seconds: 0.5), host: "127.0.0.1", port: port,
            drainSeconds: 1
        ).result()
        #expect(result.unanswered == 100)
        #expect(result.failureRatio == 1)
    }
}
