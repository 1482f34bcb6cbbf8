import Telemetry

/// How the leader is elected, checked and ready to use.
package struct ElectionConfiguration: Sendable {
    enum Backend: String, Sendable {
        case kubernetes, postgres
    }

    let backend: Backend
    let leaseName: String
    let leaseNamespace: String
    let identity: String
    let timing: ElectionTiming

    /// Checks the settings; nil where there is no election.
    static func read(
        _ reader: ConfigurationReader, hasCluster: Bool,
        _ number: (Setting, ClosedRange<Int>) -> Int
    ) throws(ConfigurationReader.Failure) -> ElectionConfiguration? {
        let isEnabled = try reader.flag(.electionEnabled)
        let given = Backend(rawValue: try reader.text(.electionBackend))
        let namespace = try reader.text(.leaseNamespace)
        let podName = try reader.text(.podName)
        let configuration = ElectionConfiguration(
            backend: given ?? (hasCluster ? .kubernetes : .postgres),
            leaseName: try reader.text(.leaseName),
            leaseNamespace: namespace.isEmpty ? try reader.text(.podNamespace) : namespace,
            identity: podName.isEmpty ? MachineFacts.hostName : podName,
            timing: ElectionTiming(
                lease: .seconds(number(.leaseDuration, 1...3_600)),
                renewDeadline: .seconds(number(.renewDeadline, 1...3_600)),
                retry: .seconds(number(.retryPeriod, 1...3_600))))
        guard isEnabled else { return nil }
        guard configuration.timing.isSound else {
            throw ConfigurationReader.Failure(
                description: "CATALOG_LEADER_LEASE_DURATION > CATALOG_LEADER_RENEW_DEADLINE > "
                    + "CATALOG_LEADER_RETRY_PERIOD must hold")
        }
        guard configuration.backend == .postgres || hasCluster else {
            throw ConfigurationReader.Failure(
                description: "CATALOG_LEADER_ELECTION_BACKEND=kubernetes needs the Kubernetes API: "
                    + "KUBERNETES_SERVICE_HOST is not set")
        }
        return configuration
    }
}
