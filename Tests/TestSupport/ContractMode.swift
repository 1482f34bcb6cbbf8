import CatalogModel
import Foundation

/// How the servers of the contract tests learn what a caller may; `CATALOG_CONTRACT_MODE` says it.
///
/// The tests speak of roles. Each mode has its own words for them, which `Caller` puts into requests.
package enum ContractMode: String, Sendable {
    /// The header `X-User-Role`.
    case none
    /// The cluster is asked about every request: roles are groups with grants.
    case sar
    /// Signed bearer tokens that carry the role.
    case jwt

    /// The mode of this run; `none` where nothing is said.
    package static let current: ContractMode = {
        let given = ProcessInfo.processInfo.environment["CATALOG_CONTRACT_MODE"] ?? ""
        guard let mode = given.isEmpty ? ContractMode.none : ContractMode(rawValue: given) else {
            preconditionFailure("CATALOG_CONTRACT_MODE=\(given) is none of none, sar, jwt")
        }
        return mode
    }()

    /// Whether the server that reading tests share has tenants; `CATALOG_CONTRACT_TENANCY` says it.
    package static let sharesNamespaces: Bool = {
        let given = ProcessInfo.processInfo.environment["CATALOG_CONTRACT_TENANCY"] ?? ""
        precondition(
            ["", "single", "namespace"].contains(given),
            "CATALOG_CONTRACT_TENANCY=\(given) is none of single, namespace")
        return given == "namespace"
    }()

    static let operators = "catalog-operators"
    static let viewers = "catalog-viewers"

    private static let cluster = Task {
        let cluster = try await KubernetesDouble.start()
        grantRoles(on: cluster)
        return cluster
    }
    static let issuer = Task { try await TokenIssuer.make() }

    /// Grants on a cluster what the role guard lets each role do.
    package static func grantRoles(on cluster: KubernetesDouble) {
        cluster.allow(group: operators, ["*"], on: ["*"])
        cluster.allow(group: viewers, ["get", "list"], on: ["*"])
        // The role guard leaves governance to its own rules.
        cluster.allow(group: viewers, ["approve", "update"], on: ["approvals"])
        // The group of a test that names its groups itself.
        cluster.allow(group: "ops", ["*"], on: ["*"])
    }

    /// The status of a request that no route takes: `sar` refuses it before it looks what is wrong.
    package func unrouted(_ status: Int) -> Int { self == .sar ? 403 : status }

    /// The settings of a server in this mode.
    func settings() async throws -> [String: String] {
        switch self {
        case .none: return [:]
        case .sar:
            var settings = try await Self.cluster.value.environment
            settings["CATALOG_AUTHZ_MODE"] = "sar"
            return settings
        case .jwt:
            return [
                "CATALOG_AUTH_MODE": "jwt",
                "CATALOG_JWT_PUBLIC_KEY_PATH": try await Self.issuer.value.publicKeyPath,
            ]
        }
    }
}

extension ServerProcess {
    /// Starts a server in the mode of this run and waits until it is ready.
    ///
    /// Its clients say in the words of the mode who asks. What the options set wins.
    package static func readyInMode(
        _ options: Options = Options(), namespace: String? = nil
    ) async throws -> ServerProcess {
        var options = options
        options.environment.merge(try await ContractMode.current.settings()) { own, _ in own }
        options.caller = Caller(mode: .current, namespace: namespace)
        return try await ready(options)
    }
}
