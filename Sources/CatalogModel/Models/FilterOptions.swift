/// By which properties, and between which bounds, clients can filter a collection of models.
///
/// Collects from entities in any order; holds at most `CatalogLimits.optionValues` texts a property.
package struct FilterOptions: Sendable {
    /// Properties of artifacts that clients do not choose by.
    private static let hiddenProperties: Set<String> = ["metricsType", "model_id"]
    /// Known properties of models that clients choose by.
    private static let fieldNames = [
        "description", "owner", "state", "language", "library_name", "license", "maturity",
        "provider", "readme", "tasks",
    ]

    private struct Range {
        var low: Double
        var high: Double
    }

    private let fields: [(name: String, number: Int)]
    /// The values of each text property; nil once they are too many or too long to choose from.
    private var texts: [String: Set<String>?] = [:]
    private var ranges: [String: Range] = [:]

    /// Starts without entities.
    package init(kind: KindDefinition) {
        fields = Self.fieldNames.compactMap { name in
            kind.fieldNumber(named: name).map { (name, $0) }
        }
    }

    /// Takes the properties of one entity; linear in their number.
    package mutating func add(
        _ record: some FilterRecord, customProperties: JSONObject?, artifacts: [JSONValue]
    ) {
        for field in fields { add(record.value(ofField: field.number), field.name, suffix: false) }
        add(customProperties, prefix: "", hiding: [])
        for artifact in artifacts {
            add(
                artifact["customProperties"]?.objectValue, prefix: "artifacts.",
                hiding: Self.hiddenProperties)
        }
    }

    private mutating func add(_ properties: JSONObject?, prefix: String, hiding: Set<String>) {
        for member in properties?.members ?? [] where !hiding.contains(member.key) {
            add(FieldValue(property: member.value), prefix + member.key, suffix: true)
        }
    }

    private mutating func add(_ value: FieldValue, _ name: String, suffix: Bool) {
        func key(_ type: ValueType) -> String { suffix ? "\(name).\(type.rawValue)" : name }
        switch value {
        case .missing, .boolean: break
        case .string(let text): add([text], key(.string))
        case .strings(let texts): add(texts, key(.array))
        case .integer(let number): add(Double(number), key(.integer))
        case .double(let number): add(number, key(.double))
        }
    }

    private mutating func add(_ number: Double, _ key: String) {
        guard number.isFinite else { return }
        let known = ranges[key] ?? Range(low: number, high: number)
        ranges[key] = Range(low: min(known.low, number), high: max(known.high, number))
    }

    private mutating func add(_ values: [String], _ key: String) {
        for value in values {
            // Already found to be nothing to choose from.
            if let known = texts[key], known == nil { return }
            if !Self.isShort(value) {
                texts[key] = .some(nil)
                return
            }
            var known = (texts[key] ?? nil) ?? []
            texts[key] = .some(nil)
            known.insert(value)
            if known.count < CatalogLimits.optionValues { texts[key] = known }
        }
    }

    private static func isShort(_ text: String) -> Bool {
        text.utf8.count <= CatalogLimits.optionLength
            || text.unicodeScalars.count <= CatalogLimits.optionLength
    }

    /// The answer, its properties in the order of their names.
    ///
    /// A named query's value `min` or `max` becomes that bound of the range of its property.
    package func json(namedQueries: JSONObject) -> JSONObject {
        var members: [JSONObject.Member] = []
        for (key, values) in texts {
            guard let values, !values.isEmpty else { continue }
            let sorted = values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            members.append(.init(key: key, value: ["type": "string", "values": .strings(sorted)]))
        }
        for (key, range) in ranges {
            let bounds: JSONValue = ["min": .double(range.low), "max": .double(range.high)]
            members.append(.init(key: key, value: ["type": "number", "range": bounds]))
        }
        members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        var answer: JSONObject = ["filters": .object(JSONObject(distinct: members))]
        if !namedQueries.isEmpty {
            answer["namedQueries"] = .object(resolved(namedQueries))
        }
        return answer
    }

    private func resolved(_ queries: JSONObject) -> JSONObject {
        var queries = queries
        for query in queries.members {
            var conditions = query.value.objectValue ?? JSONObject()
            for condition in conditions.members {
                guard var parts = condition.value.objectValue,
                    let bound = bound(parts["value"]?.stringValue, of: condition.key)
                else { continue }
                parts["value"] = .double(bound)
                conditions[condition.key] = .object(parts)
            }
            queries[query.key] = .object(conditions)
        }
        return queries
    }

    private func bound(_ word: String?, of property: String) -> Double? {
        guard word == "min" || word == "max" else { return nil }
        let names = [property, "artifacts.\(property)"].flatMap { name in
            [name, "\(name).\(ValueType.double.rawValue)", "\(name).\(ValueType.integer.rawValue)"]
        }
        guard let range = names.lazy.compactMap({ ranges[$0] }).first else { return nil }
        return word == "min" ? range.low : range.high
    }
}
