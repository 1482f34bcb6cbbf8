import Foundation
import Logging
import Telemetry
import TestSupport
import Testing

@testable import Server

@Suite("Certificate and key")
struct TLSFilesTests {
    private func configuration(_ environment: [String: String]) throws -> ServerConfiguration {
        try ServerConfiguration(
            ConfigurationReader(
                flags: [:],
                environment: environment.merging(["DATABASE_DSN": "host=/nowhere dbname=x"]) { $1 })
        )
    }

    private func refusal(_ certificate: String, _ key: String) async -> String {
        let registry = MetricsRegistry()
        do throws(ConfigurationReader.Failure) {
            _ = try await TLSCertificates(
                TLSFiles(certificate: certificate, key: key), registry: registry,
                observer: Observer(logger: Logger(label: "test"), registry: registry))
            return ""
        } catch {
            return error.description
        }
    }

    @Test("one without the other is refused", arguments: ["CATALOG_TLS_CERT", "CATALOG_TLS_KEY"])
    func half(variable: String) {
        let error = #expect(throws: ConfigurationReader.Failure.self) {
            _ = try configuration([variable: "/x"])
        }
        #expect(error?.description.hasPrefix("\(variable) needs CATALOG_TLS_") == true)
    }

    @Test("nothing set means no TLS")
    func none() throws {
        #expect(try configuration([:]).tls == nil)
        #expect(
            try configuration(["CATALOG_TLS_CERT": "/a", "CATALOG_TLS_KEY": "/b"]).tls
                == TLSFiles(certificate: "/a", key: "/b"))
    }

    @Test("files that cannot be used are refused with the reason")
    func unusable() async throws {
        let (pair, other) = (try await CertificatePair.make(), try await CertificatePair.make())
        #expect(await refusal(pair.certificate, pair.key) == "")
        let missing = await refusal("/nowhere/tls.crt", pair.key)
        #expect(missing.hasPrefix("CATALOG_TLS_CERT=/nowhere/tls.crt: "), "\(missing)")
        let noKey = await refusal(pair.certificate, pair.certificate)
        #expect(noKey.hasSuffix(": no private key in PEM without a passphrase"), "\(noKey)")
        let noCertificate = await refusal(pair.key, pair.key)
        #expect(noCertificate.hasSuffix(": no certificate in PEM"), "\(noCertificate)")
        let mixed = await refusal(pair.certificate, other.key)
        #expect(mixed.contains("is not the key of the certificate"), "\(mixed)")
    }
}
