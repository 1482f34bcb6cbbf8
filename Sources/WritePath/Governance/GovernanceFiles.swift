import CatalogModel

/// Reads the files by which an operator configures governance.
package enum GovernanceFiles {
    /// Reads `governance.yaml` into the rules; false if there is no such file.
    ///
    /// Blocks on the file system. Throws every problem found, each with its line.
    package static func load(
        settings path: String, into rules: inout GovernanceRules
    ) throws(LoadError) -> Bool {
        guard let text = try textIfThere(path) else { return false }
        var reader = FieldReader(file: path)
        for member in try members(text, path, &reader) {
            switch member.key {
            case "apiVersion", "kind": break
            case "environments":
                let names = reader.strings(member, path: "environments") ?? []
                if names.isEmpty {
                    reader.add(.invalidField, at: member.position, "environments must not be empty")
                } else {
                    rules.environments = names
                }
            case "trustedSources":
                rules.trustedSources = reader.strings(member, path: "trustedSources") ?? []
            case "auditRetention":
                for field in reader.map(member, path: "auditRetention") ?? [] {
                    guard field.key == "days" else {
                        reader.checkKeys(of: [field], in: "auditRetention", known: ["days"])
                        continue
                    }
                    rules.auditRetentionDays = reader.whole(
                        field, path: "auditRetention.days", in: 0...36_500)
                }
            default:
                reader.checkKeys(
                    of: [member], in: "",
                    known: ["environments", "trustedSources", "auditRetention"])
            }
        }
        try reader.problems.check()
        return true
    }

    /// Reads `approval-policies.yaml` into the rules; false if there is no such file.
    ///
    /// Blocks on the file system. Throws every problem found, each with its line.
    package static func load(
        policies path: String, into rules: inout GovernanceRules
    ) throws(LoadError) -> Bool {
        guard let text = try textIfThere(path) else { return false }
        var reader = FieldReader(file: path)
        var policies: [ApprovalPolicy] = []
        for member in try members(text, path, &reader) {
            switch member.key {
            case "apiVersion", "kind": break
            case "policies":
                for (index, node) in (reader.list(member, path: "policies") ?? []).enumerated() {
                    if let policy = policy(node, "policies[\(index)]", &reader) {
                        policies.append(policy)
                    }
                }
            default: reader.checkKeys(of: [member], in: "", known: ["policies"])
            }
        }
        if Set(policies.map(\.id)).count < policies.count {
            reader.add(.duplicateName, at: nil, "two policies have the same id")
        }
        try reader.problems.check()
        rules.policies = policies
        return true
    }

    private static func textIfThere(_ path: String) throws(LoadError) -> String? {
        SourceText.exists(path) ? try SourceText.read(path) : nil
    }

    private static func members(
        _ text: String, _ file: String, _ reader: inout FieldReader
    ) throws(LoadError) -> [YAMLNode.Member] {
        let root = try YAMLDocument.parse(text, file: file)
        if let members = root.members { return members }
        if root.value != .null {
            reader.add(
                .invalidField, at: root.position, "the file must be a map; found \(root.typeName)")
        }
        return []
    }

    private static func policy(
        _ node: YAMLNode, _ path: String, _ reader: inout FieldReader
    ) -> ApprovalPolicy? {
        guard let members = node.members, let id = node.member("id")?.value.string, !id.isEmpty
        else {
            reader.add(.missingField, at: node.position, "\(path) needs an id")
            return nil
        }
        var policy = ApprovalPolicy(id: id)
        policy.displayName = id
        for member in members {
            let place = "\(path).\(member.key)"
            switch member.key {
            case "id": break
            case "displayName": policy.displayName = reader.string(member, path: place) ?? id
            case "description": policy.description = reader.string(member, path: place) ?? ""
            case "enabled": policy.isEnabled = reader.bool(member, path: place) ?? true
            case "selector": select(member, place, &policy, &reader)
            case "gate": gate(member, place, &policy, &reader)
            case "expiryHours":
                let hours = reader.whole(member, path: place, in: 0...876_000) ?? 0
                policy.expiryHours = hours == 0 ? nil : hours
            default:
                reader.checkKeys(
                    of: [member], in: path,
                    known: [
                        "id", "displayName", "description", "enabled", "selector", "gate",
                        "expiryHours",
                    ])
            }
        }
        return policy
    }

    private static func select(
        _ member: YAMLNode.Member, _ path: String, _ policy: inout ApprovalPolicy,
        _ reader: inout FieldReader
    ) {
        for field in reader.map(member, path: path) ?? [] {
            let place = "\(path).\(field.key)"
            switch field.key {
            case "plugins": policy.plugins = reader.strings(field, path: place) ?? []
            case "kinds": policy.kinds = reader.strings(field, path: place) ?? []
            case "riskLevels": policy.riskLevels = reader.strings(field, path: place) ?? []
            case "transitions":
                for node in reader.list(field, path: place) ?? [] {
                    let states = LifecycleState.allCases.map(\.rawValue) + ["*"]
                    guard let from = node.member("from")?.value.string, states.contains(from),
                        let to = node.member("to")?.value.string, states.contains(to)
                    else {
                        reader.add(
                            .invalidField, at: node.position,
                            "\(place) needs from and to: \(states.joined(separator: ", "))")
                        continue
                    }
                    policy.transitions.append(ApprovalPolicy.Transition(from: from, to: to))
                }
            default:
                reader.checkKeys(
                    of: [field], in: path,
                    known: ["plugins", "kinds", "riskLevels", "transitions"])
            }
        }
    }

    private static func gate(
        _ member: YAMLNode.Member, _ path: String, _ policy: inout ApprovalPolicy,
        _ reader: inout FieldReader
    ) {
        for field in reader.map(member, path: path) ?? [] {
            let place = "\(path).\(field.key)"
            switch field.key {
            case "requiredCount":
                policy.requiredCount = reader.whole(field, path: place, in: 1...100) ?? 1
            case "allowedRoles": policy.allowedRoles = reader.strings(field, path: place) ?? []
            case "denyOnFirst": policy.deniesOnFirst = reader.bool(field, path: place) ?? false
            default:
                reader.checkKeys(
                    of: [field], in: path,
                    known: ["requiredCount", "allowedRoles", "denyOnFirst"])
            }
        }
    }
}

extension FieldReader {
    /// A whole number within bounds.
    fileprivate mutating func whole(
        _ member: YAMLNode.Member, path: String, in range: ClosedRange<Int>
    ) -> Int? {
        if case .number(let number) = member.value.value, let value = number.int,
            range.contains(Int(value))
        {
            return Int(value)
        }
        add(
            .invalidField, at: member.value.position,
            "\(path) must be a number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }
}
