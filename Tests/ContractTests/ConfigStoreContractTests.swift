import CatalogModel
import TestSupport
import Testing

/// What every config store must do (contract, sections 1.7 and 4.3).
@Suite("Config stores", .turns, .timeLimit(.minutes(5)))
struct ConfigStoreContractTests {
    @Test("what the API changes is there after a restart", arguments: ConfigStoreSite.kept)
    func restart(mode: String) async throws {
        let site = try await ConfigStoreSite.start(mode)
        let manager = site.manager()
        #expect(try await manager.names() == ["base", "filed"])
        var input = manager.input("extra", ["one", "two"])
        input["includedItems"] = ["o*"]
        var properties = input["properties"]?.objectValue ?? JSONObject()
        properties["authToken"] = "hunter2: \"quoted\"\n# no comment\n"
        properties["text"] = "one\n  two\n\nthree"
        properties["nested"] = ["password": "p", "list": [1, 2.5, true, nil, ["a": []]]]
        input["properties"] = .object(properties)
        #expect(try await manager.post("apply-source", .object(input)).status == 200)
        _ = try await manager.apply("gone", ["gone"])
        #expect(try await site.tenant.delete("\(manager.base)/sources/gone").status == 200)
        #expect(try await site.tenant.delete("\(manager.base)/sources/filed").status == 200)
        let off = try await manager.post("sources/base/enable", ["enabled": false])
        #expect(off.status == 200, "\(off.text)")
        let before = try await manager.list()
        try await site.server.restart()
        try await site.server.waitUntilReady()
        let after = try await site.manager().list()
        func lasting(_ sources: [JSONValue]) -> [JSONValue] {
            sources.map { JSONMergePatch.apply(["status": nil], to: $0) }
        }
        #expect(lasting(after) == lasting(before))
        #expect(after.map { $0["id"] } == ["base", "extra"])
        #expect(try await site.manager().names() == ["one"])
        #expect(after.last?.value(at: "properties.authToken") == "***REDACTED***")
        #expect(after.last?.value(at: "properties.nested.password") == "***REDACTED***")
        var again = try #require(after.last?.objectValue)
        again["name"] = "Renamed"
        let applied = try await site.manager().post("apply-source", .object(again))
        #expect(applied.status == 200, "\(applied.text)")
        try await site.server.restart()
        try await site.server.waitUntilReady()
        // Written in the words of Postgres.
        if StoreUnderTest.isPostgres {
            let stored = try await TenantDatabase.texts(
                "SELECT name || (properties->>'authToken' = E'hunter2: \"quoted\"\n# no comment\n') "
                    + "|| (properties->'nested'->>'password') || (properties->>'text' = "
                    + "E'one\n  two\n\nthree') FROM catalog_sources WHERE id = 'extra'",
                of: site.tenant)
            #expect(stored == ["Renamedtrueptrue"])
        }
        _ = try await site.server.terminate()
    }

    @Test("revisions are those of the source, and one can go back", arguments: ConfigStoreSite.kept)
    func rollback(mode: String) async throws {
        let site = try await ConfigStoreSite.of(mode)
        let manager = site.manager(.knowledge)
        _ = try await manager.apply("s", ["a"])
        _ = try await manager.apply("other", ["z"])
        _ = try await manager.apply("s", ["b"])
        let revisions = try await manager.revisions("s")
        #expect(revisions.count == 2)
        let times = revisions.compactMap { $0["timestamp"]?.stringValue?.sortableTime }
        #expect(times.count == 2 && times == times.sorted(by: >))
        #expect(revisions.allSatisfy { $0["version"]?.stringValue?.count == 8 })
        #expect(revisions.allSatisfy { ($0["size"]?.intValue ?? 0) > 0 })
        let first = try #require(revisions.last?["version"])
        let back = try await manager.post("sources/s:rollback", ["version": first])
        #expect(back.status == 200, "\(back.text)")
        #expect(try back.body("status") == "rolled_back")
        let version = try #require(try back.body("version"))
        #expect(try await manager.revisions("s").first?["version"] == version)
        #expect(try await site.names("s", .knowledge) == ["a"])
        #expect(try await site.names("other", .knowledge) == ["z"])
        _ = try await site.tenant.delete("\(manager.base)/sources/s")
        #expect(try await site.names("s", .knowledge) == [])
        let revived = try await manager.post("sources/s:rollback", ["version": first])
        #expect(revived.status == 200, "\(revived.text)")
        #expect(try await site.names("s", .knowledge) == ["a"])
        for body: JSONValue in [[:], ["version": ""], ["version": 1]] {
            #expect(try await manager.post("sources/s:rollback", body).status == 400)
        }
        for unknown in ["00000000", "../../../../etc/passwd", "%", "\u{1}"] {
            let response = try await manager.post(
                "sources/s:rollback", ["version": .string(unknown)])
            #expect(response.status == 404, "\(response.text)")
            #expect(try response.body("error") == "Not Found")
        }
    }

