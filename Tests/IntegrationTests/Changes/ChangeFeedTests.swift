import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The change feed of one replica")
    struct ChangeFeedTests {
        private static let path = "/api/changes/v1alpha1"

        private func put(_ name: String, _ text: String, by replica: Replica) async throws
            -> HTTPResponse
        {
            try await replica.write(
                "PUT", Kind.agents.entity(name),
                ["name": .string(name), "category": .string(text)])
        }

        private func open(
            _ query: String, on replica: Replica, in namespace: String? = nil
        ) async throws -> EventStream {
            try await EventStream.open(
                "\(Self.path)?\(query)", port: replica.server.port,
                headers: namespace.map { ["X-Namespace": $0] } ?? [:])
        }

        private func openStreams(of replica: Replica) async throws -> Double {
            try await replica.server.metric("catalog_change_streams_open") ?? 0
        }

        @Test("a place that was trimmed is gone, with the way to go on")
        func belowFloor() async throws {
            let site = try await Deployment.make(environment: [
                "CATALOG_LOG_TRIM_INTERVAL_MS": "50", "CATALOG_LOG_KEEP_SECONDS": "0",
                "CATALOG_LOG_KEEP_REVISIONS": "5",
            ])
            let replica = try await site.replica()
            for number in 0..<30 { _ = try await put("one", "c\(number)", by: replica) }
            try await eventually("a floor") {
                try await site.sql("SELECT floor = 25 FROM namespaces WHERE name = 'default'")
                    == "t"
            }
            for accept in ["*/*", "text/event-stream"] {
                let gone = try await replica.client.get(
                    "\(Self.path)?from=1", headers: ["Accept": accept])
                #expect(gone.status == 410, "\(gone.text)")
                #expect(gone.header("Cache-Control") == "no-store")
                let details = try gone.json()["details"]
                #expect(details?["reason"] == "below_floor")
                #expect(details?["next"] == "list_again")
                #expect(details?["head"] == "30")
                let floor = try #require(details?["floor"]?.stringValue)
                let rest = try await replica.get("\(Self.path)?from=\(floor)")
                #expect(rest.status == 200)
                let first = try rest.json()["changes"]?.arrayValue?.first
                #expect(first?["revision"]?.intValue == Int64(floor).map { $0 + 1 })
            }
            #expect(try await replica.server.metric("catalog_change_gone_total") == 2)
        }

        @Test("another history ends a stream, and its places are refused")
        func otherHistory() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("one", "first", by: replica)
            let stream = try await open("from=0", on: replica)
            let revision = try #require(try await stream.next("revision"))
            try await site.sql(
                "UPDATE namespaces SET epoch = gen_random_uuid() WHERE name = 'default'")
            let reset = try #require(try await stream.next("reset"))
            #expect(reset["reason"] == "revision_lost")
            #expect(try await stream.next() == nil)
            let refused = try await replica.get("\(Self.path)?from=\(revision.id ?? "")")
            #expect(refused.status == 409)
            let again = try await open("from=0", on: replica)
            #expect(try await again.next("revision")?.id != revision.id)
        }

        @Test("seats are limited, and free at once when a client goes")
        func seats() async throws {
            let site = try await Deployment.make(environment: [
                "CATALOG_CHANGES_MAX_STREAMS": "3", "CATALOG_TENANCY_MODE": "namespace",
                "CATALOG_CHANGES_MAX_STREAMS_PER_NAMESPACE": "2",
            ])
            let replica = try await site.replica()
            var streams = [
                try await open("", on: replica, in: "a"), try await open("", on: replica, in: "a"),
            ]
            let third = try await open("", on: replica, in: "a")
            #expect(third.response.status == 429)
            #expect(third.response.header("Retry-After") == "5")
            streams.append(try await open("", on: replica, in: "b"))
            let fourth = try await open("", on: replica, in: "b")
            #expect(fourth.response.status == 503)
            #expect(fourth.response.header("Retry-After") == "5")
            #expect(try await openStreams(of: replica) == 3)
            streams.removeFirst()
            try await eventually("a free seat") { try await openStreams(of: replica) == 2 }
            #expect(try await open("", on: replica, in: "a").response.status == 200)
            #expect(streams.count == 2)
        }

        @Test("what a slow client does not read is not sent, and comes in order when it does")
        func slowReader() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("first", "x", by: replica)
            let stream = try await open("from=0&include=body", on: replica)
            let text = String(repeating: "x", count: 20_000)
            let rounds = 100
            for round in 0..<rounds {
                try await replica.upsert(
                    .agents,
                    (0..<20).map {
                        ["name": .string("n\($0)"), "category": .string("\(round) \(text)")]
                    })
            }
            let head = try await site.head()
            try await replica.reach(head)
            let sent = try await replica.server.metric("catalog_change_events_total") ?? 0
            #expect(sent < 1_000, "\(sent) of 2001 changes were sent to a client that reads none")
            var next: Int64 = 1
            while next <= Int64(head) {
                let event = try #require(try await stream.next("revision"))
                #expect(event["revision"]?.intValue == next)
                next += 1
            }
        }

        @Test("a stop of the server ends streams with a last event")
        func shutdown() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("one", "x", by: replica)
            let stream = try await open("from=0", on: replica)
            #expect(try await stream.next("revision") != nil)
            async let status = replica.server.terminate()
            #expect(try await stream.next("end")?["reason"] == "shutdown")
            #expect(try await stream.next() == nil)
            #expect(try await status == 0)
        }

        @Test("one read of the log serves many clients")
        func fanOut() async throws {
            let site = try await Deployment.make()
            let replica = try await site.replica()
            _ = try await put("one", "x", by: replica)
            var streams: [EventStream] = []
            for _ in 0..<40 { streams.append(try await open("", on: replica)) }
            for stream in streams { #expect(try await stream.next("bookmark") != nil) }
            let before = try await statements(of: replica)
            for number in 0..<10 { _ = try await put("one", "c\(number)", by: replica) }
            for stream in streams {
                for _ in 0..<10 { #expect(try await stream.next("revision") != nil) }
            }
            // Ten writes cost what they cost; four hundred reads of the log would show.
            #expect(try await statements(of: replica) - before < 400)
        }

        private func statements(of replica: Replica) async throws -> Double {
            try await replica.server.metric("catalog_postgres_queries") ?? 0
        }
    }
}
