/// The bounds that reading a sources file or a catalog file must keep.
package enum SourceLimits {
    /// Bytes of one sources file, catalog file or inline content.
    package static let fileBytes = 16 << 20
    /// Nodes of one document after its aliases are expanded.
    package static let documentNodes = 500_000
    /// Bytes of text of one document after its aliases are expanded.
    package static let documentTextBytes = 64 << 20
    /// Levels of sequences and mappings in a document.
    package static let documentDepth = 64
    /// Keys of one map.
    package static let mapMembers = 5_000
    /// Uses of aliases in one document.
    package static let aliases = 1_000
    /// Uses of aliases in a document some of whose keys are aliases or collections.
    package static let aliasesBesideComplexKeys = 16
    /// Characters of one number.
    package static let numberLength = 100
    /// Problems of one file that are reported.
    package static let problems = 20
    /// Characters of the name of a source.
    package static let sourceNameLength = 256
    /// How often a source may be loaded without being asked.
    package static let syncInterval: ClosedRange<Duration> = .seconds(1)...(.seconds(31_622_400))
    /// Segments of a pattern of paths.
    package static let globSegments = 64
    /// Patterns of one source of a hub, and characters of a name there.
    package static let hubPatterns = 200
    package static let hubNameLength = 96
}
