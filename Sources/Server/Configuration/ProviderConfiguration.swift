/// How sources are loaded from elsewhere, checked and ready to use.
package struct ProviderConfiguration: Sendable {
    /// Which hosts may be asked.
    let policy: AddressPolicy
    /// A file with certificate authorities besides the system's; nil for none.
    let authorities: String?
    /// How long one answer may take.
    let timeout: Duration
    /// Bytes of one catalog text.
    let maxBytes: Int
    /// How often sources are looked at; nil where they are loaded only when somebody asks.
    let watchInterval: Duration?
    /// The hub of sources that name none.
    let hub: RemoteURL

    /// Checks the settings; throws at the first one that must not be guessed.
    init(
        _ reader: ConfigurationReader, _ number: (Setting, ClosedRange<Int>) -> Int
    ) throws(ConfigurationReader.Failure) {
        let hosts = try reader.text(.sourceHosts)
        let endpoint = try reader.text(.hubEndpoint)
        guard let hub = RemoteURL(endpoint) else {
            throw ConfigurationReader.Failure(
                description: "\(Setting.hubEndpoint.variable)=\(endpoint): must be https://host")
        }
        self.hub = hub
        do throws(AddressPolicy.Failure) {
            // Whoever sets the hub trusts it, wherever it is.
            policy = try AddressPolicy(hosts, trusting: reader.isGiven(.hubEndpoint) ? hub : nil)
        } catch {
            throw ConfigurationReader.Failure(
                description: "\(Setting.sourceHosts.variable): \(error.description)")
        }
        let file = try reader.text(.sourceAuthorities)
        authorities = file.isEmpty ? nil : file
        timeout = .seconds(number(.sourceTimeout, 1...300))
        maxBytes = number(.sourceBytes, 1_024...(256 << 20))
        let watchMs = number(.sourceWatch, 0...3_600_000)
        watchInterval = watchMs == 0 ? nil : .milliseconds(watchMs)
    }
}
