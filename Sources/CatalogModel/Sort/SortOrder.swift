/// The direction of a list.
package enum SortOrder: String, Hashable, Sendable {
    case ascending = "ASC"
    case descending = "DESC"

    /// Reads `ASC` or `DESC` in any case, or returns nil.
    package init?(_ text: some StringProtocol) {
        switch Fold.fold(String(text)) {
        case "asc": self = .ascending
        case "desc": self = .descending
        default: return nil
        }
    }

    /// Reads a request's parameter; anything unknown means ascending.
    package init(parameter: String?) {
        self = parameter.flatMap { SortOrder($0) } ?? .ascending
    }
}
