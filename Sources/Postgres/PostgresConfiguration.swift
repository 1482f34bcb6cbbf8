import CLibPQ

/// Where Postgres is and how to talk to it, checked when made.
///
/// Takes URIs (`postgres://user@host/db?sslmode=require`, `postgres:///db?host=/path`) and
/// key/value strings as libpq does; whatever is in there reaches libpq unchanged.
package struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// Keys and values of the connection string, secrets included.
    private let settings: [(key: String, value: String)]
    /// Shown in `pg_stat_activity` unless the connection string names the application.
    package var applicationName = "catalog-server"
    /// The application's name of a replica's listening session, by which upkeep knows it.
    package static let listenerName = "catalog-listener"
    package var connectTimeout = Limits.connectTimeout
    /// Deadline of a statement on our side; passing it closes the connection.
    package var queryTimeout = Limits.queryTimeout
    /// The server's own limit for one statement; nil leaves the server's setting.
    package var statementTimeout: Duration?
    /// Whether statements are prepared by name; turn off behind a transaction pooler.
    package var usesPreparedStatements = true
    /// Failures that tests inject.
    package var faults: FaultPlan?
    /// The database that stands in for a server, if one does.
    package let embedded: (any EmbeddedDatabase)?

    /// Names a database inside this process instead of a server.
    package init(embedded: any EmbeddedDatabase) {
        settings = []
        self.embedded = embedded
    }

    /// Parses the connection string; throws `.misuse` without repeating it.
    package init(dsn: String) throws(PostgresError) {
        guard !dsn.utf8.contains(0) else {
            throw PostgresError(.misuse, "the connection string contains a NUL character")
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(dsn, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            unsafe PQfreemem(message)
            throw PostgresError(
                .misuse,
                "the connection string is not valid: "
                    + reason.trimmedEnd().withoutQuotedText())
        }
        defer { unsafe PQconninfoFree(options) }
        var settings: [(key: String, value: String)] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe settings.append((String(cString: keyword), String(cString: value)))
            }
            unsafe option += 1
        }
        try Self.checkPorts(settings)
        self.settings = settings
        embedded = nil
    }

    /// Refuses ports that libpq finds wrong only when it connects, which would be tried for ever.
    ///
    /// No value is shown: with an unescaped `/` in it, the password is what libpq takes for the port.
    private static func checkPorts(
        _ settings: [(key: String, value: String)]
    ) throws(PostgresError) {
        func list(_ key: String) -> [Substring] {
            let value = settings.first { $0.key == key }?.value ?? ""
            guard !value.isEmpty else { return [] }
            return value.split(separator: ",", omittingEmptySubsequences: false)
        }
        let ports = list("port")
        // What stands between two commas may be empty: the standard port.
        for port in ports where !port.isEmpty {
            guard let number = Int(String(port).trimmedEnd()), (1...65_535).contains(number) else {
                throw PostgresError(
                    .misuse,
                    "the port in the connection string must be a number from 1 to 65535")
            }
        }
        let addresses = list("hostaddr")
        let hosts = addresses.isEmpty ? list("host") : addresses
        guard ports.count <= 1 || hosts.isEmpty || ports.count == hosts.count else {
            throw PostgresError(
                .misuse,
                "the connection string has \(ports.count) ports for \(hosts.count) hosts")
        }
    }

    /// Server, database and user; never the password.
    package var description: String {
        if let embedded { return embedded.description }
        let shown = ["host", "hostaddr", "port", "dbname", "user", "sslmode"]
        let parts = settings.filter { shown.contains($0.key) }.map { "\($0.key)=\($0.value)" }
        return parts.isEmpty ? "postgres (defaults)" : parts.joined(separator: " ")
    }

    /// Shows nothing, so that dumps hold no password.
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// The database's name, if the connection string has one.
    package var database: String? { settings.first { $0.key == "dbname" }?.value }

    /// Opens a connection and waits for it: only on a thread that may block.
    func openBlocking() -> Result<Wire, PostgresError> {
        var all = settings
        func add(_ key: String, _ value: String) {
            if !all.contains(where: { $0.key == key }) { all.append((key, value)) }
        }
        add("fallback_application_name", applicationName)
        add("client_encoding", "UTF8")
        // libpq counts whole seconds, at least two, per host.
        add("connect_timeout", String(max(2, connectTimeout.components.seconds)))
        let opened = unsafe CStrings.withPointers(all.map(\.key)) { keys in
            unsafe CStrings.withPointers(all.map(\.value)) { values in
                unsafe PQconnectdbParams(keys, values, 0)
            }
        }
        guard let raw = unsafe opened else {
            return .failure(PostgresError(.connectFailed, "out of memory"))
        }
        let wire = unsafe Wire(raw, faults: faults)
        guard !wire.isBroken else {
            let message = wire.errorMessage
            wire.finish()
            return .failure(PostgresError(.connectFailed, message))
        }
        if let statementTimeout {
            let ms = max(1, Int64(statementTimeout / Duration.milliseconds(1)))
            unsafe PQclear(PQexec(raw, "SET statement_timeout = \(ms)"))
        }
        guard wire.prepareForUse() else {
            wire.finish()
            return .failure(PostgresError(.connectFailed, "pipeline mode is not available"))
        }
        return .success(wire)
    }
}

/// Arrays of C strings for one call.
private enum CStrings {
    /// Lends a NULL-ended array of the texts.
    @unsafe
    static func withPointers<R>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) -> R {
        var bytes: [UInt8] = []
        var offsets: [Int] = []
        for text in texts {
            offsets.append(bytes.count)
            bytes.append(contentsOf: text.utf8)
            bytes.append(0)
        }
        return unsafe bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var pointers = unsafe offsets.map { offset in unsafe base.map { unsafe $0 + offset } }
            unsafe pointers.append(nil)
            return unsafe body(pointers)
        }
    }
}
