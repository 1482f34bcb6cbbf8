/// Reads IP addresses as people and sockets write them.
enum IPAddress {
    /// Four bytes of IPv4 or sixteen of IPv6 in network order; nil for anything else.
    ///
    /// An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. A zone is not looked at.
    static func bytes(of text: some StringProtocol) -> [UInt8]? {
        let address = text.prefix { $0 != "%" }
        guard address.contains(":") else { return version4(address) }
        guard let bytes = version6(address) else { return nil }
        let isMapped =
            bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }

    private static func version4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(isDigit),
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func version6(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let gap = doubleColon(in: text) else {
            return groups(parts).flatMap { $0.count == 16 ? $0 : nil }
        }
        let (head, tail) = gap
        guard let first = groups(split(head)), let last = groups(split(tail)),
            first.count + last.count <= 14
        else { return nil }
        return first + [UInt8](repeating: 0, count: 16 - first.count - last.count) + last
    }

    /// What stands before and after the one `::`; nil without it.
    private static func doubleColon(in text: some StringProtocol) -> (Substring, Substring)? {
        let text = Substring(text)
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" {
                return (text[..<index], text[text.index(after: next)...])
            }
            index = next
        }
        return nil
    }

    private static func split(_ text: Substring) -> [Substring] {
        text.isEmpty ? [] : text.split(separator: ":", omittingEmptySubsequences: false)
    }

    private static func groups(_ parts: [some StringProtocol]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let last = version4(part) else { return nil }
                bytes += last
                continue
            }
            guard (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16),
                part.utf8.first != UInt8(ascii: "+")
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
        }
        return bytes
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
