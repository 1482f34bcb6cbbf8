import HistoryChecker
import Synchronization

/// What the followers of the change feed have received, and how far each has come.
final class StreamBoard: Sendable {
    /// What one answer or event brought.
    struct Piece: Sendable {
        var rows: [LogRow] = []
        var values: [LogRow: String] = [:]
        var claim: ChangeStream.Claim?
        let to: UInt64
        /// Where to go on.
        let cursor: String
    }

    private struct Place {
        var stream: ChangeStream
        var cursor: String
    }

    private struct State {
        var open: [Int: Place] = [:]
        var ended: [ChangeStream] = []
        /// What came of a history after it had been judged.
        var late: [ChangeStream] = []
        var counts: [String: Int] = [:]
    }

    private let state = Mutex(State())

    /// How often each thing happened.
    var counts: [String: Int] { state.withLock { $0.counts } }

    func count(_ what: String) { state.withLock { $0.counts[what, default: 0] += 1 } }

    /// Where a follower goes on; nil for one that has to begin anew.
    func cursor(of follower: Int) -> String? { state.withLock { $0.open[follower]?.cursor } }

    func begin(
        _ follower: Int, _ name: String, _ namespace: String, at revision: UInt64, cursor: String
    ) {
        state.withLock { state in
            let stream = ChangeStream(name: name, namespace: namespace, from: revision)
            state.open[follower] = Place(stream: stream, cursor: cursor)
        }
    }

    func add(_ piece: Piece, to follower: Int) {
        state.withLock { state in
            guard var place = state.open.removeValue(forKey: follower) else { return }
            place.stream.rows += piece.rows
            place.stream.values.merge(piece.values) { $1 }
            if let claim = piece.claim { place.stream.claims.append(claim) }
            place.stream.to = max(place.stream.to, piece.to)
            place.cursor = piece.cursor
            state.open[follower] = place
            state.counts["changes", default: 0] += piece.rows.count
            state.counts["claims", default: 0] += piece.claim == nil ? 0 : 1
        }
    }

    /// The follower was told that its place is lost; it begins anew.
    ///
    /// What came since the era began, if that was on top of a place of the one before, came from that.
    func lose(_ follower: Int) {
        state.withLock { state in
            state.counts["lost places", default: 0] += 1
            guard var stream = state.open.removeValue(forKey: follower)?.stream else { return }
            if stream.isCarried {
                stream.isCarried = false
                // What its last connection was told of the present does not count for the past.
                stream.claims = []
                state.late.append(stream)
            } else {
                stream.isLost = true
                state.ended.append(stream)
            }
        }
    }

    /// Ends an era: takes what was received in it; every follower is carried over to the next.
    func split() -> (streams: [ChangeStream], late: [ChangeStream]) {
        state.withLock { state in
            let streams = state.ended + state.open.values.map(\.stream)
            let late = state.late
            state.ended = []
            state.late = []
            for (follower, place) in state.open {
                let old = place.stream
                var next = ChangeStream(
                    name: old.name, namespace: old.namespace, from: old.to)
                next.isCarried = true
                state.open[follower]?.stream = next
            }
            return (streams, late)
        }
    }

    /// The followers with their namespaces.
    var followers: [(number: Int, namespace: String)] {
        state.withLock {
            $0.open.map { ($0.key, $0.value.stream.namespace) }.sorted { $0.0 < $1.0 }
        }
    }

    /// How far a follower has come.
    func reached(_ follower: Int) -> UInt64 {
        state.withLock { $0.open[follower]?.stream.to ?? 0 }
    }
}
