/// The bounds of this target.
package enum Limits {
    /// Longest key that the library accepts.
    package static let maxKeyBytes = 511

    /// Map growth is rounded up to this step unless the options say otherwise.
    package static let defaultGrowthStepBytes = 64 << 20

    /// Share of the map, in percent, above which a write grows the map ahead of need.
    package static let growAheadPercent = 70

    /// How often one write is run before a full map is reported.
    package static let maxWriteAttempts = 16

    /// How long the gate keeps new readers out while it waits for active ones, in milliseconds.
    package static let gateWaitMs: UInt64 = 100

    /// How often the gate closes before a resize is given up with `.busy`.
    package static let gateAttempts = 10

    /// Tables of which a reader keeps a cursor; others take turns in their places.
    static let keptCursors = 64

    /// Bytes of one reader in the reader table: a cache line.
    static let lockFileSlotBytes = 64

    /// What the reader table's header takes at the most, in slots.
    static let lockFileHeaderSlots = 8

    /// The reader table is reserved in these steps.
    static let lockFilePageBytes = 4_096

    /// The same wait for growth ahead of need, which may fail without harm.
    package static let growAheadWaitMs: UInt64 = 20
}
