import CatalogModel
import Logging
import Telemetry
import TestSupport
import Testing

@testable import Server

/// Reviews by the double of the Kubernetes API, over HTTPS.
@Suite(.timeLimit(.minutes(2))) struct `Access reviews` {
    private let clock = ManualClock()

    private func reviewer(_ cluster: KubernetesDouble) async throws -> AccessReviewer {
        let clock = clock
        let registry = MetricsRegistry()
        let observer = Observer(
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, registry: registry)
        return AccessReviewer(
            source: SubjectAccessReview(client: try await KubernetesClient(cluster.access)),
            cache: DecisionCache { clock.now }, counters: DecisionCounters(registry: registry),
            observer: observer)
    }

    private func question(
        _ user: String = "alice", _ groups: [String] = ["b", "a"]
    ) throws -> (AccessQuestion, Identity) {
        let question = AccessQuestion(
            user: user, groups: groups, action: AccessAction(.catalogsources, .create),
            namespace: try Namespace("team-a"))
        let identity = try Identity(
            user: user, groups: groups.joined(separator: ","), isOperator: true)
        return (question, identity)
    }

    @Test func `ask what the contract says`() async throws {
        let cluster = try await KubernetesDouble.start()
        cluster.allow(group: "a", ["create"], on: ["catalogsources"], in: "team-a")
        let reviewer = try await reviewer(cluster)
        let (question, identity) = try question()
        #expect(try await reviewer.isAllowed(question, identity))
        #expect(
            cluster.reviews == [
                .init(
                    user: "alice", groups: ["a", "b"], group: "catalog.kubeflow.org",
                    resource: "catalogsources", verb: "create", namespace: "team-a")
            ])
    }

    @Test func `a grant that ended is over within ten seconds, also by header bytes`() async throws
    {
        let cluster = try await KubernetesDouble.start()
        cluster.allow(user: "alice", ["*"], on: ["*"])
        let reviewer = try await reviewer(cluster)
        let control = AccessControl(reviewer: reviewer)
        let (question, identity) = try question()
        func known() -> Bool? {
            let (user, groups) = (Array(identity.rawUser.utf8), Array(identity.rawGroups.utf8))
            return control.known(
                user: user.span, groups: groups.span, action: question.action,
                namespace: question.namespace)
        }
        #expect(known() == nil)
        #expect(try await reviewer.isAllowed(question, identity))
        #expect(known() == true)
        cluster.revoke(user: "alice")
        clock.advance(by: .milliseconds(9_999))
        #expect(try await reviewer.isAllowed(question, identity))
        #expect(known() == true)
        clock.advance(by: .milliseconds(1))
        #expect(known() == nil)
        #expect(try await !reviewer.isAllowed(question, identity))
        #expect(known() == false)
        // Refusals are kept as long.
        cluster.allow(user: "alice", ["*"], on: ["*"])
        clock.advance(by: .milliseconds(9_999))
        #expect(try await !reviewer.isAllowed(question, identity))
        clock.advance(by: .milliseconds(1))
        #expect(try await reviewer.isAllowed(question, identity))
        #expect(cluster.reviews.count == 3)
    }

    @Test func `many who ask the same at once make one review`() async throws {
        let cluster = try await KubernetesDouble.start()
        cluster.allow(user: "alice", ["*"], on: ["*"])
        let reviewer = try await reviewer(cluster)
        let (question, identity) = try question()
        let answers = try await withThrowingTaskGroup { group in
            for _ in 0..<100 {
                group.addTask { try await reviewer.isAllowed(question, identity) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 100 && answers.allSatisfy { $0 })
        #expect(cluster.reviews.count == 1)
    }

    @Test(arguments: [KubernetesDouble.Fault.status(500), .drop])
    func `a failure refuses and is not kept`(fault: KubernetesDouble.Fault) async throws {
        let cluster = try await KubernetesDouble.start()
        cluster.allow(user: "alice", ["*"], on: ["*"])
        let reviewer = try await reviewer(cluster)
        let (question, identity) = try question()
        cluster.set(fault, on: "subjectaccessreviews")
        await #expect(throws: GateError.self) {
            try await reviewer.isAllowed(question, identity)
        }
        cluster.clearFaults()
        #expect(try await reviewer.isAllowed(question, identity))
    }

    @Test func `a replaced token of the service account is picked up`() async throws {
        let cluster = try await KubernetesDouble.start()
        cluster.allow(user: "alice", ["*"], on: ["*"])
        let reviewer = try await reviewer(cluster)
        let (question, identity) = try question()
        #expect(try await reviewer.isAllowed(question, identity))
        try cluster.rotateToken()
        clock.advance(by: .seconds(10))
        #expect(try await reviewer.isAllowed(question, identity))
    }
}

extension KubernetesDouble {
    /// Where the double is, for a client of this process.
    var access: ClusterAccess {
        ClusterAccess(
            host: "127.0.0.1", port: port, tokenPath: tokenPath, authorityPath: authorityPath,
            namespacePath: namespacePath)
    }
}
