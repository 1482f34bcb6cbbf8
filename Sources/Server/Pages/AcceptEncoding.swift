import Compression

/// What a client accepts as content codings, by RFC 9110, section 12.5.3.
struct AcceptEncoding: Sendable, Hashable {
    /// Weights in thousandths, of the codings that are named.
    private var weights: [ContentCoding: Int] = [:]
    /// The weight of what is not named.
    private var others: Int?
    /// Whether there was such a header; without one the plain form is sent.
    private let isGiven: Bool

    /// Reads the header; parts that cannot be read are left out.
    init(_ header: String?) {
        isGiven = header != nil
        for item in (header ?? "").split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.trimmingBlanks.lowercased() }
            guard let name = parts.first, let weight = Self.weight(parts.dropFirst()) else {
                continue
            }
            if name == "*" {
                others = weight
            } else if let coding = ContentCoding(rawValue: name == "x-gzip" ? "gzip" : name) {
                weights[coding] = weight
            }
        }
    }

    /// The best coding for a body, or nil where the client accepts none.
    ///
    /// Of equals the smaller form; a body not worth compressing is sent as it is if it may be.
    func choice(isWorthCompressing: Bool) -> ContentCoding? {
        let identity = weight(of: .identity)
        if !isWorthCompressing, identity > 0 { return .identity }
        let best = [ContentCoding.zstd, .gzip].max { weight(of: $0) < weight(of: $1) }
        guard isGiven, let best, weight(of: best) > 0 else {
            return identity > 0 ? .identity : nil
        }
        // Not named, the plain form is the last resort.
        let isPreferred = weights[.identity].map { $0 > weight(of: best) } ?? false
        return isPreferred ? .identity : best
    }

    /// Whether the plain form may be sent.
    var acceptsPlain: Bool { weight(of: .identity) > 0 }

    private func weight(of coding: ContentCoding) -> Int {
        if let weight = weights[coding] { return weight }
        if coding == .identity { return others == 0 ? 0 : 1 }
        return others ?? 0
    }

    /// The weight of an item, 1 where it has none; nil for one that is malformed.
    private static func weight(_ parameters: ArraySlice<String>) -> Int? {
        guard let text = parameters.first else { return 1_000 }
        let parts = text.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks }
        guard parts.count == 2, parts[0] == "q", parts[1].utf8.count <= 5,
            let value = Double(parts[1]), (0...1).contains(value)
        else { return nil }
        return Int((value * 1_000).rounded())
    }
}
