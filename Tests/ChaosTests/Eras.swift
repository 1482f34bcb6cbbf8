import CatalogModel
import HistoryChecker
import TestSupport

/// Ends an era by promoting the standby, and begins the next one with what the standby had.
struct Eras {
    let site: ChaosSite
    let recorder: Recorder
    let tokens: TokenBoard
    let board: StreamBoard
    private(set) var checker = HistoryChecker()
    /// Acknowledged writes that a standby did not have when it was promoted.
    private(set) var lostWrites = 0
    /// The first token of each namespace that each promotion lost: refused for good, also when its
    /// number is there again.
    private var lostForGood: [(namespace: String, token: TokenBoard.Token)] = []
    /// Operations that belong to eras that are over.
    private var judged = 0
    private var current: Era
    /// The era before, for what comes of it late.
    private var previous: Era?
    /// Writes of earlier eras that may still take effect.
    private var open: [Operation] = []

    init(
        site: ChaosSite, recorder: Recorder, tokens: TokenBoard, board: StreamBoard
    ) async throws {
        self.site = site
        self.recorder = recorder
        self.tokens = tokens
        self.board = board
        current = try await Self.begin(on: site.primary, site)
    }

    private static func begin(on cluster: PostgresCluster, _ site: ChaosSite) async throws -> Era {
        Era(
            operations: [], initialHeads: try await site.heads(on: cluster),
            initial: try await site.values(on: cluster))
    }

    /// Judges what was done since the era began, by the testimony of a server.
    private mutating func judge(by cluster: PostgresCluster) async throws {
        let own = Array(recorder.operations[judged...])
        judged += own.count
        current.operations = open + own
        let (streams, late) = board.split()
        try await site.testify(&current, on: cluster)
        current.streams = streams
        checker.check(current)
        if let previous { checker.checkStreams(late, by: previous) }
        previous = current
        open = current.operations.filter { $0.isWrite && $0.outcome == .unknown }
    }

    /// Ends the last era, once all replicas have what the store has.
    mutating func finish() async throws {
        try await converge()
        try await expectFollowersAtTheHead()
        try await judge(by: site.primary)
        for (namespace, token) in lostForGood {
            try await site.outrun(token.revision, in: namespace)
        }
        try await expectRefusals(of: lostForGood)
        for text in recorder.unexpected { checker.report(Violation(.contract, text)) }
        checker.count(.contract, recorder.operations.count + recorder.unexpected.count)
    }

    // MARK: Promotion

    /// Loses the primary while the standby lags, and goes on with the standby.
    mutating func promote(lag: Duration) async throws {
        try await site.makeStandby()
        guard let standby = site.standby else { return }
        let old = site.primary
        site.link.mode = .blackhole
        try await Task.sleep(for: lag)
        // From here on nobody reaches either server, until the new one is a primary.
        try await old.stop()
        recorder.pause()
        for way in site.ways { way.mode = .refuse }
        for way in site.ways { way.cut() }
        try await eventually("the sessions are quiet") { recorder.isQuiet }
        site.link.cut()
        site.link.mode = .pass
        site.link.redirect(to: .path(standby.socketPath))
        for way in site.ways { way.redirect(to: .path(standby.socketPath)) }

        // The old server tells what it had acknowledged; the replicas cannot reach it.
        try await old.start()
        try await judge(by: old)
        let oldHeads = try await site.heads(on: old)
        try await old.stop()

        try await standby.promote()
        site.exchangePrimary(by: standby)
        current = try await Self.begin(on: standby, site)
        for way in site.ways { way.mode = .pass }
        let lost = tokens.takeLost(current.initialHeads)
        lostWrites += oldHeads.reduce(0) { sum, head in
            sum + Int(head.value - min(head.value, current.initialHeads[head.key] ?? 0))
        }
        try await expectNothingLostIsShown()
        try await expectRefusals(of: lost + lostForGood)
        lostForGood += Dictionary(grouping: lost, by: \.namespace).values.compactMap { lost in
            lost.min { $0.token.revision < $1.token.revision }
        }
        recorder.resume()
    }

    /// No replica that has heard of the loss may take a token of what was lost for one of what is
    /// there.
    private mutating func expectRefusals(
        of lost: [(namespace: String, token: TokenBoard.Token)]
    ) async throws {
        for (namespace, token) in lost {
            for replica in site.replicas {
                var status = 503
                try await eventually("an answer about a lost token") {
                    status = try await replica.client.get(
                        ChaosSite.list,
                        headers: [
                            "X-Namespace": namespace, "X-Catalog-Epoch": token.epoch,
                            "X-Catalog-Min-Revision": String(token.revision),
                        ]
                    ).status
                    return status != 503
                }
                checker.expect(
                    status == 409, .lostTokens, [],
                    "a token of the lost revision \(token.revision) of \(namespace) got \(status)")
            }
        }
    }

    /// Waits until no cache shows a revision that the store does not have.
    ///
    /// Before a replica has heard of the loss its plain reads show what was lost, with a bound.
    private func expectNothingLostIsShown() async throws {
        for replica in site.replicas {
            for (namespace, head) in current.initialHeads
            where ChaosSite.namespaces.contains(namespace) {
                try await eventually("\(namespace) without what was lost") {
                    let answer = try await replica.client.get(
                        ChaosSite.list, headers: ["X-Namespace": namespace])
                    let revision = answer.header("X-Catalog-Revision").flatMap { UInt64($0) }
                    return answer.status == 200 && revision ?? .max <= head
                }
            }
        }
    }

    // MARK: The end

    /// Every follower of the change feed gets to the end of the log, on any replica.
    private mutating func expectFollowersAtTheHead() async throws {
        let heads = try await site.heads(on: site.primary)
        for (number, namespace) in board.followers {
            let follower = Follower(
                number, namespace, .polling, site: site, recorder: recorder, board: board, seed: 0)
            let head = heads[namespace] ?? 0
            let isThere: Void? = try? await eventually("a follower of \(namespace) at \(head)") {
                let cursor = board.cursor(of: number)
                _ = await follower.poll(
                    cursor, wait: 0, on: site.replicas[number % ChaosSite.replicaCount])
                return board.reached(number) >= head
            }
            checker.expect(
                isThere != nil, .convergence, [],
                "follower \(number) of \(namespace) is at \(board.reached(number)) of \(head)")
        }
    }

    /// Every replica gets there by itself, and then has the digest of the store.
    private mutating func converge() async throws {
        for namespace in ChaosSite.namespaces {
            let row = try await site.rows(
                "SELECT n.revision, lpad(to_hex(c.digest), 16, '0') FROM namespaces n "
                    + "JOIN collections c ON c.namespace = n.name AND c.kind = 'Agent' "
                    + "WHERE n.name = '\(namespace)'", on: site.primary)[0]
            for (number, replica) in site.replicas.enumerated() {
                var seen: [String?] = []
                let isSame: Void? = try? await eventually("\(namespace) on replica \(number)") {
                    let answer = try await replica.client.get(
                        "\(ChaosSite.list)?explain=cache", headers: ["X-Namespace": namespace])
                    let json = try answer.json()
                    seen = [
                        json["revision"]?.intValue.map { String($0) },
                        json.value(at: "collection.digest")?.stringValue,
                        json["outcome"]?.stringValue,
                    ]
                    return seen == [row[0], row[1], "HIT"]
                }
                checker.expect(
                    isSame != nil, .convergence, [],
                    "\(namespace) on replica \(number): \(seen), the store has \(row)")
            }
        }
    }
}
