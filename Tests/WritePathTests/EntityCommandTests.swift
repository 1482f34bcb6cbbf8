import CatalogModel
import Telemetry
import TestSupport
import Testing

@testable import WritePath

@Suite("Writes of single entities", .manyTurns)
struct EntityCommandTests {
    let agent: JSONValue = ["name": "a", "agentType": "router"]

    @Test func creationAnswersTheEntityWithItsTagPathAndRevision() async throws {
        let fixture = try await StoreFixture()
        let response = try await fixture.run(.create(agent))
        #expect(response.status == .created)
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == "{\"name\":\"a\",\"agentType\":\"router\",\"sourceId\":\"api\"}\n")
        #expect(response.location == "/api/agents_catalog/v1alpha1/agents/a")
        #expect(response.head.revision == Revision(1))
        #expect(response.changed && !response.replayed)
        let digest = try await fixture.row("SELECT digest FROM entities WHERE name = 'a'")
        #expect(response.tag?.digest == Int64(digest).map(UInt64.init(bitPattern:)))
        #expect(response.head.digest == response.tag?.digest)
        #expect(
            try await fixture.row("SELECT actor, request_id FROM revisions") == "alice|r-1")
    }

    @Test func secondCreationIsAConflictAndLeavesNoTrace() async throws {
        let fixture = try await StoreFixture()
        try await fixture.run(.create(agent))
        let error = try await fixture.failure(.create(agent))
        #expect(error?.code == .conflict)
        #expect(error?.message == "agent \"a\" already exists")
        #expect(try await fixture.census() == "1|1|1|1")
    }

    @Test func nameOfAnotherSourceMayBeCreatedButNotPatchedOrDeleted() async throws {
        let fixture = try await StoreFixture()
        try await fixture.insert(source: "agents-default", name: "a")
        let message =
            "agent \"a\" belongs to source \"agents-default\"; only entities of source \"api\" "
            + "can be written"
        let patched = try await fixture.failure(.mergePatch(name: "a", [:], .none))
        #expect(patched?.code == .conflict && patched?.message == message)
        let deleted = try await fixture.failure(.delete(name: "a", .none))
        #expect(deleted?.code == .conflict && deleted?.message == message)
        #expect(try await fixture.run(.create(agent)).status == .created)
        #expect(try await fixture.run(.delete(name: "a", .none)).status == .noContent)
    }

    @Test func absentEntityIsNotFoundInTheWordsOfTheContract() async throws {
        let fixture = try await StoreFixture()
        for operation in [
            EntityCommand.Operation.mergePatch(name: "x", [:], .none), .delete(name: "x", .none),
        ] {
            let error = try await fixture.failure(operation)
            #expect(error?.code == .notFound)
            #expect(error?.message == "agent \"x\" not found")
        }
        let prompt = try await fixture.failure(.delete(name: "x/y", .none), plugin: "prompts")
        #expect(prompt?.message == "prompt template \"x/y\" not found")
        #expect(try await fixture.failure(.delete(name: "", .none))?.code == .notFound)
    }

    @Test func replacementCreatesOrReplacesAndTakesTheNameFromThePath() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.run(.replace(name: "t/b c", ["version": "1"], .none))
        #expect(first.status == .created)
        #expect(first.location == "/api/agents_catalog/v1alpha1/agents/t/b%20c")
        let second = try await fixture.run(.replace(name: "t/b c", ["version": "2"], .none))
        #expect(second.status == .ok && second.changed && second.location == nil)
        #expect(second.json == ["name": "t/b c", "version": "2", "sourceId": "api"])
        #expect(try await fixture.row("SELECT version FROM entities") == "2")
        let other = try await fixture.failure(.replace(name: "t/b c", ["name": "d"], .none))
        #expect(other?.code == .badRequest)
    }

    @Test func documentThatChangesNothingKeepsItsRevision() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.run(.create(agent))
        let body = try #require(first.json)
        for operation in [
            EntityCommand.Operation.replace(name: "a", body, .none),
            .mergePatch(name: "a", ["agentType": "router", "version": nil], .none),
        ] {
            let again = try await fixture.run(operation)
            #expect(again.status == .ok && !again.changed)
            #expect(again.tag == first.tag && again.head == first.head)
            #expect(again.body == first.body)
        }
        // 1 and 1.0 are different texts, so they are different documents.
        let one: JSONValue = ["customProperties": ["n": .number(JSONNumber(Int64(1)))]]
        try await fixture.run(.mergePatch(name: "a", one, .none))
        let text = try #require(JSONNumber(text: "1.0"))
        let finer: JSONValue = ["customProperties": ["n": .number(text)]]
        #expect(try await fixture.run(.mergePatch(name: "a", finer, .none)).changed)
    }

    @Test func conditionsDecideUnderTheLock() async throws {
        let fixture = try await StoreFixture()
        let old = try #require(try await fixture.run(.create(agent)).tag)
        let condition = WriteCondition(ifMatch: .tags([old]))
        let patch: JSONValue = ["version": "2"]
        let new = try await fixture.run(.mergePatch(name: "a", patch, condition))
        #expect(new.changed)
        let absent = WriteCondition(ifNoneMatch: .any)
        for operation in [
            EntityCommand.Operation.mergePatch(name: "a", ["version": "3"], condition),
            .delete(name: "a", condition), .replace(name: "a", [:], condition),
            .replace(name: "a", [:], absent),
            .replace(name: "b", [:], WriteCondition(ifMatch: .any)),
        ] {
            let error = try await fixture.failure(operation)
            #expect(error?.code == .preconditionFailed)
        }
        #expect(try await fixture.run(.replace(name: "b", [:], absent)).status == .created)
        let last = WriteCondition(ifMatch: .any)
        let deleted = try await fixture.run(.delete(name: "a", last))
        #expect(deleted.status == .noContent && deleted.body.isEmpty && deleted.tag == nil)
        #expect(deleted.head.revision == Revision(4))
    }

    @Test func patchCanNeitherRenameNorBreakAnEntity() async throws {
        let fixture = try await StoreFixture()
        try await fixture.run(.create(agent))
        let patches: [JSONValue] = [
            ["name": "b"], ["name": nil], ["version": 7], ["unknown": 1], [1], "text",
        ]
        for patch in patches {
            let error = try await fixture.failure(.mergePatch(name: "a", patch, .none))
            #expect(error?.code == .badRequest)
        }
        #expect(try await fixture.census() == "1|1|1|1")
    }

    @Test func badDocumentsAreListedFieldByField() async throws {
        let fixture = try await StoreFixture()
        var document: JSONObject = ["name": "a", "agentType": 7]
        for number in 10..<40 { document["unknown\(number)"] = 1 }
        let error = try await fixture.failure(.create(.object(document)))
        #expect(error?.code == .badRequest)
        #expect(error?.details["agentType"] != nil)
        #expect(error?.details.count == WriteLimits.reportedFieldErrors)
        let bad: [JSONValue] = [[], "x", ["agentType": "router"], ["name": " a"], ["name": ""]]
        for value in bad {
            #expect(try await fixture.failure(.create(value))?.code == .badRequest)
        }
        let text = String(repeating: "x", count: CatalogLimits.bodyBytes)
        let long: JSONValue = ["name": "a", "instructions": .string(text)]
        let large = try await fixture.failure(.create(long))
        #expect(large?.code == .payloadTooLarge)
    }

    @Test func whatTheDatabaseCannotHoldIsTheClientsMistake() async throws {
        let fixture = try await StoreFixture()
        let zero = try await fixture.failure(.create(["name": "a", "version": "x\0y"]))
        #expect(zero?.code == .badRequest)
        let huge = try #require(JSONNumber(text: "1" + String(repeating: "0", count: 300)))
        let numbers: JSONValue = ["name": "a", "customProperties": ["n": .number(huge)]]
        let response = try await fixture.run(.create(numbers))
        #expect(response.json?["customProperties"]?["n"] == .number(huge))
        let scaled = try #require(JSONNumber(text: "1.5e-300"))
        let patch: JSONValue = ["customProperties": ["n": .number(scaled)]]
        #expect(try await fixture.run(.mergePatch(name: "a", patch, .none)).changed)
        #expect(fixture.observations.count(of: .writeFailed) == 0)
    }

    @Test func replacementKeepsWhatBodiesDoNotShow() async throws {
        let fixture = try await StoreFixture()
        let (_, kind) = try StoreFixture.kind("model")
        let hidden = try #require(kind.fields.first { $0.hidden }?.name)
        let model: JSONValue = .object(["name": "org/m", hidden: []])
        let first = try await fixture.run(.create(model), plugin: "model")
        #expect(first.location == "/api/model_catalog/v1alpha1/sources/api/models/org/m")
        let body = try #require(first.json)
        #expect(body[hidden] == nil)
        let again = try await fixture.run(.replace(name: "org/m", body, .none), plugin: "model")
        #expect(!again.changed)
    }

    @Test func newNamespaceIsMadeByItsFirstWrite() async throws {
        let fixture = try await StoreFixture()
        let namespace = try Namespace("team-a")
        #expect(try await fixture.store.head(of: namespace) == nil)
        let response = try await fixture.run(.create(agent), namespace: "team-a")
        #expect(response.head.revision == Revision(1))
        #expect(try await fixture.store.head(of: namespace) == response.head)
    }
}
