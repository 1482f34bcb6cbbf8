/// Which statements one connection has prepared, and under which names.
///
/// A statement that the server no longer accepts gets a new name, so that a name that is gone,
/// taken or bound to an outdated plan never comes back.
struct StatementNames {
    private struct Entry {
        var generation = 0
        var isPrepared = false
        var text: String
    }

    private var entries: [Statement: Entry] = [:]

    /// Name to execute under, and whether it must be prepared first; nil when there are too many.
    mutating func name(of statement: Statement) -> (text: String, isNew: Bool)? {
        if let entry = entries[statement] {
            if entry.isPrepared { return (entry.text, false) }
        } else {
            guard entries.count < Limits.preparedStatementsPerConnection else { return nil }
        }
        var entry = entries[statement] ?? Entry(text: statement.name)
        entry.isPrepared = true
        entries[statement] = entry
        return (entry.text, true)
    }

    /// Notes that a statement is not prepared under its present name.
    mutating func forget(_ statement: Statement) {
        guard var entry = entries[statement] else { return }
        entry.isPrepared = false
        entry.generation += 1
        entry.text = "\(statement.name)_\(entry.generation)"
        entries[statement] = entry
    }
}
