/// The bounds of the management API.
package enum ManagementLimits {
    /// States of one source that the database keeps.
    package static let revisionsKept = 50
    /// Hex digits of a version.
    package static let versionDigits = 8
    /// Bytes of the body of a management request.
    package static let bodyBytes = 16 << 20
    /// Tags of one entity, annotations of one entity, and characters of each of them.
    package static let tags = 100
    package static let annotations = 100
    package static let textLength = 4_096
}
