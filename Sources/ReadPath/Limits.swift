/// The bounds of the read path.
package enum ReadLimits {
    /// Entities of one page where the contract names no maximum.
    package static let maxPageSize = 10_000
    /// Rows that a collection load writes in one LMDB transaction.
    package static let loadBatchRows = 250
    /// Bytes of documents that a collection load writes in one LMDB transaction, one row at least.
    package static let loadBatchBytes = 256 << 10
    /// Changed keys of one batch; a cache that is further behind is filled anew.
    package static let maxBatchChanges = 20_000
    /// Size of a namespace's map when it is created, and the step by which it grows.
    package static let mapStepBytes = 16 << 20
    /// The largest map of one namespace.
    package static let maxMapBytes = 64 << 30
    /// Readers that may be inside one environment at once.
    package static let maxReaders = 126
    /// Environments that one process keeps open unless it is told otherwise.
    package static let standardOpenNamespaces = 2_000
    /// Environments that one process keeps open at the most.
    package static let maxOpenNamespaces = 4_096
}
