import CatalogModel
import Testing

@testable import WritePath

@Suite("The plan of what is loaded without being asked")
struct SyncPlanTests {
    private static let path = "/catalogs/a.yaml"

    private func file(refreshedAtMs: Int64? = 1_000) -> SourceCatalog.Synced {
        synced(
            "yaml", ["yamlCatalogPath": "a.yaml"], age: .zero, refreshedAtMs: refreshedAtMs,
            directory: "/catalogs")
    }

    private func synced(
        _ type: String, _ properties: JSONObject = [:], age: Duration?, refreshedAtMs: Int64? = 0,
        hasFailed: Bool = false, directory: String? = nil
    ) -> SourceCatalog.Synced {
        SourceCatalog.Synced(
            namespace: .default,
            definition: SourceDefinition(
                plugin: "agents", id: "s", name: "S", type: type, properties: properties,
                originDirectory: directory),
            age: age, refreshedAtMs: refreshedAtMs, hasFailed: hasFailed)
    }

    private func stamp(_ modifiedMs: Int64, bytes: Int64 = 1) -> [String: SourceFiles.Stamp] {
        [Self.path: SourceFiles.Stamp(modifiedMs: modifiedMs, bytes: bytes, node: 1)]
    }

    @Test("a file that changes is due once it is still, until a refresh reads it")
    func files() {
        var plan = SyncPlan()
        let source = [file()]
        #expect(SyncPlan.paths(of: source) == [Self.path])
        #expect(plan.due(source, stamps: stamp(500)).isEmpty)
        #expect(plan.due(source, stamps: stamp(500)).isEmpty)
        #expect(plan.due(source, stamps: stamp(2_000)).isEmpty)
        #expect(plan.due(source, stamps: stamp(2_000, bytes: 2)).isEmpty)
        let due = plan.due(source, stamps: stamp(2_000, bytes: 2))
        #expect(due.map(\.key.source) == ["s"])
        #expect(due.map(\.spacing) == [.zero])
        #expect(plan.due(source, stamps: stamp(2_000, bytes: 2)) == due)
        plan.handled(due[0].key)
        #expect(plan.due(source, stamps: stamp(2_000, bytes: 2)).isEmpty)
        #expect(plan.due(source, stamps: [:]).isEmpty)
        #expect(plan.due(source, stamps: [:]) == due)
        plan.handled(due[0].key)
        #expect(plan.due(source, stamps: [:]).isEmpty)
    }

    @Test("a file that came back to what was loaded is loaded once more")
    func backAndForth() {
        var plan = SyncPlan()
        let source = [file()]
        _ = plan.due(source, stamps: stamp(500))
        _ = plan.due(source, stamps: stamp(600))
        _ = plan.due(source, stamps: stamp(500))
        #expect(plan.due(source, stamps: stamp(500)).count == 1)
    }

    @Test("a file that was written after the last refresh is due although nobody saw it change")
    func unseen() {
        var plan = SyncPlan()
        let source = [file(refreshedAtMs: 1_000)]
        #expect(plan.due(source, stamps: stamp(1_500)).isEmpty)
        #expect(plan.due(source, stamps: stamp(1_500)).count == 1)
        var other = SyncPlan()
        _ = other.due([file(refreshedAtMs: nil)], stamps: stamp(1_500))
        #expect(other.due([file(refreshedAtMs: nil)], stamps: stamp(1_500)).isEmpty)
    }

    @Test(
        "a source that is fetched is due when its interval is over",
        arguments: [
            ("git", 3_599, false, false), ("git", 3_600, false, true), ("git", 299, true, false),
            ("git", 300, true, true), ("http", 86_399, false, false), ("hf", 86_400, false, true),
        ])
    func intervals(type: String, seconds: Int, hasFailed: Bool, isDue: Bool) {
        var plan = SyncPlan()
        let source = synced(type, age: .seconds(seconds), hasFailed: hasFailed)
        #expect(plan.due([source], stamps: [:]).isEmpty == !isDue)
    }

    @Test("before its first refresh, with a bad interval or without a file nothing is due")
    func never() {
        var plan = SyncPlan()
        let sources = [
            synced("git", age: nil), synced("git", ["syncInterval": "x"], age: .seconds(1 << 30)),
            synced("yaml", ["content": "agents: []"], age: .seconds(1 << 30), directory: "/c"),
        ]
        for source in sources {
            #expect(plan.due([source], stamps: [:]).isEmpty)
            #expect(plan.due([source], stamps: [:]).isEmpty)
        }
    }
}
