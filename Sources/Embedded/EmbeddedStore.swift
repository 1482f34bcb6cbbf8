import Crypto
import Foundation
import GRDB
package import Postgres
import Synchronization

/// The store in one file of SQLite, for one process.
///
/// Every session is a connection of its own: readers have snapshots (WAL), and one writer at a time
/// has the turn. An acknowledged commit is in the log file and flushed (`synchronous=FULL`), so
/// neither the end of the process nor that of the machine loses it.
package final class EmbeddedStore: EmbeddedDatabase {
    package let path: String
    let turns = WriterTurns()
    let hub = NotificationHub()
    let upkeep = UpkeepTurns()
    /// Names this opening of the file; the first revision after it begins a new epoch.
    let incarnation = UUID().uuidString.lowercased()
    private let lock: FileLock
    private let plans = Mutex<[String: StatementPlan]>([:])
    private let counters: Mutex<(transaction: Int64, session: UInt64)>

    package var description: String { "sqlite \(path)" }

    /// Takes the file for this process and makes it if there is none.
    ///
    /// Throws `.connectFailed` with SQLSTATE 55006 when another process has it, and with 58030 or
    /// XX001 when it cannot be opened or is no database of SQLite. Blocks while it reads the file.
    package init(path: String) throws(PostgresError) {
        self.path = path
        let folder = (path as NSString).deletingLastPathComponent
        do {
            if !folder.isEmpty {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true)
            }
        } catch {
            throw PostgresError(
                .connectFailed,
                "the folder of \(path) cannot be made; CATALOG_DATABASE_FILE names another place",
                sqlState: "58030")
        }
        lock = try FileLock(path: path + ".lock", of: path)
        FileLock.makePrivate(path)
        counters = Mutex((Self.nowMicroseconds, 0))
        do {
            let queue = try DatabaseQueue(path: path, configuration: Self.configuration { _ in })
            try queue.writeWithoutTransaction { db in
                try Self.checkVersion(String.fetchOne(db, sql: "SELECT sqlite_version()") ?? "")
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            }
            try queue.close()
        } catch {
            let cause = SQLiteFailure.error(error)
            throw PostgresError(
                .connectFailed, "the file \(path) cannot be opened: \(cause.message)",
                sqlState: cause.sqlState)
        }
    }

    /// Whether there is a file; it need not be a store.
    package static func exists(at path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    package func openSession() throws(PostgresError) -> any EmbeddedSession {
        let values = SessionValues()
        let functions = SQLiteFunctions(values: values, store: self)
        do {
            let queue = try DatabaseQueue(
                path: path, configuration: Self.configuration { functions.add(to: $0) })
            return SQLiteSession(
                number: counters.withLock {
                    $0.session += 1
                    return $0.session
                }, queue: queue, values: values, store: self)
        } catch {
            throw SQLiteFailure.error(error)
        }
    }

    /// FULL JOIN and IS DISTINCT FROM came with 3.39.
    static func checkVersion(_ version: String) throws(PostgresError) {
        let parts = version.split(separator: ".").compactMap { Int($0) }
        guard parts.count >= 2, parts[0] > 3 || (parts[0] == 3 && parts[1] >= 39) else {
            throw PostgresError(
                .connectFailed, "the system's SQLite is \(version); 3.39 or newer is needed",
                sqlState: "0A000")
        }
    }

    private static func configuration(
        _ prepare: @escaping @Sendable (Database) -> Void
    ) -> Configuration {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(Limits.busySeconds)
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA wal_autocheckpoint = \(Limits.checkpointPages);
                    CREATE TEMP TABLE copy_rows (
                        place INTEGER PRIMARY KEY, entity INTEGER NOT NULL, capped INTEGER NOT NULL);
                    """)
            prepare(db)
        }
        return configuration
    }

    // MARK: What sessions share

    /// What a statement means here; worked out once.
    func plan(of statement: Postgres.Statement) -> StatementPlan {
        if let plan = plans.withLock({ $0[statement.name] }) { return plan }
        let plan = SQLiteDialect.plan(statement)
        plans.withLock { $0[statement.name] = plan }
        return plan
    }

    /// A number for a transaction: by the clock, and never the same twice.
    func nextTransaction() -> Int64 {
        counters.withLock {
            $0.transaction = max($0.transaction + 1, Self.nowMicroseconds)
            return $0.transaction
        }
    }

    static var nowMicroseconds: Int64 {
        Int64((Date().timeIntervalSince1970 * 1_000_000).rounded(.down))
    }

    // MARK: Epochs

    /// The epoch that this process begins after a revision; the same for the same question.
    func epoch(of namespace: String, after revision: Int64) -> String {
        let text = "\(incarnation) \(namespace) \(revision)"
        var bytes = Array(SHA256.hash(data: Array(text.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { hex[$0].joined() }
            .joined(separator: "-")
    }

    /// What the epochs of a namespace go on from, as the column `lineage` keeps it.
    static func lineage(
        fresh: String, epoch: String, revision: Int64, lineage: String
    ) -> String {
        var parts = [fresh, "\(epoch):\(revision)"]
        let known = lineage.split(separator: " ").map(String.init)
        if known.first == epoch { parts += known.dropFirst().prefix(Limits.lineage - 1) }
        return parts.joined(separator: " ")
    }
}
