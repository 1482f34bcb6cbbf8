/// What a request does, in the words of the cluster's roles: a verb on a resource.
struct AccessAction: Hashable, Sendable, CustomStringConvertible {
    /// The resources of the API group `catalog.kubeflow.org`.
    enum Resource: String, Sendable, CaseIterable {
        case plugins, capabilities, catalogsources, assets, actions, jobs, approvals, audit
    }

    /// The verbs that roles grant.
    enum Verb: String, Sendable, CaseIterable {
        case get, list, create, update, delete, execute, approve
    }

    /// The API group that roles name.
    static let group = "catalog.kubeflow.org"

    let resource: Resource
    let verb: Verb

    init(_ resource: Resource, _ verb: Verb) {
        self.resource = resource
        self.verb = verb
    }

    /// As it stands in refusals and logs, such as `catalogsources/create`.
    var description: String { "\(resource.rawValue)/\(verb.rawValue)" }
}
