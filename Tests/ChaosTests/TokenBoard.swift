import Synchronization
import TestSupport

/// The tokens of all sessions: what each has seen of each namespace.
final class TokenBoard: Sendable {
    struct Token: Sendable {
        let revision: UInt64
        let epoch: String
    }

    private struct Place: Hashable {
        let session: Int
        let namespace: String
    }

    private struct State {
        var tokens: [Place: Token] = [:]
        var era = 0
    }

    private let state = Mutex(State())

    /// Counts the promotions.
    var era: Int { state.withLock { $0.era } }

    func token(_ session: Int, _ namespace: String) -> Token? {
        state.withLock { $0.tokens[Place(session: session, namespace: namespace)] }
    }

    /// Remembers what an answer showed, if that is newer.
    func learn(_ session: Int, _ namespace: String, _ revision: UInt64, _ answer: HTTPResponse) {
        guard let epoch = answer.header("X-Catalog-Epoch") else { return }
        let place = Place(session: session, namespace: namespace)
        state.withLock { state in
            if state.tokens[place]?.revision ?? 0 < revision {
                state.tokens[place] = Token(revision: revision, epoch: epoch)
            }
        }
    }

    /// Takes away and returns the tokens of revisions that a store with these heads does not have.
    func takeLost(_ heads: [String: UInt64]) -> [(namespace: String, token: Token)] {
        state.withLock { state in
            state.era += 1
            let lost = state.tokens.filter { $0.value.revision > heads[$0.key.namespace] ?? 0 }
            for place in lost.keys { state.tokens[place] = nil }
            return lost.map { ($0.key.namespace, $0.value) }
        }
    }
}

/// Random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
