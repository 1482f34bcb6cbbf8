import CatalogModel

/// A refusal at the gate, which every path answers in the envelope of permissions.
struct GateError: Error, CustomStringConvertible {
    let error: RequestError

    var description: String { error.description }

    /// Nobody may do what has no row in the table.
    static let unknownEndpoint = GateError(error: .forbidden("unknown endpoint, access denied"))

    /// The question could not be answered; the caller is not let in.
    static let checkFailed = GateError(
        error: RequestError(.internalError, "authorization check failed"))

    /// A caller without a name where one is needed.
    static let anonymous = GateError(error: .forbidden("insufficient permissions"))

    static func denied(_ action: AccessAction, in namespace: Namespace) -> GateError {
        GateError(
            error: .forbidden("insufficient permissions for \(action) in namespace \(namespace)"))
    }
}
