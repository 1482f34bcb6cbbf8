import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A write that waits for every replica")
    struct VisibilityTests {
        private func put(
            _ name: String, _ category: String, _ prefer: String, on replica: Replica
        ) async throws -> HTTPResponse {
            let body: JSONValue = ["name": .string(name), "category": .string(category)]
            let answer = try await replica.client.send(
                "PUT", Kind.agents.entity(name),
                headers: ["X-User-Role": "operator", "Prefer": prefer], body: body.encoded)
            #expect((200..<300).contains(answer.status), "\(answer.text)")
            return answer
        }

        @Test("is answered when the other one shows it")
        func all() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "first"])
            for replica in [a, b] { try await replica.warm([.agents]) }
            for round in 0..<30 {
                let answer = try await put(
                    "first", "round-\(round)", "wait=5, visibility=all", on: a)
                #expect(answer.header("X-Catalog-Visibility") == "all")
                #expect(answer.header("Preference-Applied") == "wait=5, visibility=all")
                let seen = try await b.get(Kind.agents.entity("first"))
                #expect(seen.cache == "HIT")
                #expect(seen.revision >= answer.revision)
                #expect(try seen.json()["category"]?.stringValue == "round-\(round)")
            }
        }

        @Test("says who does not show it, and does not wait for the dead")
        func partial() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            try await a.write("POST", Kind.agents.list, ["name": "first"])
            for replica in [a, b] { try await replica.warm([.agents]) }
            let names = try await site.sql("SELECT count(DISTINCT replica) FROM replica_positions")
            #expect(names == "2")
            // A replica that reports to nobody: registered, alive and behind.
            try await site.sql(
                """
                SELECT catalog_report('stuck-1', 'stuck', interval '1 hour', '{default}',
                    (SELECT ARRAY[epoch] FROM namespaces WHERE name = 'default'), '{1}', '{}')
                """)
            let began = ContinuousClock.now
            let answer = try await put("first", "x", "visibility=all; a=b, wait=1", on: a)
            #expect(began.duration(to: .now) < .seconds(3))
            #expect(answer.header("X-Catalog-Visibility") == "partial; missing=stuck-1")
            #expect(answer.header("Preference-Applied") == "wait=1")
            try await site.sql("UPDATE replicas SET lease_until = now() WHERE id = 'stuck-1'")
            let after = try await put("first", "y", "wait=5, visibility=all", on: a)
            #expect(after.header("X-Catalog-Visibility") == "all")
        }

        @Test("is an ordinary write where the preference cannot be read")
        func ignored() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            for prefer in [
                "wait=2", "visibility=some", "foo=\"visibility=all\"", "visibility", ";", "=,=",
                "return=minimal, visibility=none, visibility=all", "x=\"a, visibility=all",
            ] {
                let answer = try await put("first", prefer, prefer, on: replica)
                #expect(answer.header("Preference-Applied") == nil, "\(prefer)")
                #expect(answer.header("X-Catalog-Visibility") == nil, "\(prefer)")
            }
            for prefer in ["Visibility=\"all\";x, WAIT = 1", "wait=-1,visibility=all"] {
                let answer = try await put("first", prefer, prefer, on: replica)
                #expect(answer.header("X-Catalog-Visibility") == "all", "\(prefer)")
            }
        }
    }
}