    @Test("a change that expects another state is a conflict", arguments: ConfigStoreSite.kept)
    func conflict(mode: String) async throws {
        let site = try await ConfigStoreSite.of(mode)
        let (tenant, manager) = (site.tenant, site.manager(.skills))
        _ = try await manager.apply("s", ["a"])
        let old = try #require(try await manager.revisions("s").first?["version"]?.stringValue)
        let kept = ["If-Match": "\"\(old)\""]
        _ = try await manager.apply("other", ["z"])
        let fine = try await tenant.post(
            "\(manager.base)/apply-source", .object(manager.input("s", ["b"])), kept)
        #expect(fine.status == 200, "only another source has changed: \(fine.text)")
        let responses = [
            try await tenant.post(
                "\(manager.base)/apply-source", .object(manager.input("s", ["c"])), kept),
            try await tenant.post("\(manager.base)/sources/s/enable", ["enabled": false], kept),
            try await tenant.delete("\(manager.base)/sources/s", kept),
            try await tenant.post(
                "\(manager.base)/sources/s:rollback", ["version": .string(old)], kept),
            try await tenant.post(
                "\(manager.base)/apply-source", .object(manager.input("s", ["c"])),
                ["If-Match": "\"00000000\""]),
        ]
        for response in responses {
            #expect(response.status == 409, "\(response.text)")
            #expect(try response.body("error") == "Conflict")
        }
        #expect(try await site.names("s", .skills) == ["b"])
    }

    @Test("changes that come at once are all kept or refused", arguments: ConfigStoreSite.kept)
    func concurrent(mode: String) async throws {
        let site = try await ConfigStoreSite.of(mode)
        let manager = site.manager(.named("policies"))
        _ = try await manager.apply("same", ["base"])
        let statuses = try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    let id = number < 4 ? "same" : "s\(number)"
                    let body = JSONValue.object(manager.input(id, ["n\(number)"]))
                    return (number, try await manager.post("apply-source", body).status)
                }
            }
            return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
        }
        #expect((4..<8).allSatisfy { statuses[$0] == 200 }, "\(statuses)")
        #expect((0..<4).allSatisfy { [200, 409].contains(statuses[$0]) }, "\(statuses)")
        let applied = (0..<4).filter { statuses[$0] == 200 }
        #expect(applied.count >= 1)
        #expect(try await manager.revisions("same").count == applied.count + 1)
        let ids = try await manager.list().compactMap { $0["id"]?.stringValue }
        #expect(Set(ids) == ["same", "s4", "s5", "s6", "s7"])
        let left = try await site.names("same", .named("policies"))
        #expect(applied.map { ["n\($0)"] }.contains(left))
    }

    @Test("without a store changes live until a restart and have no history")
    func none() async throws {
        let site = try await ConfigStoreSite.start("none")
        let manager = site.manager()
        _ = try await manager.apply("extra", ["x"])
        _ = try await manager.apply("extra", ["y"])
        #expect(try await site.tenant.delete("\(manager.base)/sources/filed").status == 200)
        #expect(try await manager.names() == ["base", "y"])
        #expect(try await manager.revisions("extra").isEmpty)
        let back = try await manager.post("sources/extra:rollback", ["version": "1a2b3c4d"])
        #expect(back.status == 400)
        #expect(try back.body("error") == "Bad Request")
        try await site.server.restart()
        try await site.server.waitUntilReady()
        #expect(try await site.manager().names() == ["base", "filed"])
        #expect(try await site.manager().list().map { $0["id"] } == ["base", "filed"])
        #expect(try site.fileText() == ConfigStoreSite.text)
        _ = try await site.server.terminate()
    }

    @Test("tenants other than the default one are kept whatever the store")
    func tenants() async throws {
        let site = try await ConfigStoreSite.start("file", ["CATALOG_TENANCY_MODE": "namespace"])
        let tenant = Tenant(server: site.server, namespace: "team-a")
        let manager = SourceClient(tenant, .agents)
        _ = try await manager.apply("s", ["a"])
        _ = try await manager.apply("s", ["b"])
        #expect(try await manager.revisions("s").count == 2)
        #expect(try site.fileText() == ConfigStoreSite.text, "tenants do not see each other's file")
        try await site.server.restart()
        try await site.server.waitUntilReady()
        let again = SourceClient(Tenant(server: site.server, namespace: "team-a"), .agents)
        #expect(try await again.names() == ["b"])
        _ = try await site.server.terminate()
    }
}
