import CatalogModel
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import WritePath

@Suite("Writes that share a transaction", .manyTurns)
struct WriteGroupTests {
    @Test(.onPostgres) func everyMemberHasItsOwnOutcome() async throws {
        let fixture = try await StoreFixture()
        let changed = try #require(try await fixture.run(.create(["name": "changed"])).tag)
        try await fixture.run(.create(["name": "gone"]))
        try await fixture.insert(source: "other", name: "foreign")
        let outcomes = try await fixture.group([
            .create(["name": "new"]),
            .create(["name": "gone2"]),
            .create(["name": "changed", "version": "lost"]),
            .mergePatch(name: "absent", ["version": "1"], .none),
            .mergePatch(name: "foreign", ["version": "1"], .none),
            .replace(name: "put", [:], WriteCondition(ifMatch: .tags([changed]))),
            .delete(name: "gone", .none),
            .replace(name: "put2", ["version": "2"], .none),
        ])
        #expect(
            outcomes.map(\.summary) == [
                "created 4", "created 4", "conflict", "not_found", "conflict",
                "precondition_failed", "noContent 4", "created 4",
            ])
        #expect(outcomes[0].tag?.revision == Revision(4))
        let successes = try await fixture.row(
            """
            SELECT string_agg(format('%s %s %s', action_verb, resource_ids[1],
                coalesce(new_value->>'version', '-')), ',' ORDER BY created_at, id)
            FROM (SELECT * FROM audit_events ORDER BY created_at DESC, id LIMIT 4) a
            """)
        #expect(
            Set(successes.split(separator: ",")) == [
                "create new 1", "create gone2 1", "delete gone -", "update put2 1",
            ])
        #expect(try await fixture.row("SELECT count(*) FROM audit_events") == "6")
        #expect(try await fixture.isSound())
    }

    @Test(.onPostgres) func answersAreThoseOfAWriteAlone() async throws {
        let fixture = try await StoreFixture()
        try await fixture.run(.create(["name": "a"]))
        try await fixture.run(.create(["name": "same"]))
        let outcomes = try await fixture.group([
            .create(["name": "b"]), .mergePatch(name: "a", ["version": "2"], .none),
            .mergePatch(name: "same", [:], .none),
        ])
        let created = try outcomes[0].get()
        #expect(created.location == "/api/agents_catalog/v1alpha1/agents/b")
        #expect(created.json?["name"]?.stringValue == "b")
        let patched = try outcomes[1].get()
        #expect(patched.json?["version"]?.stringValue == "2")
        #expect(patched.head.revision == Revision(3))
        let same = try outcomes[2].get()
        #expect(!same.changed && same.status == .ok && same.tag?.revision == Revision(2))
        for (name, answer) in [("b", created), ("a", patched), ("same", same)] {
            let alone = try await fixture.run(.mergePatch(name: name, [:], .none))
            #expect(alone.tag == answer.tag)
            #expect(alone.body == answer.body)
            #expect(alone.head == answer.head)
        }
        let described = try await fixture.row(
            """
            SELECT new_value->>'etag', old_value->>'version' FROM audit_events
            WHERE resource_ids = '{a}' AND action_verb = 'patch' ORDER BY created_at LIMIT 1
            """)
        #expect(described == "\(patched.tag?.description ?? "")|1")
    }

    @Test(.onPostgres) func kindsOfSeveralPluginsShareARevision() async throws {
        let fixture = try await StoreFixture()
        let outcomes = await fixture.store.writeGroup([
            try fixture.member(.create(["name": "a"]), plugin: "agents"),
            try fixture.member(.create(["name": "a", "deploymentMode": "local"]), plugin: "mcp"),
            try fixture.member(.create(["name": "b"]), plugin: "agents"),
        ])
        #expect(outcomes.map(\.summary) == ["created 1", "created 1", "created 1"])
        #expect(try await fixture.row("SELECT count(*) FROM revision_changes") == "3")
        #expect(try await fixture.isSound())
    }

    @Test func theFirstWritesOfANamespaceMakeIt() async throws {
        let fixture = try await StoreFixture()
        let members = try ["a", "b"].map {
            try fixture.member(.create(["name": .string($0)]), namespace: "new")
        }
        let outcomes = await fixture.store.writeGroup(members)
        #expect(outcomes.map(\.summary) == ["created 1", "created 1"])
    }

    @Test(.onPostgres) func aRefusedRowFailsAlone() async throws {
        let fixture = try await StoreFixture()
        try await fixture.refuse(name: "bad")
        let outcomes = await fixture.store.writeGroup([
            try fixture.member(.create(["name": "a"])),
            try fixture.member(.create(["name": "bad"]), key: "k"),
            try fixture.member(.create(["name": "b"]), key: "l"),
        ])
        #expect(outcomes.map(\.summary) == ["created 1", "bad_request", "created 1"])
        #expect(try await fixture.census() == "1|1|2|2")
        #expect(try await fixture.row("SELECT string_agg(key, ',') FROM idempotency_keys") == "l")
        #expect(try await fixture.isSound())
    }

    @Test(.onPostgres) func aGroupOfRefusedRowsLeavesNoRevision() async throws {
        let fixture = try await StoreFixture()
        try await fixture.refuse(name: "bad")
        try await fixture.refuse(name: "worse")
        let outcomes = try await fixture.group([
            .create(["name": "bad"]), .create(["name": "worse"]),
        ])
        #expect(outcomes.map(\.summary) == ["bad_request", "bad_request"])
        #expect(try await fixture.census() == "0|0|0|0")
    }

    @Test(.onPostgres) func keysOfAGroupAreKeptForSuccessesOnly() async throws {
        let fixture = try await StoreFixture()
        try await fixture.run(.create(["name": "old"]), key: "old")
        let members = [
            try fixture.member(.create(["name": "a"]), key: "z"),
            try fixture.member(.create(["name": "old"]), key: "failing"),
            try fixture.member(.create(["name": "old"]), key: "old"),
            try fixture.member(.create(["name": "b"]), key: "a", digest: [7]),
        ]
        // The second and the third touch one entity: the queue would keep them apart.
        let outcomes = await fixture.store.writeGroup(members)
        #expect(
            outcomes.map(\.summary) == ["created 2", "conflict", "created 1 again", "created 2"])
        let again = await fixture.store.writeGroup([
            members[0], try fixture.member(.create(["name": "b"]), key: "a", digest: [8]),
        ])
        #expect(again.map(\.summary) == ["created 2 again", "unprocessable"])
        #expect(again[0].tag == outcomes[0].tag)
        let keys = "SELECT string_agg(key, ',' ORDER BY key) FROM idempotency_keys"
        #expect(try await fixture.row(keys) == "a,old,z")
        #expect(try await fixture.isSound())
    }

    @Test func theRevisionNamesAllActors() async throws {
        let fixture = try await StoreFixture()
        var members = try ["a", "b", "c"].map {
            try fixture.member(.create(["name": .string($0)]))
        }
        members[2] = GroupMember(
            plan: members[2].plan, key: nil,
            context: WriteContext(
                namespace: .default, actor: "bob", requestID: "r-2", method: "POST", path: "/"))
        _ = await fixture.store.writeGroup(members)
        let named = try await fixture.row("SELECT actor, request_id FROM revisions")
        #expect(named == "alice, bob|r-1, r-2")
        #expect(GroupTransaction.label(Array(repeating: "x", count: 9)) == "x")
    }

    @Test(.onPostgres) func nobodySeesPartOfAGroup() async throws {
        let fixture = try await StoreFixture()
        let isDone = Mutex(false)
        async let halves = fixture.countTornReads { isDone.withLock { $0 } }
        for round in 0..<20 {
            let outcomes = try await fixture.group(
                (0..<10).map { .create(["name": .string("n\(round)-\($0)")]) })
            #expect(outcomes.allSatisfy { $0.summary == "created \(round + 1)" })
        }
        isDone.withLock { $0 = true }
        #expect(try await halves == 0)
        #expect(try await fixture.isSound())
    }
}

