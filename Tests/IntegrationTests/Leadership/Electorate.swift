import CatalogModel
import Foundation
import TestSupport
import Testing

/// Three replicas of one deployment that elect a leader, and the record of who led when.
actor Electorate {
    /// From when to when a replica led, in milliseconds since 1970.
    struct Term: Sendable, CustomStringConvertible {
        let replica: String
        let start: Int64
        var end: Int64?

        var description: String { "\(replica) \(start)–\(end.map(String.init) ?? "")" }
    }

    /// Short times, so that the tests are; the order is that of the defaults.
    static let timing = [
        "CATALOG_LEADER_ELECTION_ENABLED": "true", "CATALOG_LEADER_LEASE_DURATION": "3",
        "CATALOG_LEADER_RENEW_DEADLINE": "2", "CATALOG_LEADER_RETRY_PERIOD": "1",
    ]

    nonisolated let site: Deployment
    nonisolated let servers: [String: ServerProcess]
    /// Terms of processes that have ended.
    private var past: [Term] = []

    private init(site: Deployment, servers: [String: ServerProcess]) {
        self.site = site
        self.servers = servers
    }

    static func make(
        files: [String: String] = [:], environment: [String: String]
    ) async throws -> Electorate {
        let site = try await Deployment.make(files: files)
        var servers: [String: ServerProcess] = [:]
        for name in ["one", "two", "three"] {
            var options = site.options()
            options.environment = timing.merging(environment) { $1 }
            options.environment["POD_NAME"] = name
            servers[name] = try await ServerProcess.start(options)
        }
        for server in servers.values { try await server.waitUntilReady() }
        return Electorate(site: site, servers: servers)
    }

    nonisolated func role(of name: String) async throws -> String? {
        let response = try await servers[name]?.client.get("/readyz")
        return try response?.json().value(at: "components.leader_election.status")?.stringValue
    }

    /// The one that says it leads, waiting for it; the named one does not count.
    nonisolated func leader(otherThan old: String? = nil) async throws -> String {
        try await eventually(within: .seconds(40), "a leader") {
            for (name, server) in servers where name != old && server.isRunning {
                if (try? await role(of: name)) == "leader" { return name }
            }
            return nil
        }
    }

    /// Kills a replica, keeps its terms, and starts it again.
    func kill(_ name: String) async throws {
        guard let server = servers[name] else { return }
        try await server.kill()
        keep(name, server, endedAt: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    /// Asks a replica to stop, keeps its terms.
    func terminate(_ name: String) async throws {
        guard let server = servers[name] else { return }
        #expect(try await server.terminate() == 0)
        keep(name, server, endedAt: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    func restart(_ name: String) async throws {
        try await servers[name]?.restart()
        try await servers[name]?.waitUntilReady()
    }

    /// Everyone's terms so far in the order of their starts.
    func terms() -> [Term] {
        let present = servers.filter { $0.value.isRunning }.flatMap { Self.terms($0, $1) }
        return (past + present).sorted { $0.start < $1.start }
    }

    /// Expects that no term begins before the one before has ended.
    func expectNoOverlap(_ location: SourceLocation = #_sourceLocation) {
        let all = terms()
        for (before, after) in zip(all, all.dropFirst()) {
            let ended = before.end.map { $0 <= after.start } ?? false
            #expect(ended, "\(before) and \(after)", sourceLocation: location)
        }
    }

    private func keep(_ name: String, _ server: ServerProcess, endedAt end: Int64) {
        past += Self.terms(name, server).map { term in
            var term = term
            if term.end == nil { term.end = end }
            return term
        }
    }

    private static func terms(_ name: String, _ server: ServerProcess) -> [Term] {
        var terms: [Term] = []
        for line in server.logLines {
            let time = line["ts"]?.stringValue.flatMap { Timestamp($0) }?.ms ?? 0
            switch line.value(at: "metadata.event")?.stringValue {
            case "leadership_acquired": terms.append(Term(replica: name, start: time))
            case "leadership_lost":
                if let last = terms.indices.last { terms[last].end = time }
            default: break
            }
        }
        return terms
    }

}
