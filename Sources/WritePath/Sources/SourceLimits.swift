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
}
