import CatalogModel

/// A random get or list of any kind, made of the fields, values and pages that there are.
struct RandomRead {
    let kind: Kind
    let target: String
    let headers: [String: String]

    private static let words = [
        "a", "e", "1", "prod", "apache-2.0", "yaml", "api", "w3", "nothing",
    ]
    private static let conditions = ["=", "!=", "LIKE", "ILIKE", "<", ">=", "IN"]

    /// `names` are those of the kind's entities; `token` leads to a page of the last list.
    init(
        _ random: inout SeededGenerator, kinds: [Kind], names: [Kind: [String]], tag: String?
    ) {
        func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
        func pick<Element>(_ list: [Element], _ otherwise: Element) -> Element {
            list.randomElement(using: &random) ?? otherwise
        }
        kind = pick(kinds, .agents)
        let known = names[kind] ?? []
        var headers: [String: String] = [:]
        if chance(6), let tag { headers["If-None-Match"] = tag }
        self.headers = headers
        if chance(3) {
            let name = chance(5) ? "absent" : pick(known, "absent")
            let source = chance(6) ? "?source=\(pick(["api", "seed", "zz"], "api"))" : ""
            target = kind.entity(name) + source
            return
        }
        var query: [(String, String)] = []
        let fields = Self.fields(of: kind)
        if chance(2) {
            let size = pick(["1", "2", "3", "7", "50", "1000", "0", "x"], "1")
            query.append(("pageSize", size))
        }
        if chance(2) {
            let order = pick(fields + ["CREATE_TIME", "ID", "NAME", "zz"], "name")
            query.append(("orderBy", order))
            query.append(("sortOrder", chance(2) ? "DESC" : "ASC"))
        }
        if chance(2) {
            let terms = (0...Int.random(in: 0..<3, using: &random)).map { _ -> String in
                let field = pick(fields, "name")
                let value = chance(3) ? pick(known, "a") : pick(Self.words, "a")
                let sign = pick(Self.conditions, "=")
                if sign == "IN" { return "\(field) IN ('\(value)', 'b')" }
                let pattern = sign.hasSuffix("LIKE") ? "%\(value)%" : value
                return chance(8) ? "\(field) \(sign) 3" : "\(field) \(sign) '\(pattern)'"
            }
            query.append(("filterQuery", terms.joined(separator: chance(2) ? " AND " : " OR ")))
        }
        if chance(5) { query.append(("q", pick(Self.words, "a"))) }
        if chance(8) { query.append(("source", pick(["api", "seed", "api,seed", "zz"], "api"))) }
        let text = query.map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
        target = text.isEmpty ? kind.list : "\(kind.list)?\(text)"
    }

    /// The target of the page that an answer leads to.
    static func next(after target: String, _ answer: JSONValue, of kind: Kind) -> String? {
        guard let token = answer["nextPageToken"]?.stringValue, !token.isEmpty else { return nil }
        let convention = Plugins.kind(plugin: kind.plugin, kind: kind.kind)?.convention
        let parameter = convention?.tokenParameters.first ?? "pageToken"
        return target + (target.contains("?") ? "&" : "?") + "\(parameter)=\(encoded(token))"
    }

    private static func fields(of kind: Kind) -> [String] {
        let definition = Plugins.kind(plugin: kind.plugin, kind: kind.kind)
        return (definition?.filterFields.map(\.name) ?? []) + (definition?.fields.map(\.name) ?? [])
    }

    static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let scalar = Unicode.Scalar(byte)
            if scalar.properties.isAlphabetic && byte < 0x80 || (0x30...0x39).contains(byte) {
                result.unicodeScalars.append(scalar)
            } else {
                result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
            }
        }
    }
}
