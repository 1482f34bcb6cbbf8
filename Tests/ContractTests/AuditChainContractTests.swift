import CatalogModel
import TestSupport
import Testing

@Suite("Audit: the chain of events", .turns, .timeLimit(.minutes(5)))
struct AuditChainContractTests {
    private static let path = "/api/audit/v1alpha1/verify"

    @Test("each namespace has its chain, in which refused and failed requests have their places")
    func verify() async throws {
        let tenant = try await Tenant.fresh()
        let empty = try await tenant.get(Self.path)
        #expect(empty.status == 200)
        #expect(try empty.body("valid") == true && empty.body("checked") == 0)
        let list = Catalog.agents.list
        _ = try await tenant.post(list, ["name": "x"])
        _ = try await tenant.post(list, ["name": "x"])
        _ = try await tenant.post(list, [:], ["X-User-Role": "viewer"])
        let other = try await Tenant.fresh()
        _ = try await other.post(list, ["name": "y"])
        let found = try await tenant.get(Self.path)
        #expect(try found.body("valid") == true)
        #expect(try found.body("checked") == 3)
        #expect(try found.body("firstBroken") == nil)
        #expect(try found.body("head.sequence") == 3)
        #expect(try found.body("head.hash")?.stringValue?.count == 64)
        #expect(try await other.get(Self.path).body("checked") == 1)
        #expect(try await tenant.post(Self.path, [:]).status == 405)
        #expect(try await tenant.client.get(Self.path).status == 400)
    }

    @Test("a success says how long it took up to its recording")
    func duration() async throws {
        let tenant = try await Tenant.fresh()
        let list = Catalog.agents.list
        _ = try await tenant.post(list, ["name": "x"])
        _ = try await tenant.post("\(list):batch", ["items": [["name": "y"]]])
        let refresh = "\(Catalog.agents.base)/management/refresh"
        _ = try await tenant.client.send("POST", refresh, headers: tenant.headers(), body: [])
        for event in try await tenant.events() {
            let duration = event.value(at: "metadata.duration")?.stringValue ?? ""
            let ms = try #require(Double(duration.dropLast(2)), "\(event)")
            #expect(duration.hasSuffix("ms") && ms > 0)
        }
    }
}
