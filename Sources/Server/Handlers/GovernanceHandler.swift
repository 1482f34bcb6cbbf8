import CatalogModel
import HTTPTypes
import Hummingbird
import WritePath

/// Governance of assets: what is said about them, their lifecycle, versions and approvals.
struct GovernanceHandler: Sendable {
    let store: GovernanceStore
    let log: AuditLog
    let rules: GovernanceRules

    func respond(to route: GovernanceRoute, _ exchange: Exchange) async throws -> Response {
        let namespace = exchange.namespace
        switch route {
        case .asset(let asset) where exchange.method == "PATCH":
            let overlay = try await exchange.object()
            let record = try await store.patch(asset, overlay, by: exchange.governanceActor())
            return .fresh(record.json)
        case .asset(let asset):
            return .fresh(try await store.record(of: asset, in: namespace).json)
        case .history(let asset): return try await history(of: asset, exchange)
        case .action(let asset, let name): return try await perform(name, asset, exchange)
        case .versions(let asset) where exchange.method == "POST":
            return try await createVersion(asset, exchange)
        case .versions(let asset):
            let page = try await store.versions(
                of: asset, in: namespace, size: exchange.pageSize,
                token: exchange.query["pageToken"])
            return .fresh(page.json("versions") { $0.json })
        case .bindings(let asset):
            let bindings = try await store.bindings(of: asset, in: namespace)
            return .fresh(["bindings": .array(bindings.map { .object($0.json) })])
        case .binding(let asset, let environment):
            return try await bind(asset, environment, exchange)
        case .approvals:
            let page = try await store.approvals(
                in: namespace, status: exchange.query.nonEmpty("status"),
                assetUID: exchange.query.nonEmpty("assetUid"), size: exchange.pageSize,
                token: exchange.query["pageToken"])
            return .fresh(page.json("requests") { $0.json })
        case .approval(let id):
            return .fresh(try await store.approval(id, in: namespace).json)
        case .decisions(let id): return try await decide(id, exchange)
        case .cancel(let id): return try await cancel(id, exchange)
        case .policies: return .fresh(["policies": .array(rules.policies.map(\.json))])
        }
    }

    private func history(
        of asset: AssetReference, _ exchange: Exchange
    ) async throws -> Response {
        let page = try await log.list(
            namespace: exchange.namespace, filter: AuditFilter(assetUID: asset.uid),
            pageSize: exchange.pageSize ?? 0, pageToken: exchange.query.nonEmpty("pageToken"))
        let keys = [
            "id", "correlationId", "eventType", "actor", "assetUid", "versionId", "action",
            "outcome", "reason", "oldValue", "newValue", "metadata", "createdAt",
        ]
        let events = page.events.map { event -> JSONValue in
            let all = event.json
            var shown = JSONObject()
            for key in keys { shown[key] = all[key] }
            return .object(shown)
        }
        return .fresh(
            .object(.page("events", events, page.nextPageToken, totalSize: page.totalSize)))
    }

    private func perform(
        _ name: String, _ asset: AssetReference, _ exchange: Exchange
    ) async throws -> Response {
        let body = try await exchange.object()
        let dryRun = body["dryRun"] ?? false
        guard dryRun.isNull || dryRun.boolValue != nil else {
            throw RequestError.badRequest("dryRun must be true or false")
        }
        let params = body["params"] ?? [:]
        guard params.isNull || params.objectValue != nil else {
            throw RequestError.badRequest("params must be an object")
        }
        let result = try await store.perform(
            name, params: params.objectValue ?? [:], dryRun: dryRun.boolValue ?? false, on: asset,
            by: exchange.governanceActor())
        return .fresh(result.json, status: result.status == .pendingApproval ? .accepted : .ok)
    }

    private func createVersion(
        _ asset: AssetReference, _ exchange: Exchange
    ) async throws -> Response {
        let body = try await exchange.object()
        let version = try await store.createVersion(
            of: asset, label: body.text("versionLabel"), reason: body.text("reason"),
            by: exchange.governanceActor())
        return .fresh(version.json, status: .created)
    }

