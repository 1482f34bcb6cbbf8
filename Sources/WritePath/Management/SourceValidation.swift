package import CatalogModel

/// What is wrong with a source that a client sent, layer by layer.
package struct SourceValidation: Sendable, Hashable {
    /// One thing that is wrong, and the member of the body it is about.
    package struct Issue: Sendable, Hashable {
        package let field: String?
        package let message: String

        /// Describes a problem.
        package init(_ field: String?, _ message: String) {
            self.field = field
            self.message = message
        }

        /// The issue as clients see it.
        package var json: JSONValue {
            var object = JSONObject()
            object["field"] = field.map { .string($0) }
            object["message"] = .string(message)
            return .object(object)
        }
    }

    /// The layers in the order in which they are checked.
    package enum Layer: String, Sendable, CaseIterable {
        case yamlParse = "yaml_parse"
        case strictFields = "strict_fields"
        case semantic
        case securityWarnings = "security_warnings"
        case provider
    }

    package private(set) var layers: [(layer: Layer, errors: [Issue])] = []
    package private(set) var warnings: [Issue] = []

    /// Everything that is wrong.
    package var errors: [Issue] { layers.flatMap(\.errors) }
    package var isValid: Bool { errors.isEmpty }

    /// `DetailedValidationResult` of the contract.
    package var json: JSONValue {
        [
            "valid": .bool(isValid), "errors": .array(errors.map(\.json)),
            "warnings": .array(warnings.map(\.json)),
            "layerResults": .array(
                layers.map { layer, errors in
                    [
                        "layer": .string(layer.rawValue), "valid": .bool(errors.isEmpty),
                        "errors": .array(errors.map(\.json)),
                    ]
                }),
        ]
    }

    package static func == (left: SourceValidation, right: SourceValidation) -> Bool {
        left.json == right.json
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(json) }

    /// Checks a definition; `loaded` is what its provider said of it, nil for nothing wrong.
    ///
    /// A content that is no YAML ends the checks, as nothing else could be said of it.
    package init(_ definition: SourceDefinition, provider failure: LoadError?) {
        let problems = failure?.problems ?? []
        let hasContent = (definition.properties["content"] ?? .null) != .null
        let syntax = problems.filter { hasContent && Self.isSyntax($0.code) }
        layers.append((.yamlParse, syntax.map { Self.issue($0, hasContent) }))
        guard syntax.isEmpty else { return }
        let strict = problems.filter(Self.isStrict)
        layers.append((.strictFields, strict.map { Self.issue($0, hasContent) }))
        layers.append((.semantic, Self.semanticIssues(definition)))
        layers.append((.securityWarnings, []))
        warnings = Self.sensitiveTexts(definition.properties, "properties")
        let rest = problems.filter { !Self.isStrict($0) }
        layers.append((.provider, rest.map { Self.issue($0, hasContent) }))
    }

    /// Everything that the provider alone objects to, for clients that ask for nothing more.
    package static func providerIssues(_ failure: LoadError?) -> [Issue] {
        (failure?.problems ?? []).map { issue($0, $0.position != nil) }
    }

    private static func isSyntax(_ code: LoadError.Code) -> Bool {
        [.yamlSyntax, .duplicateKey, .unsupportedYAML, .tooLarge].contains(code)
    }

    private static func isStrict(_ problem: LoadError.Problem) -> Bool {
        problem.code == .unknownField
            || (problem.code == .invalidEntity && problem.text.contains("unknown field"))
    }

    private static func issue(_ problem: LoadError.Problem, _ hasContent: Bool) -> Issue {
        switch problem.code {
        case .unsupportedType: Issue("type", problem.text)
        case .invalidField where problem.position == nil,
            .missingField where problem.position == nil:
            Issue("properties", problem.text)
        default:
            Issue(hasContent ? "properties.content" : "properties", problem.description)
        }
    }

    private static func semanticIssues(_ definition: SourceDefinition) -> [Issue] {
        var issues: [Issue] = []
        if definition.id.isEmpty {
            issues.append(Issue("id", "id is required"))
        } else if definition.id == SourceRecord.reservedID {
            issues.append(Issue("id", "id \"\(definition.id)\" is reserved"))
        } else {
            do throws(RequestError) {
                try SourceID.validate(definition.id)
            } catch {
                issues.append(Issue("id", error.message))
            }
        }
        if definition.name.isEmpty {
            issues.append(Issue("name", "name is required"))
        } else if definition.name.count > SourceLimits.sourceNameLength {
            issues.append(
                Issue("name", "name exceeds \(SourceLimits.sourceNameLength) characters"))
        }
        if definition.type.isEmpty { issues.append(Issue("type", "type is required")) }
        return issues
    }

    private static func sensitiveTexts(_ properties: JSONObject, _ path: String) -> [Issue] {
        properties.members.flatMap { member -> [Issue] in
            let path = "\(path).\(member.key)"
            switch member.value {
            case .object(let object): return sensitiveTexts(object, path)
            case .string(let text) where SecretRedaction.isSensitive(member.key) && !text.isEmpty:
                return [
                    Issue(
                        path,
                        "\(member.key) is given in plain text; refer to a Kubernetes Secret instead"
                    )
                ]
            default: return []
            }
        }
    }
}
