/// What a client of the change feed received, in the order of arrival, over however many connections.
///
/// It began behind `from`; every revision after that has to come once, in order, complete.
package struct ChangeStream: Sendable {
    /// A word of the server about how far the client's knowledge is complete.
    package struct Claim: Sendable {
        package let revision: UInt64
        /// Nanoseconds of the checker's clock; the word was given after this.
        package let began: Int64
        /// Nothing else was committed up to so many milliseconds before the word.
        package let boundMs: Int64

        package init(revision: UInt64, began: Int64, boundMs: Int64) {
            self.revision = revision
            self.began = began
            self.boundMs = boundMs
        }
    }

    package let name: String
    package let namespace: String
    package let from: UInt64
    package var rows: [LogRow]
    /// Up to here the client was told that it has everything.
    package var to: UInt64
    /// The values of the documents that came along with some rows.
    package var values: [LogRow: String] = [:]
    package var claims: [Claim] = []
    /// Whether `from` is a place of an earlier era, which the present store may not have.
    package var isCarried = false
    /// Whether the client was told in the end that the store does not have its place.
    package var isLost = false

    package init(
        name: String, namespace: String, from: UInt64, rows: [LogRow] = [], to: UInt64? = nil
    ) {
        self.name = name
        self.namespace = namespace
        self.from = from
        self.rows = rows
        self.to = to ?? rows.map(\.revision).max() ?? from
    }
}