    private func bind(
        _ asset: AssetReference, _ environment: String, _ exchange: Exchange
    ) async throws -> Response {
        let versionID = try await exchange.object().text("versionId")
        guard !versionID.isEmpty else { throw RequestError.badRequest("versionId is required") }
        let (binding, warnings) = try await store.bind(
            asset, environment: environment, versionID: versionID, by: exchange.governanceActor())
        var json = binding.json
        if !warnings.isEmpty { json["warnings"] = .strings(warnings) }
        return .fresh(.object(json))
    }

    private func decide(_ id: String, _ exchange: Exchange) async throws -> Response {
        let body = try await exchange.object()
        guard let verdict = ApprovalRequest.Verdict(rawValue: try body.text("verdict")) else {
            throw RequestError.badRequest("verdict must be \"approve\" or \"deny\"")
        }
        let decided = try await store.decide(
            id, verdict, comment: body.text("comment"), by: exchange.governanceActor())
        switch decided {
        case .executed(let result):
            return .fresh([
                "decision": "approved", "requestId": .string(id), "autoExecuted": true,
                "result": result.json,
            ])
        case .notExecuted(let reason):
            return .fresh([
                "decision": "approved", "requestId": .string(id), "autoExecuted": false,
                "error": .string(reason),
            ])
        case .denied:
            return .fresh(["decision": "denied", "requestId": .string(id)])
        case .waiting(let approvals, let denials, let required):
            return .fresh([
                "decision": .string(verdict.rawValue), "requestId": .string(id),
                "status": "pending", "approvesCount": .int(approvals),
                "deniesCount": .int(denials), "requiredCount": .int(required),
            ])
        }
    }

    private func cancel(_ id: String, _ exchange: Exchange) async throws -> Response {
        let reason = try await exchange.object().text("reason")
        try await store.cancel(id, reason: reason, by: exchange.governanceActor())
        return .fresh(["status": "canceled", "requestId": .string(id)])
    }
}

extension Exchange {
    /// Reads the body as one JSON object; throws `.badRequest` for anything else.
    fileprivate func object() async throws -> JSONObject {
        guard let object = try await json(limit: ServerLimits.governanceBodyBytes).value.objectValue
        else { throw RequestError.badRequest("the body must be a JSON object") }
        return object
    }

    fileprivate var pageSize: Int? { query["pageSize"].flatMap { Int($0) } }

    /// The actor's name is the principal's, else the role's, else `system`.
    fileprivate func governanceActor() throws(RequestError) -> GovernanceActor {
        let name = [identity.principal, identity.role].first { !$0.isEmpty } ?? "system"
        guard name.utf8.count <= ServerLimits.userBytes else {
            throw .badRequest("X-User-Principal exceeds \(ServerLimits.userBytes) bytes")
        }
        return GovernanceActor(
            name: name, roles: Set(identity.groups + [identity.role]).subtracting([""]),
            context: writeContext)
    }
}

extension Response {
    /// An answer that is never kept by anybody.
    fileprivate static func fresh(
        _ value: JSONValue, status: HTTPResponse.Status = .ok
    ) -> Response {
        .json(value, status: status, headers: [.cacheControl: "no-store"])
    }
}

extension JSONObject {
    /// An optional text of a body; throws `.badRequest` for another type and for one too long.
    fileprivate func text(_ key: String) throws(RequestError) -> String {
        guard let value = self[key], !value.isNull else { return "" }
        guard let text = value.stringValue, text.utf8.count <= WriteLimits.governanceTextBytes
        else { throw .badRequest("\(key) must be a string of usual length") }
        return text
    }

    fileprivate static func page(
        _ key: String, _ items: [JSONValue], _ token: String?, totalSize: Int
    ) -> JSONObject {
        var json: JSONObject = [key: .array(items)]
        json["nextPageToken"] = token.map { .string($0) }
        json["totalSize"] = .int(totalSize)
        return json
    }
}

extension GovernancePage {
    fileprivate func json(_ key: String, _ item: (Item) -> JSONValue) -> JSONValue {
        .object(.page(key, items.map(item), nextPageToken, totalSize: totalSize))
    }
}