extension StoreFixture {
    func member(
        _ operation: EntityCommand.Operation, plugin: String = "agents",
        namespace: String = "default", key: String? = nil, digest: [UInt8] = [1]
    ) throws -> GroupMember {
        let (plugin, kind) = try StoreFixture.kind(plugin)
        let command = EntityCommand(plugin: plugin, kind: kind, operation)
        let context = try context(namespace: namespace, key: key, digest: digest)
        let event = command.auditEvent(context, outcome: .success, statusCode: nil)
        let plan = try EntityPlan(command, namespace: context.namespace, event: event)
        return GroupMember(
            plan: .entity(plan), key: try IdempotencyKey(context), context: context)
    }

    func group(_ operations: [EntityCommand.Operation]) async throws -> [GroupMember.Outcome] {
        await store.writeGroup(try operations.map { try member($0) })
    }

    /// Makes the database refuse entities of the name, as an operator's constraint would.
    func refuse(name: String) async throws {
        _ = try await pool.query(
            Statement("ALTER TABLE agents_entities ADD CHECK (name <> '\(name)')"))
    }

    /// How often some but not all ten of a group were there.
    func countTornReads(until isDone: () -> Bool) async throws -> Int {
        var torn = 0
        while !isDone() {
            let count = try await row("SELECT count(*) % 10 FROM entities")
            if count != "0" { torn += 1 }
        }
        return torn
    }

    /// Whether each namespace's log is dense and all digests are those of its entities.
    func isSound() async throws -> Bool {
        let wrong = try await row(
            """
            SELECT count(*) FROM namespaces n WHERE n.revision <> (
                    SELECT count(*) FROM revisions r WHERE r.namespace = n.name)
                OR n.revision <> (
                    SELECT coalesce(max(r.revision), 0) FROM revisions r
                    WHERE r.namespace = n.name)
                OR n.digest <> coalesce((
                    SELECT bit_xor(c.digest) FROM catalog_recompute_digest(n.name) c), 0)
                OR EXISTS (
                    SELECT FROM collections k FULL JOIN catalog_recompute_digest(n.name) c
                        ON (k.plugin, k.kind) = (c.plugin, c.kind)
                    WHERE k.namespace = n.name AND (k.digest, k.entity_count)
                        IS DISTINCT FROM (coalesce(c.digest, 0), coalesce(c.entity_count, 0)))
                OR EXISTS (
                    SELECT FROM entities e WHERE e.namespace = n.name AND NOT EXISTS (
                        SELECT FROM revision_changes r
                        WHERE (r.namespace, r.revision, r.plugin, r.kind, r.source, r.name)
                            = (e.namespace, e.revision, e.plugin, e.kind, e.source, e.name)))
            """)
        return wrong == "0"
    }
}

extension GroupMember.Outcome {
    var tag: EntityTag? { try? get().tag }

    /// The status and revision of a success, or the code of a failure.
    var summary: String {
        switch self {
        case .failure(let error): error.code.rawValue
        case .success(let answer):
            "\(answer.status) \(answer.tag?.revision ?? answer.head.revision)"
                + (answer.replayed ? " again" : "")
        }
    }
}
