/// Gives the names of a filter expression their meaning and checks the types.
struct FilterBinder<Fields: FilterFields> {
    let fields: Fields
    let dialect: FilterDialect

    func bind(_ expression: FilterExpression) throws(RequestError) -> Predicate.Node {
        switch expression {
        case .and(let parts): .all(Self.flattened(try bindAll(parts)))
        case .or(let parts): .any(try bindAll(parts))
        case .comparison(let test):
            .test(
                try bind(
                    test.path, test.comparator, [test.literal], at: test.position, isList: false))
        case .membership(let test):
            .test(try bind(test.path, .equal, test.literals, at: test.position, isList: true))
        }
    }

    private func bindAll(_ parts: [FilterExpression]) throws(RequestError) -> [Predicate.Node] {
        var nodes: [Predicate.Node] = []
        for part in parts { nodes.append(try bind(part)) }
        return nodes
    }

    private static func flattened(_ nodes: [Predicate.Node]) -> [Predicate.Node] {
        nodes.flatMap { node in
            if case .all(let parts) = node { parts } else { [node] }
        }
    }

    private func bind(
        _ path: String, _ comparator: FilterExpression.Comparator, _ literals: [FilterLiteral],
        at position: Int, isList: Bool
    ) throws(RequestError) -> Predicate.Test {
        let subject: Predicate.Subject
        let rules: RuleBuilder
        switch fields.resolve(path) {
        case .field(let number, let type, let caseInsensitive):
            subject = .field(number)
            rules = RuleBuilder(
                path: path, position: position, dialect: dialect, type: type, onlyType: nil,
                foldsCase: caseInsensitive)
        case .custom(let name, let suffix):
            subject = .custom(name)
            rules = undeclared(path, suffix, at: position)
        case .artifact(let name, let suffix):
            subject = .artifact(name)
            rules = undeclared(path, suffix, at: position)
        }
        let rule =
            isList ? try rules.membership(literals) : try rules.rule(comparator, literals[0])
        return Predicate.Test(subject: subject, rule: rule)
    }

    private func undeclared(_ path: String, _ suffix: ValueType?, at position: Int) -> RuleBuilder {
        RuleBuilder(
            path: path, position: position, dialect: dialect, type: suffix?.filterType,
            onlyType: suffix, foldsCase: false)
    }
}

extension Predicate.Node {
    /// The tree with tests of artifacts that are joined by AND below one node, sharing one artifact.
    var groupingArtifacts: Predicate.Node {
        if concernsArtifactsOnly { return .someArtifact(self) }
        switch self {
        case .all(let parts):
            let shared = parts.filter(\.concernsArtifactsOnly)
            let others = parts.filter { !$0.concernsArtifactsOnly }.map(\.groupingArtifacts)
            return .all(shared.isEmpty ? others : others + [.someArtifact(.all(shared))])
        case .any(let parts): return .any(parts.map(\.groupingArtifacts))
        case .test, .someArtifact: return self
        }
    }

    private var concernsArtifactsOnly: Bool {
        switch self {
        case .all(let parts), .any(let parts): return parts.allSatisfy(\.concernsArtifactsOnly)
        case .someArtifact: return true
        case .test(let test):
            if case .artifact = test.subject { return true }
            return false
        }
    }
}

extension FilterExpression {
    /// Resolves names and checks types; throws `.badRequest` where a value cannot have the type.
    package func bind(
        to fields: some FilterFields, dialect: FilterDialect
    ) throws(RequestError) -> Predicate {
        let binder = FilterBinder(fields: fields, dialect: dialect)
        return Predicate(root: try binder.bind(self).groupingArtifacts)
    }
}
