import Foundation

/// A certificate of 127.0.0.1 that signs itself, with its key, as PEM files made by openssl.
package struct CertificatePair: Sendable {
    package let certificate: String
    package let key: String

    /// Makes a pair in a folder of its own; the name tells it from others.
    package static func make(named name: String = "server") async throws -> CertificatePair {
        let folder = try ServerFiles.temporaryFolder()
        let pair = CertificatePair(certificate: "\(folder)/tls.crt", key: "\(folder)/tls.key")
        try await OpenSSL.run([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", "/CN=\(name)", "-addext",
            "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", pair.key, "-out",
            pair.certificate,
        ])
        return pair
    }

    /// Puts the contents of another pair into these files, one after the other.
    package func replace(with other: CertificatePair) throws {
        try Self.copy(other.certificate, to: certificate)
        try Self.copy(other.key, to: key)
    }

    /// Puts the contents of one file into the place of another at once.
    package static func copy(_ source: String, to target: String) throws {
        let text = try String(contentsOfFile: source, encoding: .utf8)
        try text.write(toFile: target, atomically: true, encoding: .utf8)
    }

    /// The settings of a server that uses the pair.
    package var environment: [String: String] {
        ["CATALOG_TLS_CERT": certificate, "CATALOG_TLS_KEY": key]
    }
}
