/// Compares JSON values with declared shapes and collects what does not fit.
struct ShapeChecker {
    private(set) var errors: [FieldError] = []

    mutating func report(_ path: String, _ message: String) {
        errors.append(FieldError(path: path, message: message))
    }

    func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Checks a value; null stands for an absent one and is the caller's concern.
    mutating func check(
        _ value: JSONValue, _ type: FieldType, allowing allowed: [String] = [],
        keys: [NestedKey]? = nil, _ path: String
    ) {
        guard Self.fits(value, type) else {
            report(path, "expected \(type.expectation), found \(Self.word(for: value))")
            return
        }
        if !allowed.isEmpty, let text = value.stringValue, !allowed.contains(text) {
            let list = allowed.joined(separator: ", ")
            report(path, "must be one of \(list), found \"\(text)\"")
        }
        switch type {
        case .stringArray: checkElements(of: value, .string, path)
        case .objectArray: checkElements(of: value, .object, keys: keys, path)
        case .object: checkMembers(of: value, keys, path)
        case .metadata: checkMetadata(value, path)
        case .string, .integer, .double, .boolean, .array, .timestamp, .any: break
        }
    }

    private mutating func checkElements(
        of value: JSONValue, _ type: FieldType, keys: [NestedKey]? = nil, _ path: String
    ) {
        for (index, element) in (value.arrayValue ?? []).enumerated() {
            check(element, type, keys: keys, "\(path)[\(index)]")
        }
    }

    private mutating func checkMembers(of value: JSONValue, _ keys: [NestedKey]?, _ path: String) {
        guard let keys, let object = value.objectValue else { return }
        for member in object.members {
            let memberPath = join(path, member.key)
            guard let key = keys.first(where: { $0.name == member.key }) else {
                report(memberPath, "unknown field")
                continue
            }
            if member.value == .null { continue }
            check(member.value, key.type, allowing: key.allowedValues, memberPath)
        }
    }

    private mutating func checkMetadata(_ value: JSONValue, _ path: String) {
        for member in value.objectValue?.members ?? [] {
            let memberPath = join(path, member.key)
            if let objection = MetadataShape.objection(to: member.value) {
                report(memberPath, objection)
            }
        }
    }

    private static func fits(_ value: JSONValue, _ type: FieldType) -> Bool {
        switch (type, value) {
        case (.any, _), (.string, .string), (.boolean, .bool), (.double, .number): true
        case (.integer, .number(let number)): number.int != nil
        case (.stringArray, .array), (.objectArray, .array), (.array, .array): true
        case (.object, .object), (.metadata, .object): true
        case (.timestamp, .string(let text)): Int64(text) != nil
        default: false
        }
    }

    /// The word for the type of a value that was found.
    static func word(for value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .number(let number): number.int == nil ? "number" : "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
