import CatalogModel
import HTTPTypes
import NIOCore

/// Tells who sends a request, from the headers of a trusted proxy and the bearer token.
struct IdentityReader: Sendable {
    let proxies: TrustedProxies
    /// Nil where the header `X-User-Role` gives the role.
    let tokens: TokenVerifier?
    /// Whether the cluster decides, so that the role guard lets everyone pass.
    let isReviewing: Bool

    /// Whether the identity headers of a peer are believed; once for each connection is enough.
    func honoursHeaders(of peer: SocketAddress?) -> Bool { proxies.contains(peer) }

    /// The caller; throws `.badRequest` for a name too long to be recorded.
    func identity(
        of headers: HTTPFields, from peer: SocketAddress?
    ) throws(RequestError) -> Identity {
        let isTrusted = honoursHeaders(of: peer)
        return try Identity(
            user: isTrusted ? headers[.remoteUser] : nil,
            groups: isTrusted ? headers[.remoteGroup] : nil,
            isOperator: isReviewing || isOperator(headers, isTrusted),
            principal: isTrusted ? headers[.userPrincipal] : nil,
            // Where tokens give the role, the header says nothing.
            role: isTrusted && tokens == nil ? headers[.userRole] : nil)
    }

    private func isOperator(_ headers: HTTPFields, _ isTrusted: Bool) -> Bool {
        guard let tokens else {
            return isTrusted && headers[.userRole]?.trimmingBlanks.lowercased() == "operator"
        }
        // An unsigned word is worth as much as the proxy that passes it on.
        guard isTrusted || tokens.checksSignatures else { return false }
        return headers[.authorization].flatMap(Self.bearerToken).map(tokens.isOperator) ?? false
    }

    /// The token of `Bearer …`, the scheme in any case.
    static func bearerToken(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let token = parts[1].trimmingBlanks
        return token.isEmpty ? nil : token
    }
}
