import CatalogModel
import TestSupport
import Testing

/// Several replicas on one database see the same sources (issue 5, section 1).
@Suite("Sources on several replicas", .turns, .timeLimit(.minutes(5)))
struct ReplicasOfSourcesContractTests {
    @Test(
        "what one replica changes is so on the other", .onPostgres, arguments: ["database", "k8s"])
    func agree(mode: String) async throws {
        let first = try await ConfigStoreSite.start(mode)
        let second = try await ConfigStoreSite.start(mode, beside: first)
        let (here, there) = (first.manager(), second.manager())
        func expectSame(_ names: [String], _ ids: [JSONValue]) async throws {
            #expect(try await here.names() == names)
            #expect(try await here.list().map { $0["id"] } == ids)
            // A load that follows by itself may change a time between the two questions.
            try await second.eventually("the same sources, from the shared table") {
                try await there.list() == here.list()
            }
            try await second.eventually("\(names) on the other replica") {
                try await there.names() == names
            }
            for path in ["diagnostics", "sources/extra/revisions"] {
                try await second.eventually("the same \(path)") {
                    let one = try await first.tenant.get("\(here.base)/\(path)")
                    return try await second.tenant.get("\(there.base)/\(path)").text == one.text
                }
            }
        }
        _ = try await here.apply("extra", ["one", "two"])
        try await expectSame(["base", "filed", "one", "two"], ["base", "filed", "extra"])
        _ = try await there.apply("extra", ["one", "three"])
        try await second.eventually("the change back on the first replica") {
            try await here.names() == ["base", "filed", "one", "three"]
        }
        try await expectSame(["base", "filed", "one", "three"], ["base", "filed", "extra"])
        let off = try await there.post("sources/base/enable", ["enabled": false])
        #expect(off.status == 200)
        try await first.eventually("the disabled source on the first replica") {
            try await here.names() == ["filed", "one", "three"]
        }
        #expect(try await second.tenant.delete("\(there.base)/sources/filed").status == 200)
        try await first.eventually("the deleted source on the first replica") {
            try await here.names() == ["one", "three"]
        }
        try await expectSame(["one", "three"], ["base", "extra"])
        // One that starts again begins with what all have.
        try await first.server.restart()
        try await first.server.waitUntilReady()
        #expect(try await first.manager().names() == ["one", "three"])
        #expect(try await first.manager().list().map { $0["id"] } == ["base", "extra"])
        _ = try await second.server.terminate()
        _ = try await first.server.terminate()
    }

    @Test(
        "changes of one source through two replicas are conflicts or follow each other", .onPostgres
    )
    func race() async throws {
        let first = try await ConfigStoreSite.start("k8s")
        let second = try await ConfigStoreSite.start("k8s", beside: first)
        _ = try await first.manager().apply("same", ["base"])
        let statuses = try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                let manager = (number.isMultiple(of: 2) ? first : second).manager()
                group.addTask {
                    let body = JSONValue.object(manager.input("same", ["n\(number)"]))
                    return (number, try await manager.post("apply-source", body).status)
                }
            }
            return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
        }
        let applied = statuses.filter { $0.value == 200 }.keys
        #expect(statuses.values.allSatisfy { $0 == 200 || $0 == 409 }, "\(statuses)")
        #expect(try await first.manager().revisions("same").count == applied.count + 1)
        let left = try await first.names("same")
        #expect(applied.map { ["n\($0)"] }.contains(left))
        let name = try #require(left.first)
        #expect(first.mapText?.contains("\\\"\(name)\\\"") == true, "\(first.mapText ?? "")")
        try await second.eventually("the same entities") { try await second.names("same") == left }
        _ = try await second.server.terminate()
        _ = try await first.server.terminate()
    }
}
