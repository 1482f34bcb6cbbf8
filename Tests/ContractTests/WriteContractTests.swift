import CatalogModel
import TestSupport
import Testing

@Suite("Writes", .turns, .timeLimit(.minutes(5)))
struct WriteContractTests {
    /// A document that is enough for a kind.
    private static func document(_ catalog: Catalog, _ name: String) -> JSONValue {
        var object: JSONObject = ["name": .string(name), "description": "first"]
        if catalog.convention == .mcp { object["deploymentMode"] = "local" }
        return .object(object)
    }

    /// A custom property; those of models carry their type.
    private static func property(_ catalog: Catalog) -> JSONValue {
        catalog.convention == .catalog
            ? ["b": 1] : ["string_value": "b", "metadataType": "MetadataStringValue"]
    }

    @Test("an entity lives from its creation to its deletion", arguments: Catalog.all)
    func life(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let name = "acme/one two"
        let path = "\(catalog.list)/acme/one%20two"
        let created = try await tenant.post(catalog.list, Self.document(catalog, name))
        try #require(created.status == 201, "\(created.text)")
        #expect(created.header("Content-Type") == catalog.contentType)
        #expect(created.text.last == "\n")
        #expect(try created.body("name")?.stringValue == name)
        #expect(try created.body(catalog.sourceKey) == "api")
        let tag = try #require(created.header("ETag"))
        let location = try #require(created.header("Location"))
        #expect(try await tenant.get(location).status == 200)
        let read = try await tenant.get(path)
        #expect(try read.json() == created.json())
        #expect(read.header("ETag") == tag)
        let revision = UInt64(created.header("X-Catalog-Revision") ?? "") ?? 0
        #expect(UInt64(read.header("X-Catalog-Revision") ?? "") ?? 0 >= revision)

        let again = try await tenant.post(catalog.list, Self.document(catalog, name))
        #expect(again.status == 409)
        #expect(again.header("X-Catalog-Error") == "conflict")

        var next = try #require(Self.document(catalog, name).objectValue)
        next["description"] = "second"
        let replaced = try await tenant.put(path, .object(next))
        #expect(replaced.status == 200)
        #expect(try replaced.body("description") == "second")
        #expect(replaced.header("ETag") != tag)
        #expect(try await tenant.get(path).json() == replaced.json())

        let patched = try await tenant.patch(
            path, ["description": nil, "customProperties": ["a": Self.property(catalog)]])
        #expect(patched.status == 200, "\(patched.text)")
        #expect(try patched.body("description") == nil)
        #expect(try await tenant.get(path).json() == patched.json())

        let deleted = try await tenant.delete(path)
        #expect(deleted.status == 204)
        #expect(deleted.body.count == 0)
        #expect(try await tenant.get(path).status == 404)
        #expect(try await tenant.delete(path).status == 404)
        #expect(try await tenant.patch(path, ["description": "x"]).status == 404)
    }

    @Test("PUT creates what is not there and takes the name from the path", arguments: Catalog.all)
    func putCreates(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        var object = try #require(Self.document(catalog, "x").objectValue)
        object["name"] = nil
        let created = try await tenant.put("\(catalog.list)/by%2Fput", .object(object))
        #expect(created.status == 201, "\(created.text)")
        #expect(try created.body("name") == "by/put")
        let same = try await tenant.put("\(catalog.list)/by/put", .object(object))
        #expect(same.status == 200)
        #expect(same.header("ETag") == created.header("ETag"), "nothing has changed")
        #expect(same.header("X-Catalog-Revision") == created.header("X-Catalog-Revision"))
        let other = try await tenant.put(
            "\(catalog.list)/by/put", Self.document(catalog, "another"))
        #expect(other.status == 400)
    }

    @Test("an entity comes back as it was read", arguments: Catalog.all)
    func roundTrip(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        let samples = try await SharedServer.get().client.get("\(catalog.list)?pageSize=3").items()
        for sample in samples {
            let name = try #require(sample["name"]?.stringValue)
            let written = try await tenant.put("\(catalog.list)/\(encoded(name))", sample)
            #expect(written.status == 201, "\(written.text)")
            let read = try await tenant.get("\(catalog.list)/\(encoded(name))").json()
            for member in sample.objectValue?.members ?? [] {
                if ["id", "sourceId", "source_id"].contains(member.key) { continue }
                if member.key.hasSuffix("TimeSinceEpoch") { continue }
                #expect(read[member.key] == member.value, "\(member.key)")
            }
        }
    }

