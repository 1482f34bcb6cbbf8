/// The bounds of the read path.
package enum ReadLimits {
    /// Entities of one page where the contract names no maximum.
    package static let maxPageSize = 10_000
    /// Entities that one page of a list may look at unless the operator says otherwise.
    ///
    /// A scan costs about a microsecond an entity, so that this is about a fifth of a second: what
    /// the contract allows a request, less its way.
    package static let standardScanLimit = 200_000
    /// Bytes of rendered pages that a process keeps unless the operator says otherwise.
    package static let standardPageBytes = 64 << 20
    /// So many pages have room at the least: a larger one is not kept.
    static let pagesAtLeast = 8
    /// What a page or a remembered target takes beside its bytes, about.
    static let pageOverheadBytes = 256
    /// Spellings of one request that are remembered.
    static let maxTargetsPerPage = 8
    /// Keys that the planner steps over to count the entries of one condition.
    static let maxCountedKeys = 1_000
    /// Entries to which the planner counts.
    static let maxCountedEntries = 20_000
    /// How many entries of a range in order one entry of an index is worth: it is looked up singly.
    static let lookupCost = 4
    /// Rows that a collection load writes in one LMDB transaction.
    package static let loadBatchRows = 1_000
    /// Bytes of documents that a collection load writes in one LMDB transaction, one row at least.
    package static let loadBatchBytes = 1 << 20
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
