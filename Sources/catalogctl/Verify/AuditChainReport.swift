import CatalogModel

/// What a server said about the audit chain of a namespace, or why it said nothing.
struct AuditChainReport: Sendable {
    let namespace: String
    /// The server's answer; nil where there is none.
    var verdict: JSONValue?
    /// Why there is no answer.
    var problem = ""

    /// Whether the chain was checked and is not right; an answer that does not say so is not, either.
    var isBroken: Bool {
        guard let verdict else { return false }
        return verdict["valid"] != true
    }

    /// The result for people.
    var line: String {
        guard let verdict else {
            let name = namespace.isEmpty ? "" : "\(namespace): "
            return "UNCHECKED  \(name)\(problem.filter { !$0.isNewline })"
        }
        let checked = verdict["checked"]?.intValue ?? 0
        guard isBroken else {
            let sequence = verdict.value(at: "head.sequence")?.intValue ?? 0
            let hash = verdict.value(at: "head.hash")?.stringValue ?? ""
            return "\(namespace): \(checked) events intact, the last is \(sequence) \(hash)"
        }
        let sequence = verdict.value(at: "firstBroken.sequence")?.intValue
        let id = verdict.value(at: "firstBroken.id")?.stringValue
        let place = [sequence.map { "event \($0)" }, id].compactMap(\.self)
        let reason = verdict.value(at: "firstBroken.reason")?.stringValue ?? "no reason given"
        return "BROKEN  \(namespace): after \(checked) intact events: "
            + (place + [reason]).joined(separator: ": ")
    }

    /// The result for programs: the server's answer with the namespace.
    var json: JSONValue {
        var object = verdict?.objectValue ?? ["problem": .string(problem)]
        object["namespace"] = .string(namespace)
        return .object(object)
    }
}