    @Test("a write is in the list at once", arguments: Catalog.all)
    func listed(catalog: Catalog) async throws {
        let tenant = try await Tenant.fresh()
        _ = try await tenant.post(catalog.list, Self.document(catalog, "first"))
        _ = try await tenant.client.hit(catalog.list, headers: tenant.headers())
        let before = try await tenant.get(catalog.list)
        _ = try await tenant.post(catalog.list, Self.document(catalog, "second"))
        let after = try await tenant.get(
            catalog.list, ["If-None-Match": before.header("ETag") ?? ""])
        #expect(after.status == 200)
        #expect(Set(try after.names()) == ["first", "second"])
        #expect(after.header("ETag") != before.header("ETag"))
        _ = try await tenant.delete("\(catalog.list)/first")
        #expect(try await tenant.get(catalog.list).names() == ["second"])
    }

    @Test("the same name may stand in two sources")
    func twoSources() async throws {
        let tenant = try await Tenant.named("default")
        let catalog = Catalog.named("policies")
        let sample = try #require(try await tenant.get(catalog.list).names().first)
        let path = "\(catalog.list)/\(encoded(sample))"
        let created = try await tenant.post(
            catalog.list, ["name": .string(sample), "description": "of the api"])
        #expect(created.status == 201, "another source does not conflict: \(created.text)")
        let list = try await tenant.get("\(catalog.list)?pageSize=1000")
        #expect(try list.names().filter { $0 == sample }.count == 2)
        // The source that stands first in the configuration answers for the bare name.
        #expect(try await tenant.get(path).body("sourceId") == "policies-default")
        let picked = try await tenant.get("\(path)?source=api")
        #expect(try picked.body("description") == "of the api")
        let first = try await tenant.get("\(path)?source=policies-default")
        #expect(try first.body("sourceId") == "policies-default")
        #expect(try await tenant.get("\(path)?source=nope").status == 404)
        #expect(try await tenant.delete(path).status == 204)
        #expect(try await tenant.get("\(path)?source=api").status == 404)
        #expect(try await tenant.get(path).body("sourceId") == "policies-default")
    }

