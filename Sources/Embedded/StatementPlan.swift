/// What a session does for one statement of the store.
enum StatementPlan: Sendable {
    case begin(isReadOnly: Bool)
    case commit
    case rollback
    /// SAVEPOINT, RELEASE and ROLLBACK TO, in words that both languages share.
    case savepoint(String, endsFailure: Bool)
    case listen(channel: String)
    /// What only several servers or processes need.
    case nothing
    case run([Text])
    /// Several statements without parameters, such as a step of the schema.
    case script(String)

    /// One text of SQLite.
    struct Text: Sendable {
        let sql: String
        /// Parameters that it takes.
        let parameters: Int
        let writes: Bool
    }

    var writes: Bool {
        switch self {
        case .run(let texts): texts.contains(where: \.writes)
        case .script: true
        default: false
        }
    }
}
