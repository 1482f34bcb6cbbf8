/// What a list is ordered by.
package enum SortField: Sendable, Hashable {
    /// A declared field, by its number.
    case field(Int)
    case id
    /// A declared field that was asked for by its type: absent values come last either way.
    case typedField(Int)
    /// A typed metadata property of the entity.
    case custom(name: String, type: ValueType)
    /// A typed property of the entity's artifacts: the least ascending, the greatest descending.
    case artifact(name: String, type: ValueType)
    /// The lowest latency among the recommended deployments of a model.
    case recommendation(PerformanceOptions)
}

extension KindDefinition {
    /// The order a client asked for, or the list's own if it named none or none that exists.
    package func ordering(_ key: String?) -> SortField {
        guard let key, !key.isEmpty else { return order(convention.defaultOrder) }
        return sortField(key) ?? order(convention.unknownOrder)
    }

    /// Resolves a client's `orderBy`; nil for a key that names nothing sortable.
    package func sortField(_ key: String) -> SortField? {
        if convention.hasOrderNames, let named = namedOrder(key) { return named }
        if let number = fieldNumber(named: key) {
            let field = fields[number]
            guard field.sortable else { return nil }
            return field.origin == .id ? .id : .field(number)
        }
        return hasTypedProperties ? propertyOrder(key) : nil
    }

    private func order(_ order: ListConvention.Order) -> SortField {
        switch order {
        case .id: .id
        case .name: fieldNumber(named: "name").map(SortField.field) ?? .id
        }
    }

    private func namedOrder(_ key: String) -> SortField? {
        switch key {
        case "ID": .id
        case "NAME": order(.name)
        case "CREATE_TIME": rowOrder(.createTime)
        case "LAST_UPDATE_TIME": rowOrder(.updateTime)
        case "ACCURACY" where hasTypedProperties:
            .artifact(name: "overall_average", type: .double)
        default: nil
        }
    }

    private func rowOrder(_ origin: FieldDefinition.Origin) -> SortField? {
        fields.firstIndex { $0.origin == origin }.map(SortField.field)
    }

    /// Resolves `<property>.<type>` and `artifacts.<property>.<type>`.
    private func propertyOrder(_ key: String) -> SortField? {
        let (name, suffix) = ValueType.split(key)
        guard let type = suffix, [.string, .integer, .double].contains(type) else { return nil }
        switch property(name) {
        case .declared(let number):
            guard fields[number].sortable else { return nil }
            return fields[number].origin == .id ? .id : .typedField(number)
        case .custom(let name): return name.isEmpty ? nil : .custom(name: name, type: type)
        case .artifact(let name): return name.isEmpty ? nil : .artifact(name: name, type: type)
        }
    }
}
