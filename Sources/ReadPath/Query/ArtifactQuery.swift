package import CatalogModel

/// A request for the artifacts of one model, checked.
package struct ArtifactQuery: Sendable {
    /// Which artifacts a path has.
    package enum Scope: String, Sendable {
        case all, performance
    }

    private enum Order: Hashable, Sendable {
        case id
        case known(String)
        case property(String, ValueType)
    }

    package let model: String
    package let source: String
    private let scope: Scope
    private let types: Set<String>
    private let predicate: Predicate?
    private let performance: PerformanceOptions
    private let order: Order
    private let list: MemoryList

    /// Checks the query parameters; throws `.badRequest` as the contract says.
    package init(
        model: String, source: String, in namespace: Namespace, _ scope: Scope,
        _ parameters: QueryParameters
    ) throws(RequestError) {
        self.model = model
        self.source = source
        self.scope = scope
        types = scope == .all ? try Self.types(parameters) : []
        performance =
            scope == .performance ? try PerformanceOptions(parameters) : PerformanceOptions()
        order = try Self.order(parameters["orderBy"])
        let filter = try FilterExpression.parse(parameters["filterQuery"] ?? "", dialect: .full)
        predicate = try filter?.bind(to: ArtifactFields(), dialect: .full)
        list = try MemoryList(
            parameters,
            identity: [
                namespace.name, "artifacts", scope.rawValue, source, model,
                filter?.description ?? "", types.sorted().joined(separator: ","), "\(order)",
                "\(performance)",
            ])
    }

    private static func types(_ parameters: QueryParameters) throws(RequestError) -> Set<String> {
        let types = parameters.list("artifactType") + parameters.list("artifact_type")
        for type in types where !ArtifactShape.types.contains(type) {
            throw .badRequest("unsupported artifact type: \(type)")
        }
        return Set(types)
    }

    private static func order(_ key: String?) throws(RequestError) -> Order {
        switch key {
        case nil, "", "ID", "id": return .id
        case "NAME", "name": return .known("name")
        case "CREATE_TIME", "createTimeSinceEpoch": return .known("createTimeSinceEpoch")
        case "LAST_UPDATE_TIME", "lastUpdateTimeSinceEpoch":
            return .known("lastUpdateTimeSinceEpoch")
        case .some(let key):
            // A word that names nothing is no error, as in other lists; a wrong type is.
            guard let dot = key.lastIndex(of: ".") else { return .id }
            guard let type = ValueType(rawValue: String(key[key.index(after: dot)...])),
                [.string, .integer, .double].contains(type)
            else {
                throw .badRequest("unsupported orderBy type in \"\(key)\"")
            }
            let prefix = "customProperties."
            let name = String(key[..<dot])
            return .property(
                name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name, type)
        }
    }

    /// The page of the model's artifacts in its envelope; throws `.badRequest` for a property that
    /// the client named and no artifact has.
    package func rendered(_ artifacts: [Artifact]) throws(RequestError) -> [UInt8] {
        var artifacts = artifacts
        if scope == .performance {
            artifacts = artifacts.filter(\.isPerformance)
            try performance.check(artifacts)
        }
        if !types.isEmpty { artifacts = artifacts.filter { types.contains($0.type) } }
        if let predicate { artifacts = artifacts.filter { predicate.matches($0) } }
        if performance.load != nil { artifacts = serving(artifacts) }
        return list.rendered(
            artifacts.map { artifact in
                MemoryList.Item(
                    sortKey: sortKey(of: artifact), id: artifact.id,
                    body: JSONValue.object(artifact.body).encoded)
            })
    }

    /// The artifacts with their replicas, narrowed to those recommended if that was asked.
    private func serving(_ artifacts: [Artifact]) -> [Artifact] {
        let deployments = artifacts.map { Deployment($0, performance) }
        let positions =
            performance.recommends
            ? Recommendation.positions(deployments) : Array(deployments.indices)
        return positions.map { artifacts[$0].serving(deployments[$0]) }
    }

    private func sortKey(of artifact: Artifact) -> SortKey {
        switch order {
        case .id: list.sortKey(.missing)
        case .known(let name): list.sortKey(artifact.value(name))
        case .property(let name, let type):
            list.sortKey(artifact.value(name).narrowed(to: type))
        }
    }
}
