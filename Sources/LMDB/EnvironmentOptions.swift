/// How an environment is opened.
package struct EnvironmentOptions: Sendable {
    /// Size of the memory map at open, in bytes; address space, not memory.
    package var mapSizeBytes: Int

    /// Growth stops here; equal to `mapSizeBytes` or less means that the map never grows by itself.
    package var maxMapSizeBytes: Int

    /// Growth is rounded up to a multiple of this.
    package var growthStepBytes: Int

    /// Reads that may run at the same time; more throw `.readersFull`.
    package var maxReaders: Int

    /// Named tables that may be opened.
    package var maxTables: Int

    /// Leaves flushing to the kernel: a lost machine loses the file, a lost process loses nothing.
    package var noSync: Bool

    /// Turns the kernel's read-ahead off, for files larger than memory.
    package var noReadAhead: Bool

    /// Refuses network, user-space and overlay file systems with `.unsafeFileSystem`.
    package var requiresLocalFileSystem: Bool

    /// Makes chosen calls fail, for tests.
    package var faults: FaultPlan?

    package init(
        mapSizeBytes: Int = 256 << 20,
        maxMapSizeBytes: Int = 64 << 30,
        growthStepBytes: Int = Limits.defaultGrowthStepBytes,
        maxReaders: Int = 126,
        maxTables: Int = 32,
        noSync: Bool = false,
        noReadAhead: Bool = false,
        requiresLocalFileSystem: Bool = false,
        faults: FaultPlan? = nil
    ) {
        precondition(mapSizeBytes > 0 && growthStepBytes > 0, "sizes are positive")
        precondition(maxReaders > 0 && maxTables > 0, "at least one reader and one table")
        self.mapSizeBytes = mapSizeBytes
        self.maxMapSizeBytes = maxMapSizeBytes
        self.growthStepBytes = growthStepBytes
        self.maxReaders = maxReaders
        self.maxTables = maxTables
        self.noSync = noSync
        self.noReadAhead = noReadAhead
        self.requiresLocalFileSystem = requiresLocalFileSystem
        self.faults = faults
    }
}
