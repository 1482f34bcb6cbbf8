import CatalogModel
import ReadPath

/// Whether somebody may have a hit, said at once from what is known already.
///
/// The decision is a look into a table: it neither waits nor allocates, and it runs on every hit.
/// Nil means that nothing is known; then, and when access is refused, the router decides and
/// answers.
struct HitAccess: Sendable {
    /// What is done, with the entities of a kind or with what is known of all.
    enum Action: Sendable {
        case get
        case list
        case listPlugins
        case getCapabilities
    }

    /// Decides by the name and the comma-separated groups that the proxy sends, empty for none.
    typealias Decision =
        @Sendable (
            _ user: Span<UInt8>, _ groups: Span<UInt8>, _ action: Action, _ kind: KindTable.Entry?,
            _ namespace: Namespace
        ) -> Bool?

    private let decide: Decision?
    /// Whether requests with an `Authorization` header are left to the router.
    let leavesTokens: Bool

    /// Everybody may read everything.
    static let open = HitAccess(leavesTokens: false, decide: nil)

    /// Asks `decide` on every hit.
    init(leavesTokens: Bool, decide: Decision?) {
        self.leavesTokens = leavesTokens
        self.decide = decide
    }

    /// Whether the hit may be given; nil when that is not known.
    func isAllowed(
        user: Span<UInt8>, groups: Span<UInt8>, action: Action, kind: KindTable.Entry?,
        namespace: Namespace
    ) -> Bool? {
        guard let decide else { return true }
        return decide(user, groups, action, kind, namespace)
    }
}

extension HitAccess {
    private static let get = AccessAction(.assets, .get)
    private static let list = AccessAction(.assets, .list)
    private static let plugins = AccessAction(.plugins, .list)
    private static let capabilities = AccessAction(.capabilities, .get)

    /// What the cluster is known to have decided; where it is not asked, everybody may read.
    init(_ control: AccessControl) {
        guard control.isReviewing else {
            self = .open
            return
        }
        self.init(leavesTokens: false) { user, groups, action, _, namespace in
            let asked =
                switch action {
                case .get: Self.get
                case .list: Self.list
                case .listPlugins: Self.plugins
                case .getCapabilities: Self.capabilities
                }
            return control.known(
                user: user, groups: groups, action: asked, namespace: namespace)
        }
    }
}
