extension Setting {
    static let authorizationMode = Setting(
        variable: "CATALOG_AUTHZ_MODE", standard: "none", choices: ["none", "sar"])
    static let authorizationCacheMs = Setting(
        variable: "CATALOG_AUTHZ_CACHE_TTL_MS", standard: "10000")
    static let authenticationMode = Setting(
        variable: "CATALOG_AUTH_MODE", standard: "header", choices: ["header", "", "jwt"])
    static let trustedProxies = Setting(variable: "CATALOG_TRUSTED_PROXIES")
    static let tokenRoleClaim = Setting(variable: "CATALOG_JWT_ROLE_CLAIM", standard: "role")
    static let tokenOperatorValue = Setting(
        variable: "CATALOG_JWT_OPERATOR_VALUE", standard: "operator")
    static let tokenKeyPath = Setting(variable: "CATALOG_JWT_PUBLIC_KEY_PATH")
    static let tokenIssuer = Setting(variable: "CATALOG_JWT_ISSUER")
    static let tokenAudience = Setting(variable: "CATALOG_JWT_AUDIENCE")
    static let kubernetesHost = Setting(variable: "KUBERNETES_SERVICE_HOST")
    static let kubernetesPort = Setting(variable: "KUBERNETES_SERVICE_PORT", standard: "443")
    static let kubernetesToken = Setting(
        variable: "CATALOG_KUBERNETES_TOKEN_FILE", standard: "\(serviceAccount)/token")
    static let kubernetesAuthority = Setting(
        variable: "CATALOG_KUBERNETES_CA_FILE", standard: "\(serviceAccount)/ca.crt")
    static let kubernetesNamespace = Setting(
        variable: "CATALOG_KUBERNETES_NAMESPACE_FILE", standard: "\(serviceAccount)/namespace")

    private static let serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Who is believed, who decides, and where the cluster is.
    static let access: [Setting] = [
        authorizationMode, authorizationCacheMs, authenticationMode, trustedProxies,
        tokenRoleClaim, tokenOperatorValue, tokenKeyPath, tokenIssuer, tokenAudience,
        kubernetesHost, kubernetesPort, kubernetesToken, kubernetesAuthority, kubernetesNamespace,
    ]
}
