import CatalogModel
import Crypto
import CryptoExtras
import Synchronization
import Telemetry

/// Tells whether a bearer token makes its bearer an operator (contract, section 2.3).
///
/// Every failure makes a viewer. Tokens whose signature was found good are remembered until they
/// end, at most for the lifetime of `ServerLimits.tokenLifetime`.
final class TokenVerifier: Sendable {
    /// What a token has to say.
    struct Expectation: Sendable {
        var roleClaim = "role"
        var operatorValue = "operator"
        var issuer: String?
        var audience: String?
    }

    private let expectation: Expectation
    /// Nil where signatures are not checked.
    private let key: _RSA.Signing.PublicKey?
    private let known: Mutex<DecisionTable>
    private let now: @Sendable () -> ContinuousClock.Instant
    private let wallClock: @Sendable () -> Double

    /// Takes the key as PEM text; throws when it is none of RSA with at least 2,048 bits.
    init(
        expectation: Expectation, publicKey: String?,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        wallClock: @escaping @Sendable () -> Double = { Double(MachineFacts.wallClockMs) / 1_000 }
    ) throws {
        self.expectation = expectation
        key = try publicKey.map { try _RSA.Signing.PublicKey(pemRepresentation: $0) }
        known = Mutex(DecisionTable(capacity: ServerLimits.tokens))
        self.now = now
        self.wallClock = wallClock
    }

    /// Whether a token without a good signature is worth nothing.
    var checksSignatures: Bool { key != nil }

    func isOperator(_ text: String) -> Bool {
        guard text.utf8.count <= ServerLimits.tokenBytes else { return false }
        let digest = Array(SHA256.hash(data: Array(text.utf8)))
        var hasher = KeyHash()
        hasher.add(digest)
        let hash = hasher.value()
        let now = now()
        let verdict = known.withLock { table in
            table.decision(hash: hash, at: now) { $0 == digest }
        }
        if let verdict { return verdict.isAllowed }
        let seconds = wallClock()
        guard let token = BearerToken(text), isGenuine(token), token.holds(at: seconds) else {
            return false
        }
        let isOperator = isAddressed(token) && hasRole(token)
        var expires = now + ServerLimits.tokenLifetime
        if let end = token.end { expires = min(expires, now + .seconds(max(0, end - seconds))) }
        let kept = Verdict(isAllowed: isOperator, expires: expires)
        known.withLock { $0.keep(kept, hash: hash, key: digest, at: now) }
        return isOperator
    }

    private func isAddressed(_ token: BearerToken) -> Bool {
        if let issuer = expectation.issuer, token.claims["iss"]?.stringValue != issuer {
            return false
        }
        if let audience = expectation.audience, !token.texts(at: "aud").contains(audience) {
            return false
        }
        return true
    }

    private func hasRole(_ token: BearerToken) -> Bool {
        let wanted = expectation.operatorValue.lowercased()
        return token.texts(at: expectation.roleClaim).contains { $0.lowercased() == wanted }
    }

    /// Only the RSA family: `none`, HMAC with the public key as its secret and others are refused.
    private func isGenuine(_ token: BearerToken) -> Bool {
        guard let key else { return true }
        let signature = _RSA.Signing.RSASignature(rawRepresentation: token.signature)
        let data = token.signedPart
        return switch token.algorithm {
        case "RS256":
            key.isValidSignature(
                signature, for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5)
        case "RS384":
            key.isValidSignature(
                signature, for: SHA384.hash(data: data), padding: .insecurePKCS1v1_5)
        case "RS512":
            key.isValidSignature(
                signature, for: SHA512.hash(data: data), padding: .insecurePKCS1v1_5)
        case "PS256": key.isValidSignature(signature, for: SHA256.hash(data: data), padding: .PSS)
        case "PS384": key.isValidSignature(signature, for: SHA384.hash(data: data), padding: .PSS)
        case "PS512": key.isValidSignature(signature, for: SHA512.hash(data: data), padding: .PSS)
        default: false
        }
    }
}
