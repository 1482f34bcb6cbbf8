/// Which hosts sources may be loaded from, so that nobody has the server ask for what it alone sees.
///
/// Without a list these are all public addresses, over TLS. With one they are those that it names,
/// which may be private, and over plain HTTP where an entry says so.
struct AddressPolicy: Sendable, Hashable {
    /// An entry that cannot be read.
    struct Failure: Error, Sendable, CustomStringConvertible {
        let description: String
    }

    private enum Rule: Sendable, Hashable {
        case anyPublic
        case host(String)
        case domain(String)
        case network(TrustedProxies.Network)
    }

    private struct Entry: Sendable, Hashable {
        let rule: Rule
        let allowsPlain: Bool
    }

    /// What is allowed as it is.
    private let trusted: RemoteURL?
    private let entries: [Entry]
    /// Whether the operator's list names all hosts that there are.
    private let isClosed: Bool
    /// Folders whose repositories sources may name that the operator's file does not define.
    private let folders: [String]

    /// Reads entries between commas: `host`, `*.domain`, a network, `*`; `http://` before one allows
    /// it without TLS; `file:///folder` lets repositories below a folder be used.
    ///
    /// `trusting` is an origin that is allowed as it is.
    init(_ text: String, trusting trusted: RemoteURL? = nil) throws(Failure) {
        var entries: [Entry] = []
        var folders: [String] = []
        for item in text.split(separator: ",").map({ $0.trimmingBlanks }).filter({ !$0.isEmpty }) {
            if item.hasPrefix("file://") {
                let folder = String(item.dropFirst(7))
                guard folder.hasPrefix("/"), Self.isPlain(folder) else {
                    throw Failure(description: "\"\(item)\" is no folder, such as file:///srv/git")
                }
                folders.append(folder.hasSuffix("/") ? folder : folder + "/")
                continue
            }
            let isPlain = item.hasPrefix("http://")
            let name = isPlain ? String(item.dropFirst(7)) : String(item)
            guard let rule = Self.rule(name.lowercased()) else {
                throw Failure(
                    description: "\"\(item)\" is no host, *.domain or network such as 10.0.0.0/8")
            }
            entries.append(Entry(rule: rule, allowsPlain: isPlain))
        }
        isClosed = !entries.isEmpty
        self.trusted = trusted
        self.entries = entries
        self.folders = folders
    }

    private static func rule(_ name: String) -> Rule? {
        if name == "*" { return .anyPublic }
        if name.hasPrefix("*.") { return isHost(name.dropFirst(2)) ? .domain(name) : nil }
        if let network = TrustedProxies.Network(name) { return .network(network) }
        return isHost(name[...]) ? .host(name) : nil
    }

    private static func isHost(_ name: Substring) -> Bool {
        RemoteURL("https://\(name)")?.host == String(name)
    }

    // MARK: Hosts

    /// Why a host must not be asked, or nil if nothing is known against it yet.
    ///
    /// Without an address only what the name alone tells.
    func objection(to url: RemoteURL, at address: [UInt8]? = nil) -> String? {
        if let trusted, url.hasOrigin(of: trusted) { return nil }
        guard let address = address ?? IPAddress.bytes(of: url.host) else {
            let mayMatch = entries.contains { entry in
                switch entry.rule {
                case .anyPublic, .network: true
                default: Self.matches(entry.rule, url.host, nil)
                }
            }
            if isClosed, !mayMatch { return Self.unlisted(url) }
            return url.isSecure || entries.contains(where: \.allowsPlain) ? nil : Self.plain(url)
        }
        let matching = entries.filter { Self.matches($0.rule, url.host, address) }
        let isPublic = !Self.reserved.contains { $0.contains(address) }
        if matching.isEmpty {
            if isClosed { return Self.unlisted(url) }
            guard isPublic else { return Self.reservedAddress(url) }
        }
        // Whoever controls a name must not make it mean the machine's own services.
        let isLinkLocal = Self.linkLocal.contains { $0.contains(address) }
        let isNetwork = matching.contains {
            if case .network = $0.rule { true } else { false }
        }
        if isLinkLocal, !isNetwork { return Self.reservedAddress(url) }
        guard url.isSecure || matching.contains(where: \.allowsPlain) else {
            return Self.plain(url)
        }
        return nil
    }

    /// Whether the list, or the operator otherwise, names the host itself.
    func names(_ url: RemoteURL) -> Bool {
        let address = IPAddress.bytes(of: url.host)
        if let trusted, url.hasOrigin(of: trusted) { return true }
        return entries.contains {
            $0.rule != .anyPublic && Self.matches($0.rule, url.host, address)
        }
    }

    /// Whether a repository in a folder may be named by others than the operator.
    func allowsFolder(_ path: String) -> Bool {
        Self.isPlain(path) && folders.contains { path.hasPrefix($0) }
    }

    /// Whether a path has no segment that leads up.
    private static func isPlain(_ path: String) -> Bool {
        !path.split(separator: "/").contains("..")
    }

    private static func matches(_ rule: Rule, _ host: String, _ address: [UInt8]?) -> Bool {
        switch rule {
        case .anyPublic:
            address.map { address in !reserved.contains { $0.contains(address) } } ?? true
        case .host(let name): host == name
        case .domain(let pattern): host.hasSuffix(pattern.dropFirst())
        case .network(let network): address.map { network.contains($0) } ?? false
        }
    }

    private static func unlisted(_ url: RemoteURL) -> String {
        "the host \(url.host) is not in \(Setting.sourceHosts.variable)"
    }

    private static func reservedAddress(_ url: RemoteURL) -> String {
        "the host \(url.host) has no public address and \(Setting.sourceHosts.variable) "
            + "does not name it"
    }

    private static func plain(_ url: RemoteURL) -> String {
        "\(url.origin) is not TLS and \(Setting.sourceHosts.variable) does not allow it"
    }

    private static let linkLocal = networks(["169.254.0.0/16", "fe80::/10"])

    /// Addresses that are not reached over the public network, or mean another one.
    private static let reserved = networks([
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
        "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ])

    private static func networks(_ texts: [String]) -> [TrustedProxies.Network] {
        texts.compactMap { TrustedProxies.Network($0) }
    }
}
