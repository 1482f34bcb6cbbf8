import Postgres
import TestSupport
import Testing

@Suite("Schema", .manyTurns)
struct SchemaTests {
    @Test(arguments: SchemaAssertions.all.map(\.name)) func holds(name: String) async throws {
        let script = try #require(SchemaAssertions.all.first { $0.name == name })
        let fixture = try await StoreFixture(poolSize: 1)
        try await fixture.pool.withConnection { connection in
            try await connection.execute(script: script.sql)
        }
    }
}
