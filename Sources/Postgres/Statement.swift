/// SQL text with `$1…` placeholders that each connection prepares once, on first use.
///
/// Make it a `static let`: the name is a hash over the text, computed at creation.
package struct Statement: Hashable, Sendable {
    package let sql: String
    /// Name on the server; the same text has the same name.
    package let name: String
    /// What an embedded database runs instead, in this order; empty where it understands `sql`.
    ///
    /// The rows are those of the last one that has any.
    package let embedded: [String]

    /// Takes the text of exactly one SQL statement.
    package init(_ sql: String, name: String? = nil) {
        precondition(!sql.isEmpty, "a statement needs text")
        self.sql = sql
        self.name = name ?? Statement.derivedName(of: sql)
        embedded = []
    }

    /// Takes one statement for Postgres, and what means the same to an embedded database.
    package init(postgres sql: String, sqlite: String...) {
        precondition(!sql.isEmpty && !sqlite.isEmpty, "a statement needs text")
        self.sql = sql
        name = Statement.derivedName(of: sql)
        embedded = sqlite
    }

    package static func == (left: Statement, right: Statement) -> Bool {
        left.name == right.name && left.sql == right.sql
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// FNV-1a, 64 bits; the length is added so that a collision needs equal lengths too.
    private static func derivedName(of sql: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var length = 0
        for byte in sql.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            length += 1
        }
        return "s\(String(hash, radix: 36))_\(String(length, radix: 36))"
    }
}

extension Statement: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(value) }
}

/// One statement with its parameters.
package struct Query: Sendable {
    package let statement: Statement
    package let parameters: [Parameter]

    package init(_ statement: Statement, _ parameters: [Parameter] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}
