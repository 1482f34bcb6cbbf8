import Testing

extension IntegrationTests {
    @Suite("Writes by psql")
    struct SQLWriteTests {
        private static func row(_ name: String, _ category: String = "sql") -> String {
            let document = "{\"name\": \"\(name)\", \"category\": \"\(category)\"}"
            return "('agents', 'Agent', '\(name)', '\(document)')"
        }

        private static let insert = "INSERT INTO entities (plugin, kind, name, doc) VALUES "

        @Test("statements of every form are seen on both replicas")
        func statements() async throws {
            let site = try await Deployment.make()
            let (a, b) = try await site.twins()
            try await site.sql(Self.insert + Self.row("keep"))
            try await a.warm([.agents])
            try await b.warm([.agents])
            let rows = site.path(of: "rows.tsv")
            try site.write("agents\tAgent\tcopied\t{\"name\": \"copied\"}\n", to: "rows.tsv")

            let steps: [(sql: String, names: [String])] = [
                (Self.insert + Self.row("one"), ["keep", "one"]),
                (
                    Self.insert + Self.row("three") + "," + Self.row("two"),
                    ["keep", "one", "three", "two"]
                ),
                (
                    "UPDATE entities SET doc = doc || '{\"category\": \"all\"}'",
                    ["keep", "one", "three", "two"]
                ),
                (
                    "UPDATE agents_entities SET name = 'four', doc = '{\"name\": \"four\"}' "
                        + "WHERE name = 'three'", ["four", "keep", "one", "two"]
                ),
                ("DELETE FROM entities WHERE name = 'one'", ["four", "keep", "two"]),
                (
                    "\\copy entities (plugin, kind, name, doc) FROM '\(rows)'",
                    ["copied", "four", "keep", "two"]
                ),
                (
                    """
                    MERGE INTO entities e USING (VALUES \(Self.row("two", "merged")), \
                    \(Self.row("merged")), \(Self.row("four"))) AS v (plugin, kind, name, doc)
                    ON e.plugin = v.plugin AND e.kind = v.kind AND e.name = v.name
                    WHEN MATCHED AND v.name = 'four' THEN DELETE
                    WHEN MATCHED THEN UPDATE SET doc = v.doc::jsonb
                    WHEN NOT MATCHED THEN INSERT (plugin, kind, name, doc)
                        VALUES (v.plugin, v.kind, v.name, v.doc::jsonb)
                    """, ["copied", "keep", "merged", "two"]
                ),
                (
                    "DELETE FROM agents_entities WHERE name IN ('copied', 'merged')",
                    ["keep", "two"]
                ),
                ("TRUNCATE agents_entities", []),
                (Self.insert + Self.row("again"), ["again"]),
            ]
            for step in steps {
                let before = try await site.head()
                try await site.sql(step.sql)
                let head = try await site.head()
                #expect(head == before + 1, "\(step.sql)")
                for replica in [a, b] {
                    try await replica.reach(head)
                    let list = try await replica.get(Kind.agents.whole)
                    #expect(list.cache == "HIT", "\(step.sql)")
                    #expect(try list.names() == step.names, "\(step.sql)")
                }
                try await expectSameContent(a, b, [.agents])
            }
            let counted = try await site.sql("SELECT entity_count FROM collections")
            #expect(counted == "1")
        }
    }
}
