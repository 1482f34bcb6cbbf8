/// The names that filters and ordering use.
extension KindDefinition: FilterFields {
    /// What a property's name, without a type suffix, stands for.
    enum Property {
        case declared(Int)
        case custom(String)
        case artifact(String)
    }

    /// Finds the meaning of a property's full name, suffix included; a dictionary look-up or two.
    ///
    /// What is not declared counts as a custom property, so that no name is an error.
    package func resolve(_ path: String) -> FilterField {
        if let number = fieldNumber(named: path), let type = filterType(number) {
            return filterField(number, type)
        }
        let (name, suffix) = ValueType.split(path)
        switch property(name) {
        case .declared(let number):
            guard let type = filterType(number) else { break }
            // An array stays one: its elements have the suffix's type, and no index finds them.
            return filterField(number, type == .stringArray ? type : suffix?.filterType ?? type)
        case .custom(let name): return .custom(name: name, suffix: suffix)
        case .artifact(let name): return .artifact(name: name, suffix: suffix)
        }
        return .custom(name: name, suffix: suffix)
    }

    func property(_ name: String) -> Property {
        if let number = fieldNumber(named: name) { return .declared(number) }
        if hasTypedProperties, let rest = Self.rest(of: name, after: "artifacts.") {
            return .artifact(rest)
        }
        return .custom(Self.rest(of: name, after: "customProperties.") ?? name)
    }

    private func filterField(_ number: Int, _ type: FilterType) -> FilterField {
        .field(number, type, caseInsensitive: convention.filterDialect == .catalog)
    }

    private func filterType(_ number: Int) -> FilterType? {
        let field = fields[number]
        return field.filterable ? field.type.filterType : nil
    }

    private static func rest(of name: String, after prefix: String) -> String? {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }
}
