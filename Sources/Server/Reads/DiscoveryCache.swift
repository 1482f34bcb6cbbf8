import Compression
import Crypto
import Synchronization

/// A rendered discovery answer with its validator.
struct RenderedAnswer: Sendable {
    let served: ServedPage
    /// A strong entity tag over the body's bytes.
    let tag: String

    init(_ body: [UInt8]) {
        served = ServedPage(body)
        let digest = SHA256.hash(data: body).prefix(8)
        let hex = digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        tag = "\"\(hex.joined())\""
    }

    /// The tag of a form, whose bytes are its own.
    func tag(of coding: ContentCoding) -> String {
        coding == .identity ? tag : "\(tag.dropLast())-\(coding.rawValue)\""
    }

    /// Whether a client that sends these tags has a form of the answer.
    func isMet(_ condition: String) -> Bool {
        condition.trimmingBlanks == "*"
            || ContentCoding.allCases.contains { condition.contains(tag(of: $0)) }
    }
}

/// Rendered discovery answers by namespace, path and query, for a while and up to a number.
///
/// The contract's response cache (section 3.5): least recently used goes first.
final class DiscoveryCache: Sendable {
    private struct Entry {
        let answer: RenderedAnswer
        let expires: ContinuousClock.Instant
        var lastUse: UInt64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// The answer kept under the key, or nil when there is none that is still good.
    func answer(
        for key: String, now: ContinuousClock.Instant = .now
    ) -> RenderedAnswer? {
        state.withLock { state in
            guard let entry = state.entries[key], entry.expires > now else { return nil }
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return entry.answer
        }
    }

    /// Keeps an answer; makes room by dropping the entry that was not used for longest.
    func keep(
        _ answer: RenderedAnswer, for key: String, _ lifetime: Duration,
        now: ContinuousClock.Instant = .now
    ) {
        guard lifetime > .zero else { return }
        state.withLock { state in
            if state.entries.count >= capacity, state.entries[key] == nil,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
            {
                state.entries[oldest] = nil
            }
            state.uses += 1
            state.entries[key] = Entry(
                answer: answer, expires: now.advanced(by: lifetime), lastUse: state.uses)
        }
    }

    /// Forgets everything: what is discovered may have changed.
    func removeAll() {
        state.withLock { $0.entries = [:] }
    }
}
