import Foundation

/// Makes a certificate authority and a certificate of 127.0.0.1, by openssl.
enum KubernetesCertificates {
    static func make(in folder: String) async throws {
        let extensions = "basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n"
        try extensions.write(
            toFile: "\(folder)/extensions", atomically: true, encoding: .utf8)
        try await OpenSSL.run([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=double",
            "-keyout", "\(folder)/ca.key", "-out", "\(folder)/ca.crt",
        ])
        try await OpenSSL.run([
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=kubernetes",
            "-keyout", "\(folder)/server.key", "-out", "\(folder)/server.csr",
        ])
        try await OpenSSL.run([
            "x509", "-req", "-in", "\(folder)/server.csr", "-CA", "\(folder)/ca.crt",
            "-CAkey", "\(folder)/ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(folder)/extensions", "-out", "\(folder)/server.crt",
        ])
    }
}
