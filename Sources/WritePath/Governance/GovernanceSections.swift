import CatalogModel

/// What a PATCH may say about an asset: typed sections, each replaced as a whole.
enum GovernanceSections {
    private enum Shape {
        case text, whole, texts, time
        case choice([String])
    }

    /// The sections in the order of the answer, with their fields.
    private static let shapes: [(section: String, fields: [(name: String, shape: Shape)])] = [
        ("owner", [("principal", .text), ("displayName", .text), ("email", .text)]),
        ("team", [("name", .text), ("id", .text)]),
        (
            "sla",
            [("tier", .choice(["gold", "silver", "bronze", "none"])), ("responseHours", .whole)]
        ),
        ("risk", [("level", .choice(riskLevels)), ("categories", .texts)]),
        (
            "intendedUse",
            [("summary", .text), ("environments", .texts), ("restrictions", .texts)]
        ),
        ("compliance", [("tags", .texts), ("controls", .texts)]),
        ("audit", [("lastReviewedAt", .time), ("reviewCadenceDays", .whole)]),
    ]
    static let riskLevels = ["low", "medium", "high", "critical"]
    static let defaultRisk = "medium"

    /// Every section but the lifecycle, in the order of the answer.
    static let names = shapes.map(\.section)

    /// Reads the sections of an overlay; those that are absent or null stay as they are.
    ///
    /// Unknown sections and fields are ignored. Throws `.badRequest` for a value of the wrong type.
    static func read(_ overlay: JSONObject) throws(RequestError) -> JSONObject {
        var sections = JSONObject()
        for (section, fields) in shapes {
            guard let value = overlay[section], !value.isNull else { continue }
            guard let object = value.objectValue else {
                throw .badRequest("\(section) must be an object")
            }
            var kept = JSONObject()
            for (name, shape) in fields {
                guard let value = object[name], !value.isNull, value != "" else { continue }
                if let objection = objection(to: value, shape) {
                    throw .badRequest("\(section).\(name) \(objection)")
                }
                kept[name] = value
            }
            if section == "risk", kept["level"] == nil {
                kept["level"] = .string(defaultRisk)
            }
            sections[section] = .object(kept)
        }
        return sections
    }

    private static func objection(to value: JSONValue, _ shape: Shape) -> String? {
        switch shape {
        case .text: value.stringValue == nil ? "must be a string" : nil
        case .whole: (value.intValue ?? -1) < 0 ? "must be a whole number from 0" : nil
        case .texts:
            value.arrayValue?.allSatisfy { $0.stringValue != nil } == true
                ? nil : "must be an array of strings"
        case .time:
            value.stringValue.flatMap({ Timestamp($0) }) == nil
                ? "must be a time such as 2025-01-15T08:30:00Z" : nil
        case .choice(let choices):
            choices.contains(value.stringValue ?? "")
                ? nil : "must be one of \(choices.joined(separator: ", "))"
        }
    }
}
