/// One numbered step of the schema: a text of SQL statements that is applied once, in one transaction.
package struct Migration: Sendable, Hashable {
    /// The number in the file's name; steps are applied in its order.
    package let version: Int
    /// The file's name without its number and ending.
    package let name: String
    package let sql: [UInt8]

    /// Names a step.
    package init(version: Int, name: String, sql: [UInt8]) {
        precondition(version > 0, "migrations count from 1")
        precondition(!name.isEmpty && !sql.isEmpty, "a migration has a name and a text")
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// The file's name without its ending, such as `0002_entities`.
    package var title: String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
    }
}
