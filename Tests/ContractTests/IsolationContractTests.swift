import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("Isolation of tenants", .turns, .timeLimit(.minutes(5)))
struct IsolationContractTests {
    /// CATALOG_TEST_REQUESTS asks for more.
    private static let requests =
        ProcessInfo.processInfo.environment["CATALOG_TEST_REQUESTS"].flatMap { Int($0) } ?? 500

    /// A server that the cluster guards; `alice` may do everything in one namespace, `mallory` in
    /// another.
    private func server(_ victim: String, _ own: String) async throws -> Guarded {
        let guarded = try await Guarded.start()
        guarded.cluster.allow(user: "alice", ["*"], on: ["*"], in: victim)
        guarded.cluster.allow(user: "mallory", ["*"], on: ["*"], in: own)
        return guarded
    }

    private func fill(_ guarded: Guarded, _ namespace: String) async throws -> Victim {
        var victim = Victim(
            marker: "secret-\(UInt64.random(in: 0 ... .max))", namespace: namespace)
        let headers = ["X-Remote-User": "alice", "X-Namespace": namespace]
        let client = guarded.server.client
        for catalog in Catalog.all {
            for name in ["shared", "only-theirs", "a/b"] {
                var document: JSONObject = [
                    "name": .string(name), "description": .string(victim.marker),
                ]
                if catalog.convention == .mcp { document["deploymentMode"] = "local" }
                let key = name == "shared" && catalog.plugin == "agents" ? "victims-key" : name
                let created = try await client.post(
                    catalog.list,
                    headers: headers.merging([
                        "Idempotency-Key": key == name ? "\(catalog.plugin)-\(name)" : key,
                        "X-Correlation-ID": victim.marker,
                    ]) { $1 }, json: .object(document))
                #expect(created.status == 201, "\(created.text)")
                victim.tags += created.values(of: "ETag")
            }
            let page = try await client.get("\(catalog.list)?pageSize=1", headers: headers)
            if let token = try page.nextToken() { victim.tokens.append(token) }
        }
        let refresh = try await client.post(
            "\(Catalog.agents.base)/management/refresh", headers: headers)
        victim.jobs = [try #require(try refresh.body("jobId")?.stringValue)]
        let audit = try await client.get("/api/audit/v1alpha1/events?pageSize=5", headers: headers)
        victim.events = try #require(try audit.body("events")?.arrayValue)
            .compactMap { $0["id"]?.stringValue }
        if let token = try audit.nextToken() { victim.tokens.append(token) }
        let end = ContinuousClock.now + .seconds(20)
        // What the job writes about itself is over before anything is compared.
        while true {
            let job = try await client.get(
                "/api/jobs/v1alpha1/refresh/\(victim.jobs[0])", headers: headers)
            if try ["succeeded", "failed"].contains(job.body("state")?.stringValue) { break }
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(10))
        }
        return victim
    }

    /// Everything that the owner of a namespace sees, but for what was refused to others there.
    private func snapshot(_ guarded: Guarded, _ victim: Victim) async throws -> [String] {
        let headers = [
            "X-Remote-User": "alice", "X-Namespace": victim.namespace, "Cache-Control": "no-cache",
        ]
        let paths =
            Catalog.all.map { "\($0.list)?pageSize=1000" }
            + [
                "/api/audit/v1alpha1/events?pageSize=100&actor=alice",
                "/api/jobs/v1alpha1/refresh?pageSize=100",
            ]
        var texts: [String] = []
        for path in paths {
            let answer = try await guarded.server.client.get(path, headers: headers)
            #expect(answer.status == 200)
            texts.append("\(answer.header("X-Catalog-Revision") ?? "") \(answer.text)")
        }
        return texts
    }

    /// The ways in which a request can name a namespace: headers and parameters.
    private static func ways(
        _ own: String, _ theirs: String
    ) -> [(headers: [String: String], parameters: [(String, String)])] {
        [
            // Half of the requests are the attacker's own business.
            (["X-Namespace": own], []), (["X-Namespace": own], []), (["X-Namespace": own], []),
            (["X-Namespace": own], []), ([:], [("namespace", own)]),
            ([:], [("namespace", own)]), ([:], [("namespace", own)]),
            ([:], [("namespace", own)]),
            (["X-Namespace": theirs], [("namespace", own)]),
            (["X-Namespace": theirs], []), ([:], [("namespace", theirs)]),
            (["X-Namespace": own], [("namespace", theirs)]),
            ([:], [("namespace", own), ("namespace", theirs)]),
            ([:], [("namespace", theirs), ("namespace", own)]),
            (["X-Namespace": "\(own),\(theirs)"], []), (["X-Namespace": " \(theirs)"], []),
            (["X-Namespace": own], [("Namespace", theirs)]), ([:], [("namespace", "\(theirs) ")]),
        ]
    }

    @Test("whatever is asked, nothing of another tenant is seen or changed")
    func isolation() async throws {
        let given = ProcessInfo.processInfo.environment["CATALOG_TEST_SEED"]
        let seed = given.flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)
        var random = IsolationGenerator(state: seed)
        let (theirs, own) = ("victim", "attacker")
        let guarded = try await server(theirs, own)
        let victim = try await fill(guarded, theirs)
        let before = try await snapshot(guarded, victim)
        let connection = try await guarded.server.client.connect()
        var answered = 0
        for index in 0..<Self.requests {
            let request = IsolationRequest(victim, own: "of-the-attacker", &random)
            let way = Self.ways(own, theirs).randomElement(using: &random) ?? ([:], [])
            let headers = request.headers.merging(way.headers) { $1 }
                .merging(["X-Remote-User": "mallory"]) { $1 }
            let answer = try await connection.send(
                request.method, request.target(way.parameters), headers: headers,
                body: request.body)
            let target = request.target(way.parameters)
            let place: Comment =
                "CATALOG_TEST_SEED=\(seed), \(index): \(request.method) \(target) \(headers)"
            #expect(!answer.text.contains(victim.marker), place)
            #expect(!answer.fields.contains { $0.value.contains(victim.marker) }, place)
            #expect(answer.status != 304, place)
            if answer.status < 300 {
                answered += 1
                try expectOwn(answer, request, place)
            }
            if answer.isLast { break }
        }
        #expect(answered > Self.requests / 20, "the fuzz hardly got an answer")
        #expect(try await snapshot(guarded, victim) == before, "CATALOG_TEST_SEED=\(seed)")
        #expect(
            guarded.cluster.reviews.contains { $0.user == "mallory" && $0.namespace == theirs })
        _ = try await guarded.server.terminate()
    }

    /// Every entity, event and job of an answer is one of the attacker's own.
    private func expectOwn(
        _ answer: HTTPResponse, _ request: IsolationRequest, _ place: Comment
    ) throws {
        guard request.method == "GET", let json = try? answer.json() else { return }
        for item in json["items"]?.arrayValue ?? [] where item["description"] != nil {
            #expect(item["description"] == "of-the-attacker", place)
        }
        for event in json["events"]?.arrayValue ?? [] {
            #expect(event["namespace"] == "attacker", place)
            #expect(event["actor"] == "mallory", place)
        }
        for job in json["jobs"]?.arrayValue ?? [] {
            #expect(job["namespace"] == "attacker", place)
        }
    }
}

extension HTTPResponse {
    /// Whether the server ends the connection after this answer.
    fileprivate var isLast: Bool { header("Connection")?.lowercased() == "close" }
}

/// Random numbers that a seed repeats.
private struct IsolationGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
