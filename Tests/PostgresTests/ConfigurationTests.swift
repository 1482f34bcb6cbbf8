import Postgres
import TestSupport
import Testing

@Suite struct `Connection strings` {
    @Test(arguments: [
        "host", "postgres://u:secret@h/x%zz", "nonsense=secret", "postgres://[::1/db?p=secret",
        "host=a password='secret",
    ])
    func `a malformed one is refused without showing it`(dsn: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(dsn: dsn) }
        #expect(error?.code == .misuse)
        #expect(error.map { !String(reflecting: $0).contains("secret") } ?? false)
    }

    @Test(arguments: [
        "host=h port=abc", "postgres://u:pw@h:abc/db", "postgres://u:pw@h:0/db",
        "host=h port=70000", "host=h port=-5432", "host=h port=54.32", "host=h port=5432x",
        "host=h port=' '",
        "host=a,b port=5432,x", "host=a,b,c port=1,2", "postgres://h:99999999999999999999/db",
        "postgres:///db?host=/run&port=secret", "postgres://u:secret/word@h:5432/db",
    ])
    func `a port that cannot be one is refused without showing it`(dsn: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(dsn: dsn) }
        #expect(error?.code == .misuse)
        #expect(error?.message.contains("port") ?? false)
        #expect(error.map { !String(reflecting: $0).contains("secret") } ?? false)
    }

    @Test(arguments: [
        "host=h", "host=h port=", "host=h port=1", "host=h port=65535", "host=h port='5432 '",
        "host=a,b port=5432", "host=a,b port=5432,5433", "host=a,b port=5432,", "port=5433,5434",
        "postgres://h:/db", "postgres://a:1,b:2/db", "postgres://a,b:2/db",
        "hostaddr=127.0.0.1,127.0.0.2 host=h port=1,2",
    ])
    func `ports as libpq takes them are fine`(dsn: String) throws {
        _ = try PostgresConfiguration(dsn: dsn)
    }

    @Test func `the description hides the password`() throws {
        let uri = try PostgresConfiguration(
            dsn: "postgres://me:hidden@db.example:5433/shop?sslmode=require")
        #expect(uri.description.contains("host=db.example"))
        #expect(uri.description.contains("sslmode=require"))
        #expect(!String(describing: uri).contains("hidden"))
        #expect(uri.database == "shop")
    }

    @Test func `a socket folder works in both forms`() async throws {
        let cluster = try await Database.cluster()
        for dsn in [
            "host=\(cluster.folder) dbname=postgres user=postgres",
            "postgres:///postgres?host=\(cluster.folder)&user=postgres",
        ] {
            let connection = try await Connection.connect(
                PostgresConfiguration(dsn: dsn), reactor: Database.reactor.get())
            #expect(try await connection.query("SELECT 1").int64(0, 0) == 1)
        }
    }

    @Test func `settings reach the session`() async throws {
        var configuration = try await Database.configuration()
        configuration.applicationName = "settings-test"
        configuration.statementTimeout = .milliseconds(50)
        let connection = try await Connection.connect(
            configuration, reactor: Database.reactor.get())
        let rows = try await connection.query("SELECT current_setting('application_name')")
        #expect(try rows.string(0, 0) == "settings-test")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT pg_sleep(10)")
        }
        #expect(error?.sqlState == "57014")
    }

    @Test func `a database that does not exist is a connect failure`() async throws {
        let cluster = try await Database.cluster()
        let configuration = try PostgresConfiguration(dsn: cluster.dsn("nowhere"))
        let error = await #expect(throws: PostgresError.self) {
            try await Connection.connect(configuration, reactor: Database.reactor.get())
        }
        #expect(error?.code == .connectFailed)
        #expect(error?.message.contains("does not exist") ?? false)
    }
}

@Suite struct `Errors` {
    @Test func `carry state and constraint, and log without the tenant's data`() async throws {
        let connection = try await Database.connect()
        try await connection.execute(
            script: "CREATE TEMP TABLE t (name text CONSTRAINT one_name PRIMARY KEY)")
        let insert: Statement = "INSERT INTO t VALUES ($1)"
        _ = try await connection.query(insert, ["secret-name"])
        let duplicate = await #expect(throws: PostgresError.self) {
            try await connection.query(insert, ["secret-name"])
        }
        #expect(duplicate?.sqlState == "23505")
        #expect(duplicate?.constraint == "one_name")
        #expect(duplicate.map { !$0.description.contains("secret") } ?? false)
        #expect(duplicate.map { $0.debugDescription.contains("secret") } ?? false)
        let invalid = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT $1::int", ["secret-number"])
        }
        #expect(invalid?.sqlState == "22P02")
        #expect(invalid.map { !$0.description.contains("secret") } ?? false)
    }

    @Test(arguments: ["40001", "40P01", "08006", "57P01", "53300"])
    func `of passing nature are transient`(state: String) {
        #expect(PostgresError(.server, "", sqlState: state).isTransient)
    }

    @Test(arguments: ["23505", "42601", "22P02", "57014"])
    func `of lasting nature are not`(state: String) {
        #expect(!PostgresError(.server, "", sqlState: state).isTransient)
    }
}
