extension Setting {
    static let sourceHosts = Setting(variable: "CATALOG_SOURCE_ALLOWED_HOSTS")
    static let sourceAuthorities = Setting(variable: "CATALOG_SOURCE_CA_FILE")
    static let sourceTimeout = Setting(
        variable: "CATALOG_SOURCE_TIMEOUT_SECONDS",
        standard: String(ProviderLimits.timeoutSeconds))
    static let sourceBytes = Setting(
        variable: "CATALOG_SOURCE_MAX_BYTES", standard: String(ProviderLimits.textBytes))
    static let sourceWatch = Setting(
        variable: "CATALOG_SOURCE_WATCH_INTERVAL_MS",
        standard: String(ProviderLimits.watchIntervalMs))
    static let hubEndpoint = Setting(
        variable: "HF_ENDPOINT", standard: "https://huggingface.co")
    static let hubKey = Setting(variable: "HF_API_KEY", isSecret: true)

    /// How sources are loaded from elsewhere.
    static let providers: [Setting] = [
        sourceHosts, sourceAuthorities, sourceTimeout, sourceBytes, sourceWatch, hubEndpoint,
        hubKey,
    ]
}
