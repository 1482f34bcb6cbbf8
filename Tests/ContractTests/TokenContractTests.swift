import CatalogModel
import Foundation
import TestSupport
import Testing

@Suite("Roles by bearer tokens", .turns, .timeLimit(.minutes(5)))
struct TokenContractTests {
    private static let path = "\(Catalog.agents.base)/management/refresh"

    @Test("a signed token with the role makes an operator, everything else a viewer")
    func signed() async throws {
        let (issuer, stranger) = (try await TokenIssuer.make(), try await TokenIssuer.make())
        let server = try await ServerProcess.ready(
            .init(environment: [
                "CATALOG_AUTH_MODE": "jwt", "CATALOG_JWT_PUBLIC_KEY_PATH": issuer.publicKeyPath,
                "CATALOG_JWT_ROLE_CLAIM": "realm_access.roles",
                "CATALOG_JWT_OPERATOR_VALUE": "Catalog-Operator",
                "CATALOG_JWT_ISSUER": "https://issuer", "CATALOG_JWT_AUDIENCE": "catalog",
            ]))
        let good: JSONObject = [
            "iss": "https://issuer", "aud": "catalog",
            "realm_access": ["roles": ["viewer", "catalog-operator"]],
            "exp": .int(Int(Date().timeIntervalSince1970) + 600),
        ]
        func status(_ authorization: String?, _ more: [String: String] = [:]) async throws -> Int {
            var headers = more
            headers["Authorization"] = authorization
            // A body that is no JSON: a viewer is refused before it is looked at.
            let response = try await server.client.post(
                Catalog.agents.list, headers: headers, body: "{")
            if response.status == 403 {
                #expect(
                    try response.json() == [
                        "error": "forbidden", "message": "insufficient permissions",
                    ])
            }
            return response.status
        }
        let token = try await issuer.token(.object(good))
        #expect(try await status("Bearer \(token)") == 400)
        #expect(try await status("bearer  \(token) ") == 400)
        #expect(try await status(nil, ["X-User-Role": "operator"]) == 403)
        for other in ["Basic \(token)", token, "Bearer", "Bearer x.y.z"] {
            #expect(try await status(other, ["X-User-Role": "operator"]) == 403, "\(other)")
        }
        let forged = try await stranger.token(.object(good))
        #expect(try await status("Bearer \(forged)") == 403)
        let unsigned = TokenIssuer.unsigned(.object(good), algorithm: "none")
        #expect(try await status("Bearer \(unsigned)") == 403)
        let changes: [(String, JSONValue)] = [
            ("iss", "https://other"), ("aud", "other"), ("exp", 1_000),
            ("realm_access", ["roles": ["viewer"]]),
        ]
        for (name, value) in changes {
            var claims = good
            claims[name] = value
            let changed = try await issuer.token(.object(claims))
            #expect(try await status("Bearer \(changed)") == 403, "\(name)")
        }
        let refresh = try await server.client.post(
            Self.path, headers: ["Authorization": "Bearer \(token)"])
        #expect(refresh.status == 202)
        // Reads are open to everyone.
        #expect(try await server.client.get(Catalog.agents.list).status == 200)
        _ = try await server.terminate()
    }

    @Test("without a key the signature is not checked, which the start says")
    func unsigned() async throws {
        let server = try await ServerProcess.ready(
            .init(environment: ["CATALOG_AUTH_MODE": "jwt"]))
        let token = TokenIssuer.unsigned(["role": "OPERATOR"], algorithm: "RS256")
        let headers = ["Authorization": "Bearer \(token)"]
        #expect(try await server.client.post(Self.path, headers: headers).status == 202)
        let viewer = TokenIssuer.unsigned(["role": "viewer"], algorithm: "RS256")
        let other = ["Authorization": "Bearer \(viewer)"]
        #expect(try await server.client.post(Self.path, headers: other).status == 403)
        let risky = server.logLines.first {
            $0.value(at: "metadata.name") == "CATALOG_JWT_PUBLIC_KEY_PATH"
        }
        #expect(risky?.value(at: "metadata.event") == "setting_risky")
        _ = try await server.terminate()
    }

    @Test("a key that cannot be read or is none stops the server")
    func unreadable() async throws {
        let folder = try ServerFiles.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "no key".write(toFile: "\(folder)/key.pem", atomically: true, encoding: .utf8)
        for path in ["\(folder)/absent.pem", "\(folder)/key.pem", folder] {
            let server = try await ServerProcess.launch(
                .init(
                    environment: [
                        "CATALOG_AUTH_MODE": "jwt", "CATALOG_JWT_PUBLIC_KEY_PATH": path,
                    ], dsn: "host=/nowhere dbname=x"))
            #expect(try await server.waitForExit() > 0)
            #expect(await server.completeLog().contains("CATALOG_JWT_PUBLIC_KEY_PATH"))
        }
    }
}
