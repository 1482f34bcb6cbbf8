/// Who is believed and who decides, checked and ready to use.
package struct AccessConfiguration: Sendable {
    /// Whether the cluster is asked about every request.
    let reviews: Bool
    let decisionLifetime: Duration
    let proxies: TrustedProxies
    /// Nil where the header `X-User-Role` gives the role.
    let tokens: TokenVerifier.Expectation?
    let publicKeyPath: String?
    let cluster: ClusterAccess
    let hasCluster: Bool

    /// Checks the settings; throws at the first one that must not be guessed.
    init(
        _ reader: ConfigurationReader, _ number: (Setting, ClosedRange<Int>) -> Int
    ) throws(ConfigurationReader.Failure) {
        reviews = try reader.text(.authorizationMode) == "sar"
        decisionLifetime = .milliseconds(number(.authorizationCacheMs, 0...60_000))
        proxies = try Self.proxies(reader.text(.trustedProxies))
        let isJWT = try reader.text(.authenticationMode) == "jwt"
        var expectation = TokenVerifier.Expectation()
        expectation.roleClaim = try reader.text(.tokenRoleClaim)
        expectation.operatorValue = try reader.text(.tokenOperatorValue)
        expectation.issuer = try Self.given(reader.text(.tokenIssuer))
        expectation.audience = try Self.given(reader.text(.tokenAudience))
        tokens = isJWT ? expectation : nil
        publicKeyPath = try Self.given(reader.text(.tokenKeyPath))
        let host = try reader.text(.kubernetesHost)
        hasCluster = !host.isEmpty
        cluster = ClusterAccess(
            host: host, port: number(.kubernetesPort, 1...65_535),
            tokenPath: try reader.text(.kubernetesToken),
            authorityPath: try reader.text(.kubernetesAuthority),
            namespacePath: try reader.text(.kubernetesNamespace))
        guard hasCluster || !reviews else {
            throw ConfigurationReader.Failure(
                description: "CATALOG_AUTHZ_MODE=sar needs the Kubernetes API: "
                    + "KUBERNETES_SERVICE_HOST is not set")
        }
    }

    /// What an operator should know although the server starts.
    var warnings: [(name: String, reason: String)] {
        var warnings: [(name: String, reason: String)] = []
        if reviews, proxies.networks == nil {
            warnings.append(
                (
                    Setting.trustedProxies.variable,
                    "not set: whoever reaches this port can name any user; name the proxy's networks"
                ))
        }
        if tokens != nil, publicKeyPath == nil {
            warnings.append(
                (Setting.tokenKeyPath.variable, "not set: signatures of tokens are not checked"))
        }
        return warnings
    }

    private static func given(_ text: String) -> String? { text.isEmpty ? nil : text }

    private static func proxies(
        _ text: String
    ) throws(ConfigurationReader.Failure) -> TrustedProxies {
        let items = text.split(separator: ",").map { $0.trimmingBlanks }.filter { !$0.isEmpty }
        guard !items.isEmpty else { return .any }
        var networks: [TrustedProxies.Network] = []
        for item in items {
            guard let network = TrustedProxies.Network(item) else {
                throw ConfigurationReader.Failure(
                    description: "\(Setting.trustedProxies.variable): \"\(item)\" is no network, "
                        + "such as 10.0.0.0/8 or fd00::/8")
            }
            networks.append(network)
        }
        return TrustedProxies(networks: networks)
    }
}
