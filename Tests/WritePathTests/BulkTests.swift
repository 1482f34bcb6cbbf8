import CatalogModel
import TestSupport
import Testing

@testable import WritePath

@Suite("Bulk writes", .manyTurns)
struct BulkTests {
    func item(_ name: String, _ version: String = "1") -> BulkItem {
        BulkItem(document: ["name": .string(name), "version": .string(version)])
    }

    func statuses(_ response: WriteResponse) -> [String] {
        (response.json?["items"]?.arrayValue ?? []).map { $0["status"]?.stringValue ?? "" }
    }

    @Test func eachItemHasItsOwnResult() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.run(.create(item("a").document))
        try await fixture.run(.create(item("b").document))
        let response = try await fixture.run(
            .bulk([
                item("a"), item("b", "2"), item("c"), item("c", "3"),
                BulkItem(name: "d", document: [:]), BulkItem(name: "e", document: ["name": "f"]),
                BulkItem(name: "g", document: ["version": 7]), BulkItem(document: [:]),
            ]))
        #expect(response.status == .ok && response.changed && response.tag == nil)
        #expect(
            statuses(response) == [
                "unchanged", "updated", "created", "failed", "created", "failed", "failed",
                "failed",
            ])
        #expect(response.json?["size"] == 8)
        #expect(response.json?["failed"] == 4)
        let items = try #require(response.json?["items"]?.arrayValue)
        #expect(items[0]["etag"]?.stringValue == first.tag?.description)
        #expect(items[1]["revision"] == 3 && items[2]["revision"] == 3)
        #expect(items[6]["name"] == "g")
        #expect(items[6]["error"]?["code"] == "bad_request")
        // All of it is one revision and one event.
        #expect(try await fixture.census() == "3|3|3|4")
        let names = try await fixture.row(
            "SELECT array_to_json(resource_ids) FROM audit_events ORDER BY created_at DESC")
        #expect(names == "[\"a\",\"b\",\"c\",\"d\"]")
    }

    @Test func nothingToDoMakesNoRevision() async throws {
        let fixture = try await StoreFixture()
        let items = (1...3).map { item("n\($0)") }
        #expect(try await fixture.run(.bulk(items)).head.revision == Revision(1))
        let again = try await fixture.run(.bulk(items))
        #expect(!again.changed && again.head.revision == Revision(1))
        #expect(statuses(again) == ["unchanged", "unchanged", "unchanged"])
        let empty = try await fixture.run(.bulk([]))
        #expect(empty.json == ["items": [], "size": 0, "failed": 0])
    }

    @Test func thousandItemsAreOneRevisionAndMoreAreRefused() async throws {
        let fixture = try await StoreFixture()
        let items = (1...WriteLimits.bulkItems).map { item("n\($0)") }
        let response = try await fixture.run(.bulk(items))
        #expect(response.json?["failed"] == 0)
        #expect(try await fixture.census() == "1|1|1|1000")
        let newer = (1...WriteLimits.bulkItems).map { item("n\($0)", "2") }
        #expect(try await fixture.run(.bulk(newer)).head.revision == Revision(2))
        let error = try await fixture.failure(.bulk(items + [item("x")]))
        #expect(error?.code == .badRequest)
    }
}
