import Compression
import Crypto
import Synchronization

/// A rendered discovery answer with its validator.
struct RenderedAnswer: Sendable {
    let served: ServedPage
    /// A strong entity tag over the body's bytes.
    let tag: String
    /// The tags of the forms as they are sent, for callers that do not allocate.
    private let tags: [(bytes: [UInt8], coding: ContentCoding)]

    init(_ body: [UInt8]) {
        served = ServedPage(body)
        let digest = SHA256.hash(data: body).prefix(8)
        let hex = digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        let tag = "\"\(hex.joined())\""
        self.tag = tag
        tags = ContentCoding.allCases.map { (Array(Self.tag(tag, of: $0).utf8), $0) }
    }

    private static func tag(_ tag: String, of coding: ContentCoding) -> String {
        coding == .identity ? tag : "\(tag.dropLast())-\(coding.rawValue)\""
    }

    /// The bytes of a form's tag.
    func tagBytes(of coding: ContentCoding) -> [UInt8] {
        for tag in tags where tag.coding == coding { return tag.bytes }
        return []
    }

    /// The form that a condition names, which has to be one tag and nothing else.
    func coding(ofTag condition: Span<UInt8>) -> ContentCoding? {
        for tag in tags where tag.bytes.count == condition.count {
            var isEqual = true
            for index in condition.indices where tag.bytes[index] != condition[index] {
                isEqual = false
            }
            if isEqual { return tag.coding }
        }
        return nil
    }

    /// The tag of a form, whose bytes are its own.
    func tag(of coding: ContentCoding) -> String {
        Self.tag(tag, of: coding)
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
    /// An answer with the time until which it is good, for those who keep it at hand.
    struct Kept: Sendable {
        let answer: RenderedAnswer
        fileprivate let expires: ContinuousClock.Instant
        fileprivate let generation: Int
    }

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
    /// How often everything was forgotten.
    private let generation = Atomic<Int>(0)

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

    /// The answer kept under the key, to be kept at hand for as long as it `isCurrent`.
    func kept(for key: String) -> Kept? {
        // Read first: what is forgotten meanwhile is noticed.
        let generation = generation.load(ordering: .acquiring)
        return state.withLock { state in
            guard let entry = state.entries[key], entry.expires > .now else { return nil }
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return Kept(answer: entry.answer, expires: entry.expires, generation: generation)
        }
    }

    /// Whether an answer that is kept at hand is still good; no lock, no allocation.
    func isCurrent(_ kept: Kept) -> Bool {
        kept.generation == generation.load(ordering: .acquiring) && kept.expires > .now
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
        generation.add(1, ordering: .releasing)
    }
}
