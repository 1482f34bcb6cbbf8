import Postgres

/// Says in the words of SQLite what a statement of the store says in those of Postgres.
///
/// It knows the turns that our statements use and no others: casts, arrays as parameters, intervals,
/// row locks, recordsets. What differs in more than words has a text of its own
/// (`Statement.embedded`), which may use the same turns. What is not understood fails when it is
/// prepared, so the suites that run on both stores find it.
enum SQLiteDialect {
    static func plan(_ statement: Statement) -> StatementPlan {
        if !statement.embedded.isEmpty {
            return .run(statement.embedded.map { text(translated($0)) })
        }
        let sql = statement.sql
        if sql.hasPrefix("BEGIN") { return .begin(isReadOnly: sql.contains("READ ONLY")) }
        if sql == "COMMIT" { return .commit }
        if sql == "ROLLBACK" { return .rollback }
        if sql.hasPrefix("ROLLBACK TO") { return .savepoint(sql, endsFailure: true) }
        if sql.hasPrefix("SAVEPOINT") || sql.hasPrefix("RELEASE") {
            return .savepoint(sql, endsFailure: false)
        }
        if sql.hasPrefix("LISTEN") {
            return .listen(channel: sql.dropFirst(7).filter { $0 != "\"" })
        }
        if sql.hasPrefix("LOCK TABLE") { return .nothing }
        return .run([text(translated(sql))])
    }

