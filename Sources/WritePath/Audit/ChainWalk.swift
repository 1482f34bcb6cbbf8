import Crypto

/// Follows the chain of a namespace's audit events and finds the first place where it breaks.
struct ChainWalk {
    /// One event as its row shows it.
    struct Link {
        let id: String
        let sequence: Int64?
        let previousHash: [UInt8]?
        let hash: [UInt8]?
        /// The text over which the hash was taken.
        let canonical: [UInt8]
    }

    /// What is wrong with a link.
    enum Fault: String, Sendable, Hashable {
        case unchained = "the event has no place in the chain"
        case changed = "the event was changed"
        case misplaced = "the event is not in its place"
        case missing = "the event is missing"
        case unlinked = "the event does not follow the one before it"
        case headless = "the end of the chain is not its last event"
    }

    /// The first place where the chain breaks.
    struct Break {
        let fault: Fault
        /// The event that is not right; nil where one is missing.
        let id: String?
        let sequence: Int64?
    }

    private(set) var sequence: Int64
    private(set) var hash: [UInt8]
    private(set) var checked = 0

    /// Begins behind an event.
    init(after sequence: Int64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Takes the next event in the order of the list; nil if it is the right one.
    mutating func follow(_ link: Link) -> Break? {
        func fault(_ fault: Fault) -> Break {
            Break(fault: fault, id: link.id, sequence: link.sequence)
        }
        guard let number = link.sequence, let previous = link.previousHash, let own = link.hash
        else { return fault(.unchained) }
        guard isSound(link) else { return fault(.changed) }
        guard number >= sequence + 1 else { return fault(.misplaced) }
        guard number == sequence + 1 else {
            return Break(fault: .missing, id: nil, sequence: sequence + 1)
        }
        guard previous == hash else { return fault(.unlinked) }
        sequence = number
        hash = own
        checked += 1
        return nil
    }

    /// Whether an event is as it was hashed, wherever it stands.
    func isSound(_ link: Link) -> Bool { Array(SHA256.hash(data: link.canonical)) == link.hash }

    /// Compares the last event with the end that the chain should have.
    func end(_ headSequence: Int64, _ headHash: [UInt8]) -> Break? {
        if sequence < headSequence {
            return Break(fault: .missing, id: nil, sequence: sequence + 1)
        }
        guard sequence == headSequence, hash == headHash else {
            return Break(fault: .headless, id: nil, sequence: sequence)
        }
        return nil
    }
}
