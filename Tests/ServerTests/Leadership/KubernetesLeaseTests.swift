import CatalogModel
import TestSupport
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(2))) struct `Claims by a Lease object` {
    private static let path =
        "/apis/coordination.k8s.io/v1/namespaces/catalog-system/leases/catalog-server-leader"
    private let timing = ElectionTiming(
        lease: .milliseconds(1_000), renewDeadline: .milliseconds(600), retry: .milliseconds(50))

    private func lease(_ identity: String, _ cluster: KubernetesDouble) async throws
        -> KubernetesLease
    {
        KubernetesLease(
            client: try await KubernetesClient(cluster.access), name: "catalog-server-leader",
            namespace: "catalog-system", identity: identity, timing: timing)
    }

    private func isRefused(_ outcome: ElectionMachine.Outcome) -> Bool {
        if case .refused = outcome { true } else { false }
    }

    @Test func `the first creates it as Kubernetes wants it, the second has to wait`() async throws
    {
        let cluster = try await KubernetesDouble.start()
        let (one, two) = (try await lease("one", cluster), try await lease("two", cluster))
        #expect(await one.acquire() == .held)
        let spec = try #require(cluster.object(Self.path)?["spec"])
        #expect(spec["holderIdentity"] == "one")
        #expect(spec["leaseDurationSeconds"] == 1)
        #expect(spec["leaseTransitions"] == 0)
        #expect(isRefused(await two.acquire()))
        for _ in 0..<5 { #expect(await one.renew() == .held) }
        #expect(isRefused(await two.acquire()))
        // Given up, it is free at once.
        await one.release()
        #expect(await two.acquire() == .held)
        #expect(cluster.object(Self.path)?.value(at: "spec.holderIdentity") == "two")
        #expect(cluster.object(Self.path)?.value(at: "spec.leaseTransitions") == 1)
        #expect(isRefused(await one.renew()))
    }

    @Test func `one of many who try at once gets it`() async throws {
        let cluster = try await KubernetesDouble.start()
        let outcomes = try await withThrowingTaskGroup { group in
            for index in 0..<12 {
                group.addTask { try await self.lease("\(index)", cluster).acquire() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .held } == 1)
        #expect(outcomes.allSatisfy { $0 == .held || isRefused($0) })
    }

    @Test func `a lease that does not move is taken over, whatever its times say`() async throws {
        let cluster = try await KubernetesDouble.start()
        let (one, two) = (try await lease("one", cluster), try await lease("two", cluster))
        #expect(await one.acquire() == .held)
        // The holder's clock is a day ahead.
        let ahead: JSONValue = ["spec": ["renewTime": "2999-01-01T00:00:00.000000Z"]]
        let object = try #require(cluster.object(Self.path))
        cluster.put(JSONMergePatch.apply(ahead, to: object), at: Self.path)
        let began = ContinuousClock.now
        let end = began + .seconds(20)
        while await two.acquire() != .held {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(began.duration(to: .now) >= timing.lease)
        #expect(isRefused(await one.renew()))
    }

    @Test func `notes of others on the object do not end the term`() async throws {
        let cluster = try await KubernetesDouble.start()
        let one = try await lease("one", cluster)
        #expect(await one.acquire() == .held)
        let note: JSONValue = ["metadata": ["annotations": ["seen": "yes"]]]
        let object = try #require(cluster.object(Self.path))
        cluster.put(JSONMergePatch.apply(note, to: object), at: Self.path)
        #expect(await one.renew() == .held)
        #expect(
            cluster.object(Self.path)?.value(at: "metadata.annotations.seen") == "yes")
        cluster.remove(Self.path)
        #expect(isRefused(await one.renew()))
    }

    @Test func `a process with the same name is another one`() async throws {
        let cluster = try await KubernetesDouble.start()
        let (one, twin) = (try await lease("pod", cluster), try await lease("pod", cluster))
        #expect(await one.acquire() == .held)
        #expect(isRefused(await twin.acquire()))
        #expect(isRefused(await twin.renew()))
    }

    @Test func `times have microseconds`() {
        #expect(Timestamp(ms: 0).micro == "1970-01-01T00:00:00.000000Z")
        #expect(Timestamp(ms: 1_700_000_000_042).micro == "2023-11-14T22:13:20.042000Z")
    }
}
