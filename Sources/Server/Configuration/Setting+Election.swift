extension Setting {
    static let electionEnabled = Setting(
        variable: "CATALOG_LEADER_ELECTION_ENABLED", standard: "false")
    static let electionBackend = Setting(
        variable: "CATALOG_LEADER_ELECTION_BACKEND", choices: ["", "kubernetes", "postgres"])
    static let leaseName = Setting(
        variable: "CATALOG_LEADER_LEASE_NAME", standard: "catalog-server-leader")
    static let leaseNamespace = Setting(variable: "CATALOG_LEADER_LEASE_NAMESPACE")
    static let leaseDuration = Setting(
        variable: "CATALOG_LEADER_LEASE_DURATION", standard: "15")
    static let renewDeadline = Setting(variable: "CATALOG_LEADER_RENEW_DEADLINE", standard: "10")
    static let retryPeriod = Setting(variable: "CATALOG_LEADER_RETRY_PERIOD", standard: "2")
    static let podNamespace = Setting(variable: "POD_NAMESPACE", standard: "catalog-system")

    /// Which replica does what one does for all.
    static let election: [Setting] = [
        electionEnabled, electionBackend, leaseName, leaseNamespace, leaseDuration, renewDeadline,
        retryPeriod, podNamespace,
    ]
}
