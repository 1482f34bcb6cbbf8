import CatalogModel
import Invalidation
import Synchronization
import Telemetry

/// Counts who follows the change feed, in each namespace and in all, and refuses beyond the limits.
final class ChangeSeats: Sendable {
    private struct State {
        var perNamespace: [Namespace: Int] = [:]
        var total = 0
    }

    private let hub: ChangeHub
    let metrics: ChangeMetrics
    private let perNamespace: Int
    private let total: Int
    private let state = Mutex(State())

    init(hub: ChangeHub, metrics: ChangeMetrics, perNamespace: Int, total: Int) {
        self.hub = hub
        self.metrics = metrics
        self.perNamespace = perNamespace
        self.total = total
    }

    /// A seat, which is free again when nobody holds it; throws where there is none.
    func take(in namespace: Namespace, isStream: Bool) throws(RequestError) -> Seat {
        try state.withLock { state throws(RequestError) in
            guard state.total < total else {
                throw .unavailable(
                    "too many clients follow the change feed",
                    details: ["reason": "too_many_streams", "retryAfter": "5"])
            }
            guard state.perNamespace[namespace, default: 0] < perNamespace else {
                throw RequestError(
                    .tooManyRequests, "too many clients follow the changes of this namespace",
                    details: ["reason": "too_many_streams", "retryAfter": "5"])
            }
            state.total += 1
            state.perNamespace[namespace, default: 0] += 1
        }
        guard hub.enter(namespace) else {
            give(back: namespace)
            throw .unavailable(
                "the changes of too many namespaces are followed",
                details: ["reason": "too_many_namespaces", "retryAfter": "5"])
        }
        if isStream { metrics.streams.add(1) }
        return Seat(seats: self, namespace: namespace, isStream: isStream)
    }

    /// A seat of a replica that is fed by this one, which follows no namespace in particular.
    func takeForReplica() throws(RequestError) -> Seat {
        try state.withLock { state throws(RequestError) in
            guard state.total < total else {
                throw .unavailable(
                    "too many clients follow the change feed",
                    details: ["reason": "too_many_streams", "retryAfter": "5"])
            }
            state.total += 1
        }
        metrics.replicas.add(1)
        return Seat(seats: self, namespace: nil, isStream: false)
    }

    private func give(back namespace: Namespace?) {
        state.withLock { state in
            state.total -= 1
            guard let namespace else { return }
            let left = state.perNamespace[namespace, default: 1] - 1
            state.perNamespace[namespace] = left == 0 ? nil : left
        }
    }

    /// Held by one request as long as it lasts.
    final class Seat: Sendable {
        private let seats: ChangeSeats
        private let namespace: Namespace?
        private let isStream: Bool

        fileprivate init(seats: ChangeSeats, namespace: Namespace?, isStream: Bool) {
            self.seats = seats
            self.namespace = namespace
            self.isStream = isStream
        }

        deinit {
            if let namespace { seats.hub.leave(namespace) } else { seats.metrics.replicas.add(-1) }
            seats.give(back: namespace)
            if isStream { seats.metrics.streams.add(-1) }
        }
    }
}
