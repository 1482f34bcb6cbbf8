import CatalogModel

/// Why a client cannot go on from its place in the log, and what it does instead.
enum ChangeRefusal: Sendable {
    /// The place is not in the store's history.
    case lost(NamespaceHead?)
    /// The log was trimmed past the place.
    case belowFloor(NamespaceHead, floor: Revision)

    /// The members that errors and reset events share.
    var details: [String: String] {
        var details: [String: String]
        switch self {
        case .lost(let head):
            details = ["reason": "revision_lost", "next": "drop_token"]
            details["revision"] = String(head?.revision.value ?? 0)
            details["epoch"] = head?.epoch.text
        case .belowFloor(let head, let floor):
            details = ["reason": "below_floor", "next": "list_again"]
            details["floor"] = String(floor.value)
            details["head"] = String(head.revision.value)
            details["epoch"] = head.epoch.text
        }
        return details
    }

    var error: RequestError {
        switch self {
        case .lost:
            .conflict(
                "the store no longer has the revision that the request names", details: details)
        case .belowFloor:
            RequestError(
                .gone, "the change log no longer reaches back to that revision", details: details)
        }
    }
}
