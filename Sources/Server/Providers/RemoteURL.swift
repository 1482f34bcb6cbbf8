/// An address of HTTP or HTTPS, taken apart; it never holds a user or a password.
struct RemoteURL: Sendable, Hashable, CustomStringConvertible {
    let isSecure: Bool
    /// In lower case; an IPv6 address without its brackets.
    let host: String
    let port: Int
    /// Path and query, beginning with a slash.
    let target: String

    /// Nil for another scheme, a user, blanks, control characters or anything else out of order.
    init?(_ text: String) {
        guard text.utf8.count <= ProviderLimits.urlBytes,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let lowered = text.prefix(8).lowercased()
        let rest: Substring
        if lowered.hasPrefix("https://") {
            isSecure = true
            rest = text.dropFirst(8)
        } else if lowered.hasPrefix("http://") {
            isSecure = false
            rest = text.dropFirst(7)
        } else {
            return nil
        }
        let authority = rest.prefix { !"/?#".contains($0) }
        guard let (host, port) = Self.hostAndPort(authority) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        let path = rest.dropFirst(authority.count).prefix { $0 != "#" }
        target = path.first == "/" ? String(path) : "/\(path)"
    }

    private init(_ base: RemoteURL, target: String) {
        isSecure = base.isSecure
        host = base.host
        port = base.port
        self.target = target
    }

    private static func hostAndPort(_ text: Substring) -> (String, Int?)? {
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            let digits = text[text.index(after: colon)...]
            guard let number = Int(digits), (1...65_535).contains(number),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            port = number
            host = text[..<colon]
        }
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), IPAddress.bytes(of: host) != nil, !host.contains("%") else {
                return nil
            }
            return (host.lowercased(), port)
        }
        let isName = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        // A name that begins with a dash would be an option of a program that gets it.
        guard !host.isEmpty, isName, host.first != "-" else { return nil }
        return (host.lowercased(), port)
    }

    /// Scheme, host and port.
    var origin: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        let standard = isSecure ? 443 : 80
        return "\(isSecure ? "https" : "http")://\(shown)\(port == standard ? "" : ":\(port)")"
    }

    /// The whole address, as it is asked for.
    var text: String { origin + target }

    /// Without the query, which may hold a secret.
    var description: String { origin + target.prefix { $0 != "?" } }

    /// Whether the other address is at the same place.
    func hasOrigin(of other: RemoteURL) -> Bool {
        isSecure == other.isSecure && host == other.host && port == other.port
    }

    /// An address below this one, which ends before its query.
    func appending(_ path: String) -> RemoteURL {
        var base = target.prefix { $0 != "?" }
        while base.last == "/" { base.removeLast() }
        return RemoteURL(self, target: base + path)
    }

    /// Where a `Location` or a link of an answer leads to; nil if it cannot be told.
    func resolving(_ location: String) -> RemoteURL? {
        guard location.hasPrefix("/") else { return RemoteURL(location) }
        if location.hasPrefix("//") {
            return RemoteURL((isSecure ? "https:" : "http:") + location)
        }
        return RemoteURL(origin + location)
    }
}