    @Test("If-Match guards a change against a lost update")
    func ifMatch() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.list)/x"
        let created = try await tenant.put(path, ["version": "1"])
        let old = try #require(created.header("ETag"))
        let changed = try await tenant.put(path, ["version": "2"], ["If-Match": old])
        #expect(changed.status == 200)
        let new = try #require(changed.header("ETag"))
        for condition in [old, "\"nonsense\"", "", "\"0-0000000000000000\""] {
            let put = try await tenant.put(path, ["version": "3"], ["If-Match": condition])
            #expect(put.status == 412, "PUT \(condition)")
            #expect(put.header("X-Catalog-Error") == "precondition_failed")
            let patch = try await tenant.patch(path, ["version": "3"], ["If-Match": condition])
            #expect(patch.status == 412, "PATCH \(condition)")
            let delete = try await tenant.delete(path, ["If-Match": condition])
            #expect(delete.status == 412, "DELETE \(condition)")
        }
        #expect(try await tenant.get(path).body("version") == "2")
        let either = try await tenant.patch(
            path, ["version": "3"], ["If-Match": "\(old), \(new)"])
        #expect(either.status == 200)
        #expect(try await tenant.patch(path, ["version": "4"], ["If-Match": "*"]).status == 200)
        #expect(try await tenant.delete(path, ["If-Match": "*"]).status == 204)
        #expect(try await tenant.put(path, ["version": "5"], ["If-Match": "*"]).status == 412)
        #expect(try await tenant.get(path).status == 404)
    }

    @Test("If-None-Match: * only creates")
    func ifNoneMatch() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.list)/x"
        #expect(try await tenant.put(path, ["version": "1"], ["If-None-Match": "*"]).status == 201)
        #expect(try await tenant.put(path, ["version": "2"], ["If-None-Match": "*"]).status == 412)
        #expect(try await tenant.get(path).body("version") == "1")
    }

    @Test("an idempotency key makes a write happen once")
    func idempotency() async throws {
        let tenant = try await Tenant.fresh()
        let path = Catalog.agents.list
        let key = ["Idempotency-Key": "key-1"]
        let first = try await tenant.post(path, ["name": "x", "version": "1"], key)
        #expect(first.status == 201)
        #expect(first.header("Idempotency-Replayed") == nil)
        let second = try await tenant.post(path, ["name": "x", "version": "1"], key)
        #expect(second.status == 201)
        #expect(second.header("Idempotency-Replayed") == "true")
        #expect(second.text == first.text)
        #expect(second.header("ETag") == first.header("ETag"))
        #expect(second.header("Location") == first.header("Location"))
        let other = try await tenant.post(path, ["name": "y", "version": "1"], key)
        #expect(other.status == 422)
        #expect(other.header("X-Catalog-Error") == "unprocessable")
        let elsewhere = try await tenant.put("\(path)/x", ["name": "x", "version": "1"], key)
        #expect(elsewhere.status == 422)
        #expect(try await tenant.get("\(path)/y").status == 404)
        // Keys belong to their namespace.
        let neighbour = try await Tenant.fresh()
        #expect(try await neighbour.post(path, ["name": "z"], key).status == 201)
        // A refused write leaves its key free.
        let refused = ["Idempotency-Key": "key-2"]
        #expect(try await tenant.post(path, ["name": "x"], refused).status == 409)
        #expect(try await tenant.post(path, ["name": "w"], refused).status == 201)
        for bad in [String(repeating: "k", count: 300), ""] {
            let response = try await tenant.post(path, ["name": "v"], ["Idempotency-Key": bad])
            #expect(response.status == 400)
        }
    }

    @Test("a key works for every kind of write")
    func idempotencyOfOthers() async throws {
        let tenant = try await Tenant.fresh()
        let list = Catalog.agents.list
        let path = "\(list)/x"
        func twice(
            _ key: String, _ send: ([String: String]) async throws -> HTTPResponse
        ) async throws {
            let first = try await send(["Idempotency-Key": key])
            let revision = try await tenant.get(list).header("X-Catalog-Revision")
            let second = try await send(["Idempotency-Key": key])
            #expect((200..<300).contains(first.status), "\(key): \(first.text)")
            #expect(second.status == first.status)
            #expect(second.text == first.text)
            #expect(second.header("Idempotency-Replayed") == "true")
            #expect(try await tenant.get(list).header("X-Catalog-Revision") == revision)
        }
        try await twice("put") { try await tenant.put(path, ["version": "1"], $0) }
        try await twice("patch") { try await tenant.patch(path, ["version": "2"], $0) }
        try await twice("batch") {
            try await tenant.post("\(list):batch", ["items": [["name": "y"], ["name": 1]]], $0)
        }
        try await twice("delete") { try await tenant.delete(path, $0) }
    }

    @Test("a merge patch merges objects, replaces arrays and removes by null")
    func mergePatch() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.list)/x"
        _ = try await tenant.put(
            path,
            [
                "version": "1", "author": "a", "promptRefs": [["promptTemplateRef": "p"]],
                "customProperties": ["keep": 1, "drop": 2, "deep": ["a": 1, "b": 2]],
            ])
        let patched = try await tenant.patch(
            path,
            [
                "author": nil, "absent": nil, "promptRefs": [],
                "customProperties": ["drop": nil, "deep": ["b": nil, "c": [nil]]],
            ])
        #expect(patched.status == 200, "\(patched.text)")
        let expected: JSONValue = [
            "name": "x", "version": "1", "promptRefs": [], "sourceId": "api",
            "customProperties": ["keep": 1, "deep": ["a": 1, "c": [nil]]],
        ]
        #expect(try patched.json() == expected)
        let same = try await tenant.patch(path, [:])
        #expect(same.status == 200)
        #expect(same.header("ETag") == patched.header("ETag"))
    }

    @Test("what a body does not show of an entity survives its replacement")
    func hiddenFields() async throws {
        let tenant = try await Tenant.fresh()
        let list = Catalog.model.list
        let artifact: JSONValue = [
            "artifactType": "metrics-artifact", "metricsType": "performance-metrics",
            "customProperties": [
                "ttft_p90": ["metadataType": "MetadataDoubleValue", "double_value": 7.5]
            ],
        ]
        let created = try await tenant.post(list, ["name": "m", "artifacts": [artifact]])
        #expect(created.status == 201, "\(created.text)")
        #expect(try created.body("artifacts") == nil)
        let filter = target(list, ["filterQuery": "artifacts.ttft_p90 = 7.5"])
        #expect(try await tenant.get(filter).names() == ["m"])
        let read = try await tenant.get("\(list)/m").json()
        #expect(try await tenant.put("\(list)/m", read).status == 200)
        #expect(try await tenant.patch("\(list)/m", ["description": "d"]).status == 200)
        #expect(try await tenant.get(filter).names() == ["m"])
        #expect(try await tenant.patch("\(list)/m", ["artifacts": nil]).status == 200)
        #expect(try await tenant.get(filter).names().isEmpty)
    }

    @Test("one key sent many times at once writes once")
    func concurrentIdempotency() async throws {
        let tenant = try await Tenant.fresh()
        let statuses = try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    try await tenant.post(
                        Catalog.skills.list, ["name": "x"], ["Idempotency-Key": "k"])
                }
            }
            var all: [HTTPResponse] = []
            for try await response in group { all.append(response) }
            return all
        }
        #expect(statuses.allSatisfy { $0.status == 201 })
        #expect(statuses.filter { $0.header("Idempotency-Replayed") == nil }.count == 1)
        #expect(Set(statuses.map(\.text)).count == 1)
    }

    @Test("of many creations of one name one wins")
    func concurrentCreation() async throws {
        let tenant = try await Tenant.fresh()
        let statuses = try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    try await tenant.post(
                        Catalog.skills.list, ["name": "x", "version": .string("\(number)")]
                    ).status
                }
            }
            var all: [Int] = []
            for try await status in group { all.append(status) }
            return all.sorted()
        }
        #expect(statuses == [201] + Array(repeating: 409, count: 7))
    }

    @Test("a bulk write answers for each item")
    func bulk() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.list):batch"
        _ = try await tenant.post(Catalog.agents.list, ["name": "old", "version": "1"])
        _ = try await tenant.post(Catalog.agents.list, ["name": "same", "version": "1"])
        let response = try await tenant.post(
            path,
            [
                "items": [
                    ["name": "new"], ["name": "old", "version": "2"],
                    ["name": "same", "version": "1"], ["name": "bad", "version": 5],
                    ["version": "1"], 7, ["name": "new"], ["name": ""],
                ]
            ])
        try #require(response.status == 200, "\(response.text)")
        let results = try response.items()
        let statuses = results.map { $0["status"]?.stringValue }
        #expect(
            statuses == [
                "created", "updated", "unchanged", "failed", "failed", "failed", "failed", "failed",
            ])
        #expect(try response.body("size") == 8)
        #expect(try response.body("failed") == 5)
        for result in results where result["status"] == "failed" {
            #expect(result.value(at: "error.code") == "bad_request")
            #expect(result.value(at: "error.message")?.stringValue?.isEmpty == false)
        }
        #expect(results[0]["etag"]?.stringValue != nil)
        #expect(Set(try await tenant.get(Catalog.agents.list).names()) == ["new", "old", "same"])
        #expect(try await tenant.get("\(Catalog.agents.list)/old").body("version") == "2")
    }

    @Test("a bulk write needs a list of bounded length")
    func badBulk() async throws {
        let tenant = try await Tenant.fresh()
        let path = "\(Catalog.agents.list):batch"
        for body in [[:], ["items": 5], ["items": nil], [1], "x"] as [JSONValue] {
            #expect(try await tenant.post(path, body).status == 400)
        }
        let empty = try await tenant.post(path, ["items": []])
        #expect(empty.status == 200)
        #expect(try empty.items().isEmpty)
        let many = (0..<1_001).map { JSONValue.object(["name": .string("n\($0)")]) }
        #expect(try await tenant.post(path, ["items": .array(many)]).status == 400)
        let most = try await tenant.post(path, ["items": .array(Array(many.dropLast()))])
        #expect(most.status == 200)
        #expect(try most.body("failed") == 0)
        let page = try await tenant.get(Catalog.agents.list)
        #expect(try page.items().count == 100)
        #expect(try page.body("size") == 1_000)
        let walked = try await tenant.client.walk(
            .agents, pageSize: 300, headers: tenant.headers())
        #expect(walked.pages == 4)
        #expect(Set(walked.names).count == 1_000)
        let forbidden = try await tenant.post(path, ["items": []], ["X-User-Role": "viewer"])
        #expect(forbidden.status == 403)
    }
}