    private static func text(_ sql: String) -> StatementPlan.Text {
        let numbers = sql.matches(of: #/\$(\d+)/#).compactMap { Int($0.output.1) }
        let bound = sql.replacing(#/\$(\d+)/#) { "?\($0.output.1)" }
        return StatementPlan.Text(sql: bound, parameters: numbers.max() ?? 0, writes: isWrite(sql))
    }

    /// Whether a text changes the file; temporary tables are the session's own.
    private static func isWrite(_ sql: String) -> Bool {
        let words = sql.split(whereSeparator: \.isWhitespace).prefix(3).map { $0.lowercased() }
        guard let first = words.first else { return false }
        if words.dropFirst().contains(where: { $0.hasPrefix("temp.") || $0 == "temp" }) {
            return false
        }
        if first == "with" {
            return sql.contains(#/\)\s*(?:UPDATE|INSERT|DELETE)\b/#)
        }
        return first != "select"
    }

    // MARK: The turns

    static func translated(_ sql: String) -> String {
        var text = sql.replacing(#/--[^\n]*/#, with: "")
        text = times(text)
        text = arrays(text)
        text = documents(text)
        text = locks(text)
        return returning(text)
    }

    /// Times are microseconds.
    private static func times(_ sql: String) -> String {
        sql
            .replacing(#/floor\(extract\(epoch FROM ((?:[^()]|\(\))+?)\) \* 1000000\)::bigint/#) {
                "(\($0.output.1))"
            }
            .replacing(#/floor\(extract\(epoch FROM ((?:[^()]|\(\))+?)\) \* 1000\)::bigint/#) {
                "((\($0.output.1)) / 1000)"
            }
            .replacing(#/\(extract\(epoch FROM ((?:[^()]|\(\))+?)\) \* 1000000\)::bigint/#) {
                "(\($0.output.1))"
            }
            .replacing(#/\(extract\(epoch FROM ((?:[^()]|\(\))+?)\) \* 1000\)::bigint/#) {
                "((\($0.output.1)) / 1000)"
            }
            .replacing(#/extract\(epoch FROM ((?:[^()]|\([^()]*\))+)\)/#) {
                "((\($0.output.1)) / 1000000.0)"
            }
            .replacing(#/interval '(\d+) (\w+?)s?'/#) {
                "(\($0.output.1) * \(microseconds(of: $0.output.2)))"
            }
            .replacing(#/(?:'epoch'::timestamptz|timestamptz 'epoch') \+ /#, with: "")
    }

    private static func microseconds(of unit: Substring) -> String {
        switch unit {
        case "microsecond": "1"
        case "millisecond": "1000"
        case "second": "1000000"
        case "minute": "60000000"
        case "hour": "3600000000"
        default: "86400000000"
        }
    }

    /// An array is a text of JSON as a value, and reached by its number where several go side by side.
    private static func arrays(_ sql: String) -> String {
        sql
            .replacing(#/= ANY ?\((\$\d+)::text\[\](?:::uuid\[\])?\)/#) {
                "IN (SELECT value FROM json_each(\($0.output.1)))"
            }
            .replacing(
                #/unnest\(([^()]*)\)(\s+WITH ORDINALITY)?\s+AS (\w+) ?\(([^()]*)\)/#
            ) { match in
                unnest(
                    parameters: match.output.1, isCounted: match.output.2 != nil,
                    alias: match.output.3, columns: match.output.4)
            }
            .replacing(#/jsonb_to_record(?:set)?\((\$\d+)::jsonb\) AS (\w+) ?\(([^()]*)\)/#) {
                recordset($0.output.1, alias: $0.output.2, columns: $0.output.3)
            }
    }

    private static func unnest(
        parameters: Substring, isCounted: Bool, alias: Substring, columns: Substring
    ) -> String {
        let numbers = parameters.matches(of: #/\$(\d+)/#).map(\.output.1)
        var names = columns.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        let place = isCounted ? names.popLast() : nil
        var list = zip(numbers, names).map { "array_element(\($0), a.key) AS \($1)" }
        if let place { list.append("a.key + 1 AS \(place)") }
        let first = numbers.first.map { "$\($0)" } ?? "'[]'"
        // The limit keeps it a table of its own: merged into a join it would be read for each row.
        let columns = list.joined(separator: ", ")
        return "(SELECT \(columns) FROM json_each(\(first)) a LIMIT -1) AS \(alias)"
    }

    private static func recordset(
        _ parameter: Substring, alias: Substring, columns: Substring
    ) -> String {
        let list = columns.split(separator: ",").map { column -> String in
            let words = column.split(whereSeparator: \.isWhitespace)
            let (name, type) = (words[0], words[1])
            let isDocument = type == "jsonb" || type.hasSuffix("[]")
            return isDocument
                ? "catalog_jsonb(NULLIF(r.value -> '$.\(name)', 'null')) AS \(name)"
                : "json_extract(r.value, '$.\(name)') AS \(name)"
        }
        // One object stands for a set of one.
        let set =
            "json_each(CASE json_type(\(parameter)) WHEN 'array' THEN \(parameter) "
            + "ELSE json_array(json(\(parameter))) END)"
        return "(SELECT \(list.joined(separator: ", ")) FROM \(set) r) AS \(alias)"
    }

    /// Documents are texts as Postgres prints them; every other cast is a matter of course.
    private static func documents(_ sql: String) -> String {
        sql
            // Where a SELECT ends with its tables, SQLite would take ON CONFLICT for a join.
            .replacing(#/\) AS f\s+ON CONFLICT/#, with: ") AS f WHERE true ON CONFLICT")
            .replacing(#/NULLIF\((\$\d+)::text\[\], '\{\}'\)/#) { "NULLIF(\($0.output.1), '[]')" }
            .replacing(#/(\w+\.doc) - catalog_overlay_keys\(\)/#) {
                "catalog_without_overlay(\($0.output.1))"
            }
            .replacing(#/(\$\d+|\w+\.\w+)::jsonb\b/#) { "catalog_jsonb(\($0.output.1))" }
            .replacing(#/::[a-z_0-9]+(?:\[\])*/#, with: "")
            .replacing(#/COLLATE "C"/#, with: "COLLATE BINARY")
    }

    /// There is one writer, so that nothing has to be locked.
    private static func locks(_ sql: String) -> String {
        sql
            .replacing(#/\s+FOR (?:NO KEY )?UPDATE(?: SKIP LOCKED)?/#, with: "")
            .replacing(#/\bSELECT FROM\b/#, with: "SELECT 1 FROM")
            .replacing(#/\bOFFSET (\S+) LIMIT (\d+)/#) {
                "LIMIT \($0.output.2) OFFSET \($0.output.1)"
            }
            .replacing(#/\bUPDATE (\w+) (?!SET\b|AS\b)(\w+)\s+SET\b/#) {
                "UPDATE \($0.output.1) AS \($0.output.2) SET"
            }
            .replacing(#/\bDELETE FROM (\w+) (?!WHERE\b|AS\b|USING\b)(\w+)(\s+WHERE)\b/#) {
                "DELETE FROM \($0.output.1) AS \($0.output.2)\($0.output.3)"
            }
    }

    /// RETURNING knows the table by its name only.
    private static func returning(_ sql: String) -> String {
        guard let start = sql.firstRange(of: "RETURNING")?.lowerBound,
            let target = sql[..<start].firstMatch(
                of: #/(?:INSERT INTO|UPDATE|DELETE FROM) (\w+) AS (\w+)\b/#)
        else { return sql }
        let (table, alias) = (target.output.1, target.output.2)
        var tail = String(sql[start...])
        for separator in [" ", "(", ","] {
            tail = tail.replacing("\(separator)\(alias).", with: "\(separator)\(table).")
        }
        return sql[..<start] + tail.replacing("\n\(alias).", with: "\n\(table).")
    }
}
