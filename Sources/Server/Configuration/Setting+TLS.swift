extension Setting {
    static let tlsCertificate = Setting(variable: "CATALOG_TLS_CERT")
    static let tlsKey = Setting(variable: "CATALOG_TLS_KEY")

    /// With what connections are encrypted.
    static let tls: [Setting] = [tlsCertificate, tlsKey]
}
