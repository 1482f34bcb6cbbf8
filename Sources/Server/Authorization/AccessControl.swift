import CatalogModel
import Telemetry

/// Decides on every request, whether its answer lies in the cache or not.
struct AccessControl: Sendable {
    /// Nil where nothing but the role guard of the management routes applies.
    let reviewer: AccessReviewer?

    /// Whether the cluster decides.
    var isReviewing: Bool { reviewer != nil }

    /// Returns if the request may go on; throws `GateError` if not.
    ///
    /// Nothing of the body is read.
    func check(_ exchange: Exchange) async throws {
        guard let reviewer else { return }
        let identity = exchange.identity
        switch exchange.endpoint.accessRule(method: exchange.method) {
        case .open: return
        case .unknown:
            reviewer.counters.count(isAllowed: false, .rule)
            throw GateError.unknownEndpoint
        case .authenticated:
            reviewer.counters.count(isAllowed: !identity.isAnonymous, .rule)
            guard !identity.isAnonymous else { throw GateError.anonymous }
        case .all(let actions):
            for action in actions {
                let question = AccessQuestion(
                    user: identity.user, groups: identity.groups, action: action,
                    namespace: exchange.namespace)
                guard !identity.isAnonymous else {
                    reviewer.counters.count(isAllowed: false, .rule)
                    throw GateError.denied(action, in: exchange.namespace)
                }
                guard try await reviewer.isAllowed(question, identity) else {
                    throw GateError.denied(action, in: exchange.namespace)
                }
            }
        }
    }

    /// What is known at once of a caller, by the bytes of the headers without blanks around them.
    ///
    /// For callers that answer without any suspension: true lets the request go on, false refuses
    /// it, nil says that `check` has to ask. Does not allocate; any thread. The caller passes the
    /// headers only if they come from a trusted proxy (`IdentityReader.honoursHeaders(of:)`), and
    /// each of them once, and nothing else otherwise.
    func known(
        user: Span<UInt8>, groups: Span<UInt8>, action: AccessAction, namespace: Namespace
    ) -> Bool? {
        guard let reviewer else { return true }
        guard user.count > 0 else { return false }
        let isAllowed = reviewer.cache.decision(
            user: user, groups: groups, action: action, namespace: namespace)
        // A refusal is counted where it is answered.
        if isAllowed == true { reviewer.counters.count(isAllowed: true, .cache) }
        return isAllowed
    }
}

extension AccessControl {
    /// What a path that means nothing is answered with.
    var unknownPath: any Error {
        isReviewing ? GateError.unknownEndpoint : RequestError.notFound("path not found")
    }
}

extension AccessParts {
    /// Closes the connections to the cluster.
    func shutdown() async { await cluster?.shutdown() }
}
