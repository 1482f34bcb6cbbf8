import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Five servers on an empty database")
    struct MigrationRaceTests {
        @Test("migrate it once and load the samples once")
        func race() async throws {
            let site = try await Deployment.make()
            let options = site.options(sources: ServerFiles.sampleSources)
            let replicas = try await withThrowingTaskGroup(of: Replica.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        Replica(server: try await ServerProcess.ready(options), site: site)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await expectMigratedOnce(site, by: replicas)

            let plugins = try await site.sql(
                "SELECT count(DISTINCT plugin) FROM catalog_sources WHERE enabled")
            let sources = try await site.sql("SELECT count(*) FROM catalog_sources WHERE enabled")
            // One revision for each source that has entities; a second load would find no change.
            #expect(try await site.sql("SELECT revision FROM namespaces") == sources)
            #expect(try await site.sql("SELECT count(*) FROM revisions") == sources)
            #expect(
                try await site.sql("SELECT count(*) FROM refresh_jobs WHERE state = 'failed'")
                    == "0")
            #expect(
                try await site.sql("SELECT count(DISTINCT plugin) FROM refresh_jobs") == plugins)
            let firstJobs = try await site.sql(
                "SELECT count(*) FROM refresh_jobs WHERE entities_loaded > 0 AND attempt_count > 1")
            #expect(firstJobs == "0")
            #expect(try await site.sql("SELECT count(*) FROM refresh_jobs") == plugins)

            for replica in replicas { try await replica.warm(Kind.all) }
            for replica in replicas.dropFirst() {
                try await expectSameContent(replicas[0], replica, Kind.all)
            }
        }

        private func expectMigratedOnce(_ site: Deployment, by replicas: [Replica]) async throws {
            let applied = replicas.flatMap { $0.server.logLines }.compactMap {
                $0.value(at: "metadata.event")?.stringValue == "migration_applied"
                    ? $0.value(at: "metadata.name")?.stringValue : nil
            }
            let stored = try await site.sql("SELECT count(*) FROM schema_migrations")
            #expect(Set(applied).count == applied.count)
            #expect(String(applied.count) == stored)
        }
    }
}
