import HistoryChecker
import Synchronization
import TestSupport
import Testing

@Suite("Chaos with real processes", .serialized)
struct ChaosTests {
    private static let sessions = 6

    @Test("no answer breaks a promise, whatever fails", arguments: ChaosSettings.all)
    func promisesAreKept(settings: ChaosSettings) async throws {
        let site = try await ChaosSite.make(needsStandby: settings.faults.contains(.promote))
        let recorder = Recorder()
        let tokens = TokenBoard()
        let board = StreamBoard()
        var eras = try await Eras(
            site: site, recorder: recorder, tokens: tokens, board: board)
        var injector = FaultInjector(site: site, settings: settings)
        let failure = await withTaskGroup(of: Void.self) { group -> (any Error)? in
            for number in 0..<Self.sessions {
                group.addTask {
                    var session = Session(
                        number, site: site, recorder: recorder, tokens: tokens,
                        seed: settings.seed)
                    await session.run()
                }
            }
            for follower in Follower.all(
                site: site, recorder: recorder, board: board, seed: settings.seed)
            {
                group.addTask {
                    var follower = follower
                    await follower.run()
                }
            }
            var failure: (any Error)?
            do { try await injector.run(&eras) } catch { failure = error }
            group.cancelAll()
            await group.waitForAll()
            return failure
        }
        if let failure { throw failure }
        try await eras.finish()
        let report = ChaosReport(
            seed: settings.seed, operations: recorder.operations, faults: injector.injected,
            eras: eras)
        print(report.text)
        #expect(eras.checker.violations.isEmpty, "see the report above")
        for replica in site.replicas { #expect(replica.isRunning) }
        #expect(report.answered > 100, "too little was done to say anything")
        #expect(board.counts["changes", default: 0] > 100, "too little was followed")
    }
}

/// What a run did and found, for people.
private struct ChaosReport {
    let seed: UInt64
    let operations: [Operation]
    let faults: [Fault: Int]
    let eras: Eras

    var answered: Int { operations.count { $0.outcome == .answered } }

    var text: String {
        var lines = ["chaos with seed \(seed)"]
        var kinds: [String: Int] = [:]
        for operation in operations {
            switch operation.action {
            case .write: kinds["write \(operation.outcome)", default: 0] += 1
            case .read(let level): kinds["read \(level.rawValue)", default: 0] += 1
            }
        }
        lines.append("operations checked: \(operations.count) (\(Self.list(kinds)))")
        let byName = Dictionary(uniqueKeysWithValues: faults.map { ($0.key.rawValue, $0.value) })
        lines.append(
            "faults injected: \(faults.values.reduce(0, +)) (\(Self.list(byName)))")
        lines.append("acknowledged writes lost by promotions: \(eras.lostWrites)")
        lines.append("stream events checked: \(Self.list(eras.board.counts))")
        let checked = Dictionary(
            uniqueKeysWithValues: eras.checker.checked.map { ($0.key.rawValue, $0.value) })
        lines.append("judged by rule: \(Self.list(checked))")
        lines.append("violations: \(eras.checker.violations.count)")
        for violation in eras.checker.violations.prefix(10) { lines.append("\(violation)") }
        if !eras.checker.violations.isEmpty {
            lines.append("again: scripts/chaos --seed \(seed)")
        }
        return lines.joined(separator: "\n")
    }

    private static func list(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            .joined(separator: ", ")
    }
}
