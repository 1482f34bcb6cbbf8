import CatalogModel
import Synchronization
import Telemetry

/// Claims by a `Lease` object: whoever changes the version that they read has it.
final class KubernetesLease: LeaseStore {
    private struct State {
        var observation = LeaseObservation()
        /// The object as this process last wrote it.
        var mine: LeaseRecord?
    }

    private let client: KubernetesClient
    private let name: String
    private let namespace: String
    private let identity: String
    private let timing: ElectionTiming
    private let state = Mutex(State())

    init(
        client: KubernetesClient, name: String, namespace: String, identity: String,
        timing: ElectionTiming
    ) {
        self.client = client
        self.name = name
        self.namespace = namespace
        self.identity = identity
        self.timing = timing
    }

    private var collection: String {
        "/apis/coordination.k8s.io/v1/namespaces/\(namespace)/leases"
    }
    private var path: String { "\(collection)/\(name)" }
    private var now: Timestamp { Timestamp(ms: Int64(MachineFacts.wallClockMs)) }

    func acquire() async -> ElectionMachine.Outcome {
        do {
            guard let found = try await current() else {
                let new = LeaseRecord.new(name: name, namespace: namespace)
                    .taken(by: identity, at: now, timing.lease)
                return held(try await client.create(new.object, at: collection))
            }
            let isFree = state.withLock {
                $0.observation.isFree(found, at: .now, standard: timing.lease)
            }
            guard isFree else { return .refused("held by \(found.holder)") }
            let taken = found.taken(by: identity, at: now, timing.lease)
            return held(try await client.update(taken.object, at: path))
        } catch {
            return error.code == .conflict ? .refused("somebody was faster") : failure(error)
        }
    }

    func renew() async -> ElectionMachine.Outcome {
        guard let mine = state.withLock({ $0.mine }) else { return .refused("no lease is held") }
        do {
            return held(try await client.update(mine.renewed(at: now).object, at: path))
        } catch {
            guard error.code == .conflict || error.code == .notFound else { return failure(error) }
            return await settle(mine)
        }
    }

    /// Somebody else has written the object: whether it is still this process's claim.
    private func settle(_ mine: LeaseRecord) async -> ElectionMachine.Outcome {
        do {
            guard let found = try await current() else { return .refused("the lease is gone") }
            guard found.holder == identity, found.acquireTime == mine.acquireTime else {
                return .refused("taken by \(found.holder.isEmpty ? "nobody" : found.holder)")
            }
            return held(try await client.update(found.renewed(at: now).object, at: path))
        } catch {
            return failure(error)
        }
    }

    func release() async {
        let mine = state.withLock { state in
            defer { state.mine = nil }
            return state.mine
        }
        // Whoever cannot say so is waited for.
        if let mine { _ = try? await client.update(mine.released(at: now).object, at: path) }
    }

    func close() async { state.withLock { $0.mine = nil } }

    private func current() async throws(KubernetesError) -> LeaseRecord? {
        do throws(KubernetesError) {
            return LeaseRecord(try await client.get(path))
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    private func held(_ object: JSONValue) -> ElectionMachine.Outcome {
        state.withLock { $0.mine = LeaseRecord(object) }
        return .held
    }

    private func failure(_ error: KubernetesError) -> ElectionMachine.Outcome {
        .failed("\(error)")
    }
}
