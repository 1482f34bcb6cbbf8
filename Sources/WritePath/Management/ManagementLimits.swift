/// The bounds of the management API.
package enum ManagementLimits {
    /// States of one source that the database keeps.
    package static let revisionsKept = 50
    /// States of the sources file and of the ConfigMap that are kept.
    package static let fileStatesKept = 20
    package static let configMapStatesKept = 10
    /// Bytes of the sources file and of the ConfigMap's text.
    package static let documentBytes = 1 << 20
    package static let configMapBytes = 900 << 10
    /// Bytes of all annotations of one object, which is what Kubernetes allows.
    package static let configMapAnnotationBytes = 256 << 10
    /// How often a document of sources is looked at.
    package static let documentInterval: Duration = .seconds(5)
    /// Hex digits of a version.
    package static let versionDigits = 8
    /// Bytes of the body of a management request.
    package static let bodyBytes = 16 << 20
    /// Tags of one entity, annotations of one entity, and characters of each of them.
    package static let tags = 100
    package static let annotations = 100
    package static let textLength = 4_096
}
