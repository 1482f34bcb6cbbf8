/// The bounds of loading sources from elsewhere.
enum ProviderLimits {
    /// Seconds that one answer may take when the operator says nothing.
    static let timeoutSeconds = 30
    /// Bytes of one catalog text when the operator says nothing.
    static let textBytes = 16 << 20
    /// How long a whole load may take; less than a job has.
    static let loadTime: Duration = .seconds(540)
    /// How long a connection may take to come about.
    static let connectTime: Duration = .seconds(10)
    /// Addresses that one answer may lead on to.
    static let redirects = 3
    /// Bytes of an address of a source.
    static let urlBytes = 2_048
    /// Bytes of catalog texts behind what is kept to be used again, and the number of sources.
    static let memoryBytes = 64 << 20
    static let memorySources = 1_000
    /// What a model takes of that beside its documentation, about.
    static let modelBytes = 2_048
    /// Connections to one hub.
    static let hubConnections = 8
    /// Models of one source, and those of one pattern that a preview shows when it says nothing.
    static let hubModels = 5_000
    static let previewModels = 500
    /// Bytes of one answer of a hub, and of a model's documentation; longer ones are left out.
    static let hubAnswerBytes = 8 << 20
    static let readmeBytes = 1 << 20
    /// Files of one repository that may match, and bytes of them together in texts of the limit.
    static let gitFiles = 1_000
    static let gitTexts = 4
    /// Entries and bytes of the list of a repository's files.
    static let gitListBytes = 32 << 20
    /// Size of one file that git may write, in blocks of 512 bytes.
    static let gitFileBlocks = 1 << 20
    /// Bytes that git may say about what went wrong, and characters of it that are shown.
    static let gitMessageBytes = 1 << 20
    static let gitMessageLength = 300
    /// Bytes per second below which a transfer counts as stuck.
    static let gitSlowBytes = 100
    /// How often a replica looks at the files of its sources when the operator says nothing.
    static let watchIntervalMs = 1_000
}
