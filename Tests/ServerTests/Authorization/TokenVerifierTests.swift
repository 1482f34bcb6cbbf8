import CatalogModel
import TestSupport
import Testing

@testable import Server

@Suite struct `Bearer tokens` {
    private static let issuer = Task { try await TokenIssuer.make() }
    private static let stranger = Task { try await TokenIssuer.make() }

    private func verifier(
        _ change: (inout TokenVerifier.Expectation) -> Void = { _ in }, checks: Bool = true,
        clock: ManualClock = ManualClock(), wallClock: Double = 1_000_000
    ) async throws -> TokenVerifier {
        var expectation = TokenVerifier.Expectation()
        change(&expectation)
        let key = try await Self.issuer.value.publicKey
        let start = clock.now
        return try TokenVerifier(
            expectation: expectation, publicKey: checks ? key : nil, now: { clock.now },
            wallClock: { wallClock + start.duration(to: clock.now) / .seconds(1) })
    }

    @Test(arguments: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
    func `a good signature of the RSA family makes an operator`(algorithm: String) async throws {
        let issuer = try await Self.issuer.value
        let token = try await issuer.token(["role": "Operator"], algorithm: algorithm)
        #expect(try await verifier().isOperator(token))
        let viewer = try await issuer.token(["role": "viewer"], algorithm: algorithm)
        #expect(try await !verifier().isOperator(viewer))
        let forged = try await Self.stranger.value.token(["role": "operator"], algorithm: algorithm)
        #expect(try await !verifier().isOperator(forged))
        #expect(try await verifier({ _ in }, checks: false).isOperator(forged))
    }

    @Test func `other algorithms are refused`() async throws {
        let verifier = try await verifier()
        let claims: JSONValue = ["role": "operator"]
        for algorithm in ["none", "None", "HS256", "ES256", "EdDSA", "rs256", ""] {
            let token = try await Self.issuer.value.token(claims, algorithm: "RS256", as: algorithm)
            #expect(!verifier.isOperator(token), "\(algorithm)")
        }
        #expect(!verifier.isOperator(TokenIssuer.unsigned(claims, algorithm: "none")))
        #expect(!verifier.isOperator(TokenIssuer.unsigned(claims, algorithm: "RS256")))
    }

    @Test func `a changed token is refused`() async throws {
        let verifier = try await verifier()
        let good = try await Self.issuer.value.token(["role": "operator"])
        let viewer = try await Self.issuer.value.token(["role": "viewer"])
        let (one, two) = (good.split(separator: "."), viewer.split(separator: "."))
        #expect(verifier.isOperator(good))
        #expect(!verifier.isOperator("\(one[0]).\(one[1]).\(two[2])"))
        for text in ["", ".", "..", "a.b.c", "\(good).", " \(good)", "\(one[0]).\(one[1])", "x"] {
            #expect(!verifier.isOperator(text), "\(text)")
        }
        #expect(!verifier.isOperator(good + String(repeating: "A", count: 20_000)))
    }

    @Test func `the claim may be nested, an array, or have dots in its name`() async throws {
        let issuer = try await Self.issuer.value
        let cases: [(JSONValue, String, Bool)] = [
            (["realm_access": ["roles": ["user", "OPERATOR"]]], "realm_access.roles", true),
            (["realm_access": ["roles": ["user"]]], "realm_access.roles", false),
            (["realm_access": "operator"], "realm_access.roles", false),
            (["https://x.y/role": "operator"], "https://x.y/role", true),
            (["role": ["operator"]], "role", true), (["role": [["operator"]]], "role", false),
            (["role": ["operator": true]], "role", false), (["role": 1], "role", false),
            (["role": "operators"], "role", false), ([:], "role", false),
        ]
        for (claims, path, expected) in cases {
            let verifier = try await verifier { $0.roleClaim = path }
            #expect(verifier.isOperator(try await issuer.token(claims)) == expected, "\(claims)")
        }
        let other = try await verifier { $0.operatorValue = "Platform-Admin" }
        #expect(other.isOperator(try await issuer.token(["role": "platform-admin"])))
        #expect(!other.isOperator(try await issuer.token(["role": "operator"])))
    }

    @Test func `issuer, audience and times are looked at`() async throws {
        let issuer = try await Self.issuer.value
        let verifier = try await verifier {
            $0.issuer = "https://issuer"
            $0.audience = "catalog"
        }
        let good: JSONObject = [
            "role": "operator", "iss": "https://issuer", "aud": ["other", "catalog"],
            "exp": 1_000_100, "nbf": 999_900,
        ]
        #expect(verifier.isOperator(try await issuer.token(.object(good))))
        let changes: [(String, JSONValue?)] = [
            ("iss", "https://other"), ("iss", nil), ("aud", "other"), ("aud", nil), ("aud", []),
            ("exp", 1_000_000), ("exp", "tomorrow"), ("exp", nil), ("nbf", 1_000_001),
            ("nbf", "never"),
        ]
        for (name, value) in changes where !(name == "exp" && value == nil) {
            var claims = good
            claims[name] = value
            let token = try await issuer.token(.object(claims))
            #expect(!verifier.isOperator(token), "\(name) \(String(describing: value))")
        }
    }

    @Test func `a remembered token ends when it says`() async throws {
        let clock = ManualClock()
        let verifier = try await verifier(clock: clock)
        let token = try await Self.issuer.value.token(["role": "operator", "exp": 1_000_010])
        #expect(verifier.isOperator(token))
        clock.advance(by: .milliseconds(9_999))
        #expect(verifier.isOperator(token))
        clock.advance(by: .milliseconds(1))
        #expect(!verifier.isOperator(token))
    }

    @Test(arguments: ["", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
    func `what is no key is refused`(text: String) {
        #expect(throws: (any Error).self) {
            try TokenVerifier(expectation: .init(), publicKey: text)
        }
    }
}
