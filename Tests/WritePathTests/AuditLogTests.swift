import CatalogModel
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Audit log", .manyTurns)
struct AuditLogTests {
    func list(
        _ fixture: StoreFixture, _ filter: AuditFilter = AuditFilter(), size: Int = 0,
        token: String? = nil, namespace: String = "default"
    ) async throws -> AuditPage {
        try await fixture.audit.list(
            namespace: Namespace(namespace), filter: filter, pageSize: size, pageToken: token)
    }

    @Test func eventOfAWriteSaysWhatWasBeforeAndAfter() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.run(.create(["name": "a"]))
        let second = try await fixture.run(.mergePatch(name: "a", ["version": "2"], .none))
        try await fixture.run(.delete(name: "a", .none))
        let events = try await list(fixture).events
        try #require(events.map(\.actionVerb) == ["delete", "patch", "create"])
        let old: JSONObject = ["etag": .string(try #require(first.tag).description), "version": 1]
        let new: JSONObject = ["etag": .string(try #require(second.tag).description), "version": 2]
        #expect(events[2].oldValue == nil && events[2].newValue == old)
        #expect(events[1].oldValue == old && events[1].newValue == new)
        #expect(events[0].oldValue == new && events[0].newValue == nil)
        let event = events[1]
        #expect(event.json["createdAt"]?.stringValue?.hasSuffix("Z") == true)
        var json = event.json
        json["id"] = nil
        json["createdAt"] = nil
        #expect(
            JSONValue.object(json) == [
                "namespace": "default", "correlationId": "r-1", "eventType": "management",
                "actor": "alice", "requestId": "r-1", "plugin": "agents",
                "resourceType": "entities", "resourceIds": ["a"], "action": "patch",
                "actionVerb": "patch", "outcome": "success", "statusCode": 200,
                "oldValue": .object(old), "newValue": .object(new),
                "metadata": [
                    "method": "POST", "path": "/api/agents_catalog/v1alpha1/agents",
                    "groups": ["g"],
                ],
            ])
    }

    @Test(.onPostgres) func pagesGoThroughAllEventsOnceNewestFirst() async throws {
        let fixture = try await StoreFixture(poolSize: 1)
        for number in 0..<7 {
            var event = AuditEvent(
                namespace: "default", actor: "a\(number)", eventType: "test", outcome: .failure)
            event.plugin = number % 2 == 0 ? "mcp" : "agents"
            try await fixture.audit.record(event)
        }
        // Events of one moment are told apart by their ids.
        _ = try await fixture.row(
            "UPDATE audit_events SET created_at = '2025-01-01' WHERE actor > 'a3' RETURNING 1")
        var seen: [String] = []
        var token: String?
        var pages = 0
        repeat {
            let page = try await list(fixture, size: 2, token: token)
            seen += page.events.map(\.id)
            #expect(page.totalSize == 7)
            token = page.nextPageToken
            pages += 1
        } while token != nil && pages < 10
        #expect(pages == 4)
        #expect(Set(seen).count == 7)
        let all = try await list(fixture, size: 1_000)
        #expect(all.events.map(\.id) == seen)
        #expect(all.events.prefix(4).map(\.actor) == ["a3", "a2", "a1", "a0"])
        let filtered = try await list(fixture, AuditFilter(plugin: "mcp"), size: 3)
        #expect(filtered.totalSize == 4 && filtered.events.count == 3)
        let other = AuditFilter(actor: "a3", plugin: "agents", action: "", eventType: "test")
        #expect(try await list(fixture, other).events.map(\.actor) == ["a3"])
        #expect(try await list(fixture, AuditFilter(action: "create")).totalSize == 0)
        #expect(try await list(fixture, namespace: "other").events.isEmpty)
        let foreign = try #require(filtered.nextPageToken)
        for bad in [foreign, "MQ==", "x", "é"] {
            await #expect(throws: RequestError.badRequest("")) {
                try await list(fixture, token: bad)
            }
        }
    }

    @Test func eventIsFoundInItsNamespaceOnly() async throws {
        let fixture = try await StoreFixture()
        var event = AuditEvent(
            namespace: "default", actor: "eve\0", eventType: "management", outcome: .denied)
        event.statusCode = 403
        event.reason = "insufficient permissions"
        event.metadata = ["path": "/a\0b"]
        try await fixture.audit.record(event)
        let id = try #require(try await list(fixture).events.first?.id)
        let found = try await fixture.audit.get(namespace: .default, id: id)
        #expect(found.outcome == .denied && found.statusCode == 403)
        #expect(found.actor == "eve\u{FFFD}")
        let other = try Namespace("other")
        for (namespace, id) in [(other, id), (.default, "x"), (.default, "é\(id)")] {
            let error = await #expect(throws: RequestError.self) {
                try await fixture.audit.get(namespace: namespace, id: id)
            }
            #expect(error?.code == .notFound)
            #expect(error?.message == "audit event \"\(id)\" not found")
        }
    }

    @Test func repeatedRecordingOfOneEventIsOneEvent() async throws {
        let fixture = try await StoreFixture()
        var event = AuditEvent(
            namespace: "default", actor: "a", eventType: "t", outcome: .failure)
        event.id = AuditLog.randomUUID()
        #expect(AuditLog.isUUID(event.id))
        for _ in 0..<2 { try await fixture.audit.record(event) }
        #expect(try await list(fixture).events.map(\.id) == [event.id])
    }

    @Test func failedCommandHasAnEventOfItsOwn() async throws {
        let fixture = try await StoreFixture()
        let (plugin, kind) = try StoreFixture.kind("mcp")
        let command = EntityCommand(plugin: plugin, kind: kind, .delete(name: "a/b", .none))
        let event = command.auditEvent(
            try fixture.context("DELETE"), outcome: .failure, statusCode: 404)
        try await fixture.audit.record(event)
        let found = try #require(try await list(fixture).events.first)
        #expect(found.plugin == "mcp" && found.actionVerb == "delete")
        #expect(found.resourceIDs == ["a/b"] && found.statusCode == 404)
    }

    @Test func oldEventsAreTrimmed() async throws {
        let fixture = try await StoreFixture()
        for _ in 0..<3 {
            try await fixture.audit.record(
                AuditEvent(namespace: "n", actor: "a", eventType: "t", outcome: .success))
        }
        _ = try await fixture.row(
            """
            UPDATE audit_events SET created_at = now() - interval '91 days'
            WHERE id IN (SELECT id FROM audit_events LIMIT 2) RETURNING 1
            """)
        #expect(try await fixture.audit.trim(olderThan: .seconds(90 * 86_400)) == 2)
        #expect(fixture.observations.count(of: .auditTrimmed) == 1)
    }

    @Test func auditingCanBeSwitchedOff() async throws {
        let fixture = try await StoreFixture(isAuditEnabled: false)
        try await fixture.run(.create(["name": "a"]))
        try await fixture.run(.bulk([BulkItem(name: "b", document: [:])]))
        #expect(try await list(fixture).totalSize == 0)
        #expect(try await fixture.census() == "2|2|0|2")
    }
}
