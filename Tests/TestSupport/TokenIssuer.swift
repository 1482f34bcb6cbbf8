package import CatalogModel
import Foundation

/// Signs bearer tokens with a key of its own, by openssl: an implementation that is not the server's.
package struct TokenIssuer: Sendable {
    /// The key that verifies, as PEM text, and its file.
    package let publicKey: String
    package let publicKeyPath: String
    private let keyPath: String

    /// Makes a key of 2,048 bits.
    package static func make() async throws -> TokenIssuer {
        let folder = try ServerFiles.temporaryFolder()
        let (key, open) = ("\(folder)/key.pem", "\(folder)/public.pem")
        try await OpenSSL.run(["genrsa", "-out", key, "2048"])
        try await OpenSSL.run(["rsa", "-in", key, "-pubout", "-out", open])
        return TokenIssuer(
            publicKey: try String(contentsOfFile: open, encoding: .utf8), publicKeyPath: open,
            keyPath: key)
    }

    /// A token with these claims; `name` stands in its header instead of the true algorithm.
    package func token(
        _ claims: JSONValue, algorithm: String = "RS256", as name: String? = nil
    ) async throws -> String {
        let signed = Self.signedPart(claims, algorithm: name ?? algorithm)
        let folder = try ServerFiles.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try signed.write(toFile: "\(folder)/data", atomically: true, encoding: .utf8)
        var arguments = ["dgst", "-sha\(algorithm.suffix(3))", "-sign", keyPath]
        if algorithm.hasPrefix("PS") {
            arguments += [
                "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest",
            ]
        }
        try await OpenSSL.run(arguments + ["-out", "\(folder)/signature", "\(folder)/data"])
        let signature = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/signature"))
        return "\(signed).\(Base64URL.encode([UInt8](signature)))"
    }

    /// A token that ends with its second dot.
    package static func unsigned(_ claims: JSONValue, algorithm: String) -> String {
        "\(signedPart(claims, algorithm: algorithm))."
    }

    private static func signedPart(_ claims: JSONValue, algorithm: String) -> String {
        let header: JSONValue = ["alg": .string(algorithm), "typ": "JWT"]
        return "\(Base64URL.encode(header.encoded)).\(Base64URL.encode(claims.encoded))"
    }
}
