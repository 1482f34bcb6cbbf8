import CatalogModel
import HTTPTypes

/// Who sends a request, as far as it is believed.
struct Identity: Sendable, Hashable {
    /// The name of a caller who has none.
    static let anonymousUser = "anonymous"

    let user: String
    let groups: [String]
    /// Whether the role guard lets the caller pass; always where the cluster has decided before.
    let isOperator: Bool
    /// `X-User-Principal` and `X-User-Role` without blanks around them; empty when not believed.
    let principal: String
    let role: String
    /// The headers as they came, without blanks around them; empty when not believed.
    let rawUser: String
    let rawGroups: String

    /// Reads believed headers; throws `.badRequest` for a name too long to be recorded.
    init(
        user: String?, groups: String?, isOperator: Bool, principal: String? = nil,
        role: String? = nil
    ) throws(RequestError) {
        self.principal = principal.map { $0.trimmingBlanks } ?? ""
        self.role = role.map { $0.trimmingBlanks } ?? ""
        rawUser = user.map { $0.trimmingBlanks } ?? ""
        rawGroups = groups.map { $0.trimmingBlanks } ?? ""
        guard rawUser.utf8.count <= ServerLimits.userBytes else {
            throw .badRequest("X-Remote-User exceeds \(ServerLimits.userBytes) bytes")
        }
        self.user = rawUser.isEmpty ? Self.anonymousUser : rawUser
        self.groups = rawGroups.split(separator: ",").map { $0.trimmingBlanks }
            .filter { !$0.isEmpty }
        self.isOperator = isOperator
    }

    /// Whether the caller has no name.
    var isAnonymous: Bool { user == Self.anonymousUser }

    /// Throws `.forbidden` unless the caller may change things.
    func requireOperator() throws(RequestError) {
        guard isOperator else { throw .forbidden("insufficient permissions") }
    }
}
