import CatalogModel
import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    @Suite(
        "Behind a caching proxy of the usual configuration", .serialized,
        .enabled(if: LocalProgram.isInstalled("/usr/sbin/nginx")))
    struct CachingProxyTests {
        /// nginx with a cache, as its manual shows it; only the paths are the test's.
        private func proxy(
            to replica: Replica, _ more: String = ""
        ) async throws -> (LocalProgram, HTTPClient) {
            let port = LocalProgram.freePort()
            let program = try LocalProgram("/usr/sbin/nginx") { folder in
                [
                    "nginx.conf": """
                    user root;
                    daemon off;
                    master_process off;
                    pid \(folder)/pid;
                    error_log \(folder)/error.log;
                    events {}
                    http {
                      access_log off;
                      client_body_temp_path \(folder)/body;
                      proxy_temp_path \(folder)/temp;
                      fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
                      proxy_cache_path \(folder)/cache keys_zone=one:10m;
                      server {
                        listen 127.0.0.1:\(port);
                        location / {
                          proxy_cache one;
                          \(more)
                          proxy_pass http://127.0.0.1:\(replica.server.port);
                          add_header X-Proxy $upstream_cache_status always;
                        }
                      }
                    }
                    """
                ]
            } arguments: { folder in
                ["-c", "\(folder)/nginx.conf", "-e", "\(folder)/error.log"]
            }
            let client = HTTPClient(port: port)
            try await eventually("the proxy") { (try? await client.get("/livez"))?.status == 200 }
            return (program, client)
        }

        @Test("no tenant gets another's answer, and every change is seen at once")
        func tenants() async throws {
            let site = try await Deployment.make(environment: NamespaceTests.environment)
            let replica = try await site.replica()
            let (program, client) = try await proxy(to: replica)
            for namespace in NamespaceTests.names {
                try await replica.write(
                    "POST", Kind.agents.list, ["name": .string("of-\(namespace)")], in: namespace)
                try await replica.warm([.agents], in: namespace)
            }
            for round in 0..<10 {
                for namespace in NamespaceTests.names {
                    let tenant = ["X-Namespace": namespace]
                    let list = try await client.get(Kind.agents.whole, headers: tenant)
                    #expect(try list.names() == ["of-\(namespace)"])
                    let written = try await replica.write(
                        "PUT", Kind.agents.entity("of-\(namespace)"),
                        ["name": .string("of-\(namespace)"), "category": .string("\(round)")],
                        in: namespace)
                    let read = try await client.get(
                        Kind.agents.entity("of-\(namespace)"), headers: tenant)
                    #expect(read.revision >= written.revision)
                    #expect(try read.json()["category"]?.stringValue == "\(round)")
                    // What one tenant has read is no answer for a name of the other.
                    let foreign = NamespaceTests.names.first { $0 != namespace } ?? ""
                    #expect(
                        try await client.get(Kind.agents.entity("of-\(foreign)"), headers: tenant)
                            .status == 404)
                }
            }
            withExtendedLifetime(program) {}
        }

        @Test("refusals for lost tokens and outages are not stored")
        func refusals() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(
                environment: ["CATALOG_DEGRADED_POLICY": "fail-closed"], cluster: cluster)
            let replica = try await site.replica()
            let (program, client) = try await proxy(to: replica)
            try await replica.write("POST", Kind.agents.list, ["name": "kept"])
            try await replica.warm([.agents])
            let backup = try await cluster.backUp()
            let lost = try await replica.write("POST", Kind.agents.list, ["name": "lost"])
            try await replica.reach(lost.revision)
            let tag = try await client.get(Kind.agents.whole).tag
            try await cluster.restore(backup)
            try await eventually("the restored state") {
                let answer = try await client.get(Kind.agents.whole)
                return try answer.status == 200 && answer.names() == ["kept"]
            }
            let token = ["X-Catalog-Min-Revision": String(lost.revision)]
            for _ in 0..<3 {
                #expect(
                    try await client.get(Kind.agents.whole, headers: token).status == 409)
                // Who has dropped the token, as the refusal says, is served at once.
                let fresh = try await client.get(Kind.agents.whole)
                #expect(try fresh.status == 200 && fresh.names() == ["kept"])
            }
            // A cache that revalidates for itself does not hand the lost tag on.
            let known = try await client.get(Kind.agents.whole, headers: ["If-None-Match": tag])
            #expect(known.status == 200)
            #expect(try known.names() == ["kept"])
            try await expectOutageIsNotStored(cluster, client)
            withExtendedLifetime(program) {}
        }

        @Test("one that keeps answers and revalidates them by their tags gets past a lost history")
        func revalidation() async throws {
            let cluster = try await PostgresCluster.separate()
            let site = try await Deployment.make(cluster: cluster)
            let replica = try await site.replica()
            let (program, client) = try await proxy(
                to: replica,
                "proxy_ignore_headers Cache-Control; proxy_cache_valid 200 1s; "
                    + "proxy_cache_revalidate on;")
            try await replica.write("POST", Kind.agents.list, ["name": "kept"])
            try await replica.warm([.agents])
            let backup = try await cluster.backUp()
            let lost = try await replica.write("POST", Kind.agents.list, ["name": "lost"])
            try await replica.reach(lost.revision)
            try await eventually("an answer that the proxy has revalidated") {
                let answer = try await client.get(Kind.agents.whole)
                return try answer.header("X-Proxy") == "REVALIDATED"
                    && answer.names() == ["kept", "lost"]
            }
            try await cluster.restore(backup)
            try await eventually("the restored state") {
                let answer = try await client.get(Kind.agents.whole)
                #expect(answer.status != 409)
                return try answer.status == 200 && answer.names() == ["kept"]
            }
            withExtendedLifetime(program) {}
        }

        private func expectOutageIsNotStored(
            _ cluster: PostgresCluster, _ client: HTTPClient
        ) async throws {
            try await cluster.sql("CHECKPOINT")
            try await cluster.stop()
            try await eventually("a refusal") {
                let answer = try await client.get(Kind.agents.whole)
                #expect(answer.status == 200 || answer.header("Cache-Control") == "no-store")
                return answer.status == 503
            }
            #expect(try await client.get(Kind.skills.list).status == 503)
            try await cluster.start()
            for target in [Kind.agents.whole, Kind.skills.list] {
                try await eventually("an answer") { try await client.get(target).status == 200 }
                for _ in 0..<5 { #expect(try await client.get(target).status == 200) }
            }
        }
    }
}
