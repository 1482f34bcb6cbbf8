import GRDB
import Postgres

/// Runs the statements of one segment on the queue of its connection, with the rules of Postgres:
/// they succeed or fail as one, and in a block nothing goes on after a failure.
struct SegmentRunner {
    struct Outcome: Sendable {
        let result: Result<[Rows], PostgresError>
        let transaction: TransactionState
        let notifications: [(channel: String, payload: String)]
    }

    let db: Database
    let values: SessionValues
    let store: EmbeddedStore
    let session: UInt64
    var transaction: TransactionState
    /// A transaction that nobody has begun lasts for the segment.
    private var isImplicit = false
    /// Whether a transaction that nobody has begun may write: then the session has the turn.
    private var mayWrite = false
    private var notifications: [(channel: String, payload: String)] = []

    init(
        db: Database, values: SessionValues, store: EmbeddedStore, session: UInt64,
        transaction: TransactionState
    ) {
        self.db = db
        self.values = values
        self.store = store
        self.session = session
        self.transaction = transaction
    }

    mutating func run(_ segment: Segment) -> Outcome {
        mayWrite = segment.needsTurn(in: transaction)
        var answers: [Rows] = []
        let result: Result<[Rows], PostgresError>
        do {
            for step in segment.steps { answers.append(try perform(step.plan, step.parameters)) }
            if isImplicit { _ = try end(committing: true) }
            result = .success(answers)
        } catch {
            fail()
            result = .failure(SQLiteFailure.error(error))
        }
        return Outcome(result: result, transaction: transaction, notifications: notifications)
    }

    private mutating func perform(
        _ plan: StatementPlan, _ parameters: [Parameter]
    ) throws -> Rows {
        switch plan {
        case .begin(let isReadOnly): return try begin(isReadOnly: isReadOnly)
        case .commit: return try end(committing: !transaction.isFailed)
        case .rollback: return try end(committing: false)
        case .savepoint(let sql, let endsFailure):
            guard endsFailure || !transaction.isFailed else { throw Self.blocked }
            try db.execute(sql: sql)
            if endsFailure { transaction.isFailed = false }
            return Self.done(sql)
        case .listen(let channel):
            store.hub.listen(session, to: channel)
            return Self.done("LISTEN")
        case .nothing: return Self.done("LOCK")
        case .script(let text):
            try db.execute(sql: text)
            return Self.done("SCRIPT")
        case .run(let texts):
            guard !transaction.isFailed else { throw Self.blocked }
            if !transaction.isOpen { try beginImplicitly() }
            guard !plan.writes || !transaction.isReadOnly else {
                throw PostgresError(
                    .server, "cannot write in a read-only transaction", sqlState: "25006")
            }
            return try query(texts, parameters)
        }
    }

    // MARK: Transactions

    private mutating func begin(isReadOnly: Bool) throws -> Rows {
        if isImplicit { _ = try end(committing: true) }
        guard !transaction.isOpen else { return Self.done("BEGIN") }
        try db.execute(sql: isReadOnly ? "BEGIN" : "BEGIN IMMEDIATE")
        transaction = TransactionState(isOpen: true, isReadOnly: isReadOnly)
        values.begin(store.nextTransaction())
        return Self.done("BEGIN")
    }

    private mutating func beginImplicitly() throws {
        _ = try begin(isReadOnly: !mayWrite)
        isImplicit = true
    }

    private mutating func end(committing: Bool) throws -> Rows {
        isImplicit = false
        guard transaction.isOpen else { return Self.done("ROLLBACK") }
        if committing {
            try db.execute(sql: "COMMIT")
            notifications += values.takeNotifications()
        } else if db.isInsideTransaction {
            try db.execute(sql: "ROLLBACK")
        }
        transaction = TransactionState()
        values.end()
        return Self.done(committing ? "COMMIT" : "ROLLBACK")
    }

    /// A block that somebody began waits for its end; what SQLite has rolled back by itself is over.
    private mutating func fail() {
        if isImplicit || !db.isInsideTransaction {
            let wasExplicit = transaction.isOpen && !isImplicit
            _ = try? end(committing: false)
            if wasExplicit { transaction = TransactionState(isOpen: true, isFailed: true) }
        } else {
            transaction.isFailed = transaction.isOpen
        }
    }

    private static var blocked: PostgresError {
        PostgresError(
            .server, "current transaction is aborted, commands ignored until end of block",
            sqlState: "25P02")
    }

    // MARK: Statements

    private func query(
        _ texts: [StatementPlan.Text], _ parameters: [Parameter]
    ) throws -> Rows {
        let (bound, arrays) = try ParameterValues.bind(parameters)
        values.setArrays(arrays)
        var table = RowTable(commandTag: "")
        for text in texts {
            let statement = try db.cachedStatement(sql: text.sql)
            let arguments = StatementArguments(bound.prefix(text.parameters))
            if statement.columnCount > 0 {
                let affected = table.affectedRows
                table = try fetch(statement, arguments)
                table.affectedRows = text.writes || texts.count == 1 ? table.affectedRows : affected
            } else {
                try statement.execute(arguments: arguments)
            }
            if text.writes { table.affectedRows = db.changesCount }
        }
        table.commandTag = texts.last.map { Self.tag($0.sql) } ?? ""
        return Rows(table)
    }

    private func fetch(
        _ statement: GRDB.Statement, _ arguments: StatementArguments
    ) throws -> RowTable {
        var table = RowTable(columns: statement.columnNames, commandTag: "")
        let columns = statement.columnCount
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try rows.next() {
            for column in 0..<columns {
                let value: DatabaseValue = row[column]
                table.cells.append(ParameterValues.cell(value))
            }
        }
        table.affectedRows = columns == 0 ? 0 : table.cells.count / columns
        return table
    }

    private static func done(_ sql: String) -> Rows { Rows(RowTable(commandTag: tag(sql))) }

    private static func tag(_ sql: String) -> String {
        String(sql.prefix { !$0.isWhitespace })
    }
}
