import CatalogModel
import Telemetry

/// What a configuration makes of identity and authorization, ready to be used by the requests.
struct AccessParts: Sendable {
    let identities: IdentityReader
    let control: AccessControl
    /// The cluster, where it is needed.
    let cluster: KubernetesClient?

    /// Reads the key and the certificates; throws when one of them cannot be used, so that a server
    /// never runs with less protection than it was told to have.
    init(
        _ configuration: AccessConfiguration, needsCluster: Bool = false,
        registry: MetricsRegistry, observer: Observer
    ) async throws {
        let counters = DecisionCounters(registry: registry)
        var tokens: TokenVerifier?
        if let expectation = configuration.tokens {
            tokens = try await Self.verifier(expectation, configuration.publicKeyPath)
        }
        identities = IdentityReader(
            proxies: configuration.proxies, tokens: tokens, isReviewing: configuration.reviews)
        if configuration.reviews || needsCluster {
            cluster = try await KubernetesClient(configuration.cluster)
        } else {
            // Only for Secrets that sources may refer to; a pod need not have a service account.
            cluster =
                configuration.hasCluster ? try? await KubernetesClient(configuration.cluster) : nil
        }
        if configuration.reviews, let cluster {
            control = AccessControl(
                reviewer: AccessReviewer(
                    source: SubjectAccessReview(client: cluster),
                    cache: DecisionCache(lifetime: configuration.decisionLifetime),
                    counters: counters, observer: observer))
        } else {
            control = AccessControl(reviewer: nil)
        }
        for warning in configuration.warnings {
            observer.observe(.settingRisky(name: warning.name, reason: warning.reason))
        }
    }

    private static func verifier(
        _ expectation: TokenVerifier.Expectation, _ path: String?
    ) async throws -> TokenVerifier {
        guard let path else { return try TokenVerifier(expectation: expectation, publicKey: nil) }
        let variable = Setting.tokenKeyPath.variable
        let text: String
        do {
            text = try await SmallFile.text(of: path)
        } catch {
            throw ConfigurationReader.Failure(description: "\(variable)=\(path): \(error.message)")
        }
        do {
            return try TokenVerifier(expectation: expectation, publicKey: text)
        } catch {
            throw ConfigurationReader.Failure(
                description: "\(variable)=\(path): no RSA public key in PEM of 2048 bits or more")
        }
    }
}
