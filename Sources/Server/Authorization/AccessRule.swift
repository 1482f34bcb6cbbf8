/// What a request needs before it is served.
enum AccessRule: Hashable, Sendable {
    /// Nothing: health, metrics, the description of the interface and the console's page.
    case open
    /// A caller with a name, whatever the roles say.
    case authenticated
    /// That the caller may do all of this.
    case all([AccessAction])
    /// The table has no row for it; nobody may.
    case unknown

    static func action(_ resource: AccessAction.Resource, _ verb: AccessAction.Verb) -> AccessRule {
        .all([AccessAction(resource, verb)])
    }
}

extension Endpoint {
    /// The row of the contract's table (section 2.4) for a method on this endpoint.
    ///
    /// Judged by what the router found, not by the text of the path, so that no spelling of a path
    /// leads to one thing and is checked as another. A new endpoint does not compile without a row.
    func accessRule(method: String) -> AccessRule {
        let reads = method == "GET" || method == "HEAD"
        return switch self {
        case .live, .ready, .metrics, .interface, .console: .open
        // Each part of the console asks for the right of what it shows.
        case .namespaces, .consoleEvents: reads ? .authenticated : .unknown
        case .plugins: reads ? .action(.plugins, .list) : .unknown
        case .capabilities: reads ? .action(.capabilities, .get) : .unknown
        case .collection:
            if reads { .action(.assets, .list) } else { Self.assetRule(method) }
        case .entity:
            if reads { .action(.assets, .get) } else { Self.assetRule(method) }
        case .batch:
            // A bulk write creates and replaces.
            method == "POST"
                ? .all([AccessAction(.assets, .create), AccessAction(.assets, .update)]) : .unknown
        case .artifacts: reads ? .action(.assets, .get) : .unknown
        case .filterOptions, .labels: reads ? .action(.assets, .list) : .unknown
        case .modelSources: reads ? .action(.assets, .list) : .unknown
        // Like other posts about sources, though nothing is kept of it.
        case .sourcePreview: method == "POST" ? .action(.catalogsources, .create) : .unknown
        case .refresh: Self.managementRule(method, post: .action(.jobs, .create))
        case .management(_, let route): route.accessRule(method: method)
        case .auditEvents: reads ? .action(.audit, .list) : .action(.audit, .get)
        case .auditEvent: .action(.audit, .get)
        case .auditVerify: .action(.audit, .list)
        case .cacheVerify: reads ? .action(.catalogsources, .get) : .unknown
        // Makes a replica read everything again: what engineers may is not enough.
        case .cacheEvict: method == "POST" ? .action(.catalogsources, .delete) : .unknown
        case .governance: Self.governanceRule(method)
        // Who follows the changes sees every entity of the namespace.
        case .changes:
            reads
                ? .all([AccessAction(.assets, .list), AccessAction(.assets, .get)]) : .unknown
        // A fed replica learns of every namespace: what viewers and engineers may is not enough.
        case .replicaFeed:
            .all([
                AccessAction(.assets, .list), AccessAction(.assets, .get),
                AccessAction(.catalogsources, .delete),
            ])
        case .jobs: reads ? .action(.jobs, .list) : .unknown
        case .job: reads ? .action(.jobs, .get) : .unknown
        case .jobCancel: method == "POST" ? .action(.jobs, .create) : .unknown
        }
    }

    /// The row of `/api/governance/*`, which knows the method only.
    private static func governanceRule(_ method: String) -> AccessRule {
        switch method {
        case "GET", "HEAD": .action(.approvals, .list)
        case "POST": .action(.approvals, .approve)
        case "PUT", "PATCH": .action(.approvals, .update)
        default: .action(.approvals, .get)
        }
    }

    private static func assetRule(_ method: String) -> AccessRule {
        switch method {
        case "POST": .action(.assets, .create)
        case "PUT", "PATCH": .action(.assets, .update)
        case "DELETE": .action(.assets, .delete)
        default: .unknown
        }
    }

    /// The rows of `*/management/*` that depend on the method only.
    private static func managementRule(_ method: String, post: AccessRule) -> AccessRule {
        switch method {
        case "GET", "HEAD": .action(.catalogsources, .get)
        case "POST": post
        case "DELETE": .action(.catalogsources, .delete)
        default: .unknown
        }
    }
}
