/// What an answer says about the cache.
package enum CacheOutcome: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
    case hit = "HIT"
    case miss = "MISS"
    case bypass = "BYPASS"
    case stale = "STALE"
    /// The answer does not say.
    case unsaid = "-"

    /// Reads the value of an `X-Cache` header; its first letter tells the known ones apart.
    init(_ value: borrowing Span<UInt8>, from start: Int) {
        guard start < value.count else {
            self = .unsaid
            return
        }
        switch value[start] {
        case UInt8(ascii: "H"): self = .hit
        case UInt8(ascii: "M"): self = .miss
        case UInt8(ascii: "B"): self = .bypass
        case UInt8(ascii: "S"): self = .stale
        default: self = .unsaid
        }
    }
}
