import Crypto
import NIOSSL

/// Where certificate and key lie, and what they make together.
package struct TLSFiles: Sendable, Hashable {
    /// A PEM file: the certificate, then those between it and the root.
    let certificate: String
    /// A PEM file with the key of the first certificate.
    let key: String

    /// Reads the settings; nil where connections are not encrypted.
    static func read(
        _ reader: ConfigurationReader
    ) throws(ConfigurationReader.Failure) -> TLSFiles? {
        let files = TLSFiles(
            certificate: try reader.text(.tlsCertificate), key: try reader.text(.tlsKey))
        switch (files.certificate.isEmpty, files.key.isEmpty) {
        case (true, true): return nil
        case (false, false): return files
        case (false, true): throw missing(.tlsKey, beside: .tlsCertificate)
        case (true, false): throw missing(.tlsCertificate, beside: .tlsKey)
        }
    }

    private static func missing(
        _ setting: Setting, beside other: Setting
    ) -> ConfigurationReader.Failure {
        ConfigurationReader.Failure(
            description: "\(other.variable) needs \(setting.variable): certificate and key belong "
                + "together")
    }

    /// The texts of both files, read where blocking does no harm.
    func contents() async throws(ConfigurationReader.Failure) -> TLSContents {
        TLSContents(
            files: self, certificate: try await text(of: certificate, .tlsCertificate),
            key: try await text(of: key, .tlsKey))
    }

    private func text(
        of path: String, _ setting: Setting
    ) async throws(ConfigurationReader.Failure) -> String {
        do throws(KubernetesError) {
            return try await SmallFile.text(of: path)
        } catch {
            throw ConfigurationReader.Failure(
                description: "\(setting.variable)=\(path): \(error.message)")
        }
    }
}

/// What certificate and key said at one moment.
struct TLSContents: Sendable {
    let files: TLSFiles
    let certificate: String
    let key: String

    /// Tells contents apart without keeping the key.
    var digest: SHA256.Digest {
        var hash = SHA256()
        hash.update(data: Array(certificate.utf8))
        hash.update(data: [0])
        hash.update(data: Array(key.utf8))
        return hash.finalize()
    }

    /// Makes them usable; throws with the reason where they are none or do not go together.
    func context() throws(ConfigurationReader.Failure) -> (NIOSSLContext, notAfter: Int) {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)),
            let first = chain.first
        else { throw refusal(.tlsCertificate, files.certificate, "no certificate in PEM") }
        guard let privateKey = try? NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem) else {
            throw refusal(.tlsKey, files.key, "no private key in PEM without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        do {
            return (try NIOSSLContext(configuration: configuration), Int(first.notValidAfter))
        } catch {
            throw refusal(
                .tlsKey, files.key, "is not the key of the certificate \(files.certificate)")
        }
    }

    private func refusal(
        _ setting: Setting, _ path: String, _ reason: String
    ) -> ConfigurationReader.Failure {
        ConfigurationReader.Failure(description: "\(setting.variable)=\(path): \(reason)")
    }
}
