import NIOCore

/// The networks whose identity headers are believed.
struct TrustedProxies: Sendable, Hashable {
    /// One network: an address and how many of its leading bits count.
    struct Network: Sendable, Hashable {
        let address: [UInt8]
        let prefix: Int

        /// Reads `10.0.0.0/8`, `fd00::/8` or one address; nil for anything else.
        init?(_ text: some StringProtocol) {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first,
                let bytes = IPAddress.bytes(of: first)
            else { return nil }
            let bits = bytes.count * 8
            var prefix = bits
            if parts.count == 2 {
                guard let given = Int(parts[1]), (0...bits).contains(given),
                    parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
                else { return nil }
                prefix = given
            }
            self.address = bytes
            self.prefix = prefix
        }

        func contains(_ other: [UInt8]) -> Bool {
            guard other.count == address.count else { return false }
            let whole = prefix / 8
            guard other.prefix(whole) == address.prefix(whole) else { return false }
            let rest = prefix % 8
            guard rest > 0 else { return true }
            let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
            return other[whole] & mask == address[whole] & mask
        }
    }

    /// Nil believes everyone.
    let networks: [Network]?

    /// Believes everyone.
    static let any = TrustedProxies(networks: nil)

    /// The same for the bytes of a peer's address.
    func contains(address: [UInt8]?) -> Bool {
        guard let networks else { return true }
        guard let address else { return false }
        return networks.contains { $0.contains(address) }
    }

    /// Whether a peer belongs to one of the networks; a peer without an IP address only to any.
    func contains(_ peer: SocketAddress?) -> Bool {
        contains(address: peer?.ipAddress.flatMap { IPAddress.bytes(of: $0) })
    }
}
