import CatalogModel
import Synchronization
import Testing

@testable import Invalidation

/// A register in memory that can forget, fail and be waited for.
private final class FakeStore: ReplicaStore {
    private struct State {
        var known: Set<String> = []
        var positions: [Namespace: Revision] = [:]
        var reports = 0
        var failures = 0
    }

    private let state = Mutex(State())
    let reports: AsyncStream<ReplicaReport>
    private let continuation: AsyncStream<ReplicaReport>.Continuation

    init() { (reports, continuation) = AsyncStream.makeStream() }

    var positions: [Namespace: Revision] { state.withLock { $0.positions } }
    var count: Int { state.withLock { $0.reports } }

    func forget() {
        state.withLock {
            $0.known = []
            $0.positions = [:]
        }
    }

    func fail(_ count: Int) { state.withLock { $0.failures = count } }

    func report(_ report: ReplicaReport) async throws(FeedError) -> Bool {
        let fails = state.withLock { state in
            defer { state.failures = max(0, state.failures - 1) }
            return state.failures > 0
        }
        guard !fails else { throw FeedError(.storeUnavailable, "away") }
        let wasKnown = state.withLock { state in
            state.reports += 1
            for head in report.moved { state.positions[head.namespace] = head.revision }
            for namespace in report.dropped { state.positions[namespace] = nil }
            return !state.known.insert(report.replica.id).inserted
        }
        continuation.yield(report)
        return wasKnown
    }

    func leave(_ replica: ReplicaIdentity) async throws(FeedError) {
        state.withLock { _ = $0.known.remove(replica.id) }
    }

    func positions(
        in namespaces: [Namespace]
    ) async throws(FeedError) -> [ReplicaPosition] {
        state.withLock { state in
            namespaces.compactMap { namespace in
                state.positions[namespace].map {
                    ReplicaPosition(
                        replica: "other", namespace: namespace, epoch: Epoch("0000000000"),
                        revision: $0)
                }
            }
        }
    }
}

@Suite("The register of replicas")
struct ReplicaRegistryTests {
    private let store = FakeStore()

    private func head(_ revision: UInt64, in namespace: String = "default") throws -> NamespaceHead
    {
        NamespaceHead(
            namespace: try Namespace(namespace), epoch: Epoch("0000000000"),
            revision: Revision(revision), digest: 0)
    }

    private func running(
        _ body: (ReplicaRegistry) async throws -> Void
    ) async throws {
        let registry = ReplicaRegistry(replica: ReplicaIdentity(name: "r"), store: store)
        let run = Task { await registry.run() }
        try await body(registry)
        registry.stop()
        await run.value
    }

    @Test("hears the newest position, in few statements")
    func coalesces() async throws {
        try await running { registry in
            let began = ContinuousClock.now
            for revision in 1...1_000 {
                registry.moved(to: try head(UInt64(revision)))
                await Task.yield()
            }
            #expect(await registry.reported(within: .seconds(5)))
            #expect(store.positions == [.default: Revision(1_000)])
            let allowed = 6 + Int(began.duration(to: .now) / .milliseconds(100))
            #expect(store.count <= allowed)
            registry.dropped(.default)
            #expect(await registry.reported(within: .seconds(5)))
            #expect(store.positions.isEmpty)
        }
    }

    @Test("that has forgotten a replica hears everything again")
    func forgotten() async throws {
        try await running { registry in
            registry.moved(to: try head(3))
            registry.moved(to: try head(4, in: "other"))
            #expect(await registry.reported(within: .seconds(5)))
            store.forget()
            registry.moved(to: try head(5))
            for await _ in store.reports where store.positions.count == 2 { break }
            #expect(
                store.positions == [.default: Revision(5), try Namespace("other"): Revision(4)])
        }
    }

    @Test("that was away hears what it missed")
    func away() async throws {
        store.fail(2)
        try await running { registry in
            registry.moved(to: try head(3))
            #expect(await registry.reported(within: .milliseconds(100)) == false)
            registry.moved(to: try head(2, in: "other"))
            #expect(await registry.reported(within: .seconds(9)))
            #expect(store.positions.count == 2)
        }
        let stopped = ReplicaRegistry(replica: ReplicaIdentity(name: "s"), store: store)
        stopped.stop()
        await stopped.run()
        #expect(await stopped.reported(within: .seconds(9)) == false)
    }

    @Test("says who does not show a revision yet")
    func visibility() async throws {
        try await running { registry in
            registry.moved(to: try head(3))
            #expect(await registry.reported(within: .seconds(5)))
            func hint(_ revision: UInt64, _ epoch: String = "0000000000") -> Hint {
                Hint(epoch: Epoch(epoch), namespace: .default, revision: Revision(revision))
            }
            #expect(await registry.missing(hint(3), within: .zero) == [])
            #expect(await registry.missing(hint(4), within: .milliseconds(20)) == ["other"])
            #expect(await registry.missing(hint(3, "1111111111"), within: .zero) == ["other"])
            async let missing = registry.missing(hint(9), within: .seconds(5))
            registry.moved(to: try head(9))
            #expect(await missing == [])
        }
    }
}
