import CatalogClient
import CatalogModel

/// What one answer says about one place, in a form that can be compared.
struct Sight: Sendable {
    /// The point in the history of the namespace that an answer shows.
    struct Head: Hashable, Sendable {
        let epoch: String?
        let revision: UInt64
    }

    /// The head; nil where the server does not know the place at all.
    let head: Head?
    /// Equal stamps of one history are equal content, however far the namespace has gone on.
    private let stamp: String
    /// What has to be the same where the stamp is; by its name.
    private let content: [(name: String, value: String)]

    /// The content of an answer.
    init(bytesOf answer: CatalogAnswer) {
        head = answer.revision.map { Head(epoch: answer.epoch, revision: $0) }
        stamp = "\(answer.status) \(answer.tag ?? "")"
        content = [
            ("the status", String(answer.status)), ("the ETag", answer.tag ?? "none"),
            ("the content type", answer.headers["content-type"] ?? "none"),
            ("the body", answer.text),
        ]
    }

    /// The digest of a collection, from an answer to `?explain=cache`.
    init(digestOf answer: CatalogAnswer) {
        let json = try? answer.json()
        guard let revision = json?["revision"]?.intValue, answer.isSuccess else {
            head = nil
            stamp = ""
            content = []
            return
        }
        head = Head(epoch: json?["epoch"]?.stringValue, revision: UInt64(clamping: revision))
        let collection = json?["collection"]
        func text(_ key: String) -> String {
            collection?[key].map { $0.encodedText } ?? "none"
        }
        stamp = "collection \(text("revision"))"
        content = [("the digest", text("digest")), ("the number of entities", text("entityCount"))]
    }

    /// Whether both show the same state, so that their content has to be the same.
    func isComparable(with other: Sight) -> Bool {
        guard let head, let there = other.head, head.epoch == there.epoch else { return false }
        return head.revision == there.revision || stamp == other.stamp
    }

    /// Names what differs; nil if nothing does.
    func difference(from other: Sight) -> String? {
        for (mine, theirs) in zip(content, other.content) where mine.value != theirs.value {
            return "\(mine.name) differs: Postgres \(Self.short(mine.value, theirs.value)), "
                + "here \(Self.short(theirs.value, mine.value))"
        }
        return nil
    }

    /// A text on one line, around the first byte in which it differs where it is long.
    private static func short(_ text: String, _ other: String) -> String {
        let limit = 60
        guard text.utf8.count > limit else { return printable(text) }
        let same = zip(text.utf8, other.utf8).prefix { $0 == $1 }.count
        let part = text.utf8.dropFirst(max(0, same - limit / 2)).prefix(limit)
        return "…\(printable(String(decoding: part, as: UTF8.self)))… (byte \(same))"
    }

    /// The text with control characters escaped: it may hold anything, and goes to a terminal.
    private static func printable(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            result +=
                scalar.properties.generalCategory == .control
                ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
}

/// A collection as the API addresses it.
struct Place: Sendable {
    let list: String

    func entity(_ name: String) -> String { "\(list)/\(CatalogRequest.encoded(name))" }

    static let all: [Place] = Plugins.all.flatMap { plugin in
        plugin.kinds.map { Place(list: "\(plugin.basePath)/\($0.plural)") }
    }
}
