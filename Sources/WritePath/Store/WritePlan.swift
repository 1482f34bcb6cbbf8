package import CatalogModel
package import Postgres

/// What a write reads and decides while it holds its namespace.
///
/// The store may run a plan again from the beginning, so it must have no effects of its own.
package protocol WritePlan: Sendable {
    /// Statements that run right after the namespace has been locked.
    var reads: [Query] { get }

    /// Chooses what to write; a thrown `RequestError` ends the write without a trace.
    ///
    /// The rows answer `reads`. The connection is for rare further reads in the same transaction.
    func decide(_ rows: [Rows], on connection: Connection) async throws -> WriteDeed
}

/// What a plan has decided to write.
package struct WriteDeed {
    /// Turns the rows of `writes` and the new head into the answer.
    package typealias Answer = (_ rows: [Rows], _ head: NamespaceHead) throws -> WriteResponse

    package let writes: [Query]
    /// Audit events and whatever else comes after the writes; the rows are not looked at.
    package let records: [Query]
    package let answer: Answer

    /// Makes a deed.
    package init(writes: [Query], records: [Query], answer: @escaping Answer) {
        self.writes = writes
        self.records = records
        self.answer = answer
    }
}
