import HistoryChecker
import Testing

@Suite("The history checker: every rule can fail, and fails for nothing else")
struct HistoryRuleTests {
    /// A history that keeps all rules.
    private var good: HistoryBuilder {
        var history = HistoryBuilder()
        history.write("a", 0...10, revision: 1)
        history.read("a", 11...12, .token, revision: 1, demanded: 1, boundMs: 5, isCached: true)
        history.read("a", 13...14, .token, revision: 1, demanded: 1, boundMs: 5)
        history.write("b", 20...30, session: 2, revision: 2)
        history.read("a", 31...32, session: 3, revision: 1, boundMs: 4, isCached: true)
        history.read("b", 33...35, .strong, session: 3, revision: 2, boundMs: 0)
        history.read("b", 36...37, session: 3, revision: 2, boundMs: 1, isCached: true)
        history.write(nil, 40...45, session: 2, revision: 3)
        history.read(nil, 46...47, .noCache, session: 3, revision: 3, boundMs: 0)
        return history
    }

    @Test("a good history breaks none, and every rule of an era has looked at something")
    func accepted() {
        var checker = HistoryChecker()
        var era = good.era
        era.streams = [
            ChangeStream(name: "s", namespace: "default", from: 0, rows: era.log)
        ]
        checker.check(era)
        #expect(checker.violations.isEmpty, "\(checker.violations)")
        let ofTheRun: Set<Rule> = [.convergence, .lostTokens, .contract]
        for rule in Rule.allCases where !ofTheRun.contains(rule) {
            #expect(checker.checked[rule] ?? 0 > 0, "\(rule)")
        }
    }

    @Test func readYourWrites() {
        var history = good
        history.write("c", 50...60, session: 4, revision: 4)
        history.read(nil, 61...62, .token, session: 4, revision: 3, boundMs: 100)
        #expect(HistoryBuilder.broken(history.era) == [.readYourWrites])
    }

    @Test func monotonicReads() {
        var history = good
        history.read("b", 50...51, .token, session: 9, revision: 2, boundMs: 100)
        history.read("a", 52...53, .token, session: 9, revision: 1, boundMs: 100)
        #expect(HistoryBuilder.broken(history.era) == [.monotonicReads])
    }

    @Test func atLeast() {
        var history = good
        history.read(nil, 50...51, session: 9, revision: 3, demanded: 4)
        #expect(HistoryBuilder.broken(history.era) == [.atLeast])
    }

    @Test("a cache may not go back, but a process may, and reads that overlap may")
    func replicaMonotonic() {
        var history = good
        history.read("a", 38...39, session: 9, revision: 1, boundMs: 100, isCached: true)
        #expect(HistoryBuilder.broken(history.era) == [.replicaMonotonic])
        var restarted = good
        restarted.read("a", 38...39, replica: 2, revision: 1, boundMs: 100, isCached: true)
        #expect(HistoryBuilder.broken(restarted.era).isEmpty)
        var overlapping = good
        overlapping.read("a", 36...39, session: 9, revision: 1, boundMs: 100, isCached: true)
        #expect(HistoryBuilder.broken(overlapping.era).isEmpty)
    }

    @Test("an answer is not older than its bound, to the millisecond")
    func honestBound() {
        var lying = good
        lying.read("a", 40...41, session: 9, replica: 2, revision: 1, boundMs: 9)
        #expect(HistoryBuilder.broken(lying.era) == [.honestBound])
        var honest = good
        honest.read("a", 40...41, session: 9, replica: 2, revision: 1, boundMs: 11)
        #expect(HistoryBuilder.broken(honest.era).isEmpty)
    }

    @Test("a read that shows another value than its revision had")
    func trueToLog() {
        var history = good
        history.read("a", 50...51, session: 9, replica: 2, revision: 3, boundMs: 100)
        #expect(HistoryBuilder.broken(history.era) == [.trueToLog])
        var invented = HistoryBuilder()
        invented.read("z", 0...1, revision: 0)
        #expect(HistoryBuilder.broken(invented.era) == [.trueToLog])
    }

    @Test("a write without a known outcome explains one content, not two")
    func unknownWrites() {
        func history(_ values: [String?]) -> Era {
            var history = good
            history.write("u", 50...60, session: 5, outcome: .unknown)
            history.write("v", 50...60, session: 6, outcome: .unknown)
            for (number, value) in values.enumerated() {
                let start = Int64(70 + 2 * number)
                history.read(
                    value, start...start + 1, session: 9, replica: 2, revision: 4, boundMs: 0)
            }
            var era = history.era
            era.log.append(LogRow(revision: 4, register: HistoryBuilder.x, isDelete: false))
            era.revisions["default"]?.append(4)
            era.final[HistoryBuilder.x] = values.last ?? nil
            return era
        }
        #expect(HistoryBuilder.broken(history(["u", "u"])).isEmpty)
        #expect(HistoryBuilder.broken(history(["v", "v"])).isEmpty)
        #expect(HistoryBuilder.broken(history(["u", "v"])) == [.trueToLog])
        #expect(HistoryBuilder.broken(history(["b"])) == [.trueToLog])
    }

    @Test("what was there before the era is known by its last state")
    func beforeTheEra() {
        func broken(_ value: String?) -> Set<Rule> {
            var history = HistoryBuilder()
            history.read(value, 0...1, revision: 7)
            var era = Era(
                operations: history.operations, initialHeads: ["default": 7],
                initial: [HistoryBuilder.x: "old"])
            era.log = [LogRow(revision: 5, register: HistoryBuilder.x, isDelete: false)]
            return HistoryBuilder.broken(era)
        }
        #expect(broken("old").isEmpty)
        #expect(broken("other") == [.trueToLog])
        #expect(broken(nil) == [.trueToLog])
    }

    @Test func denseLog() {
        var era = good.era
        era.revisions["default"] = [1, 2, 4]
        #expect(HistoryBuilder.broken(era) == [.denseLog])
        era.revisions["default"] = [1, 3, 2]
        #expect(HistoryBuilder.broken(era) == [.denseLog])
    }

    @Test("an acknowledged write that the log or the store does not have")
    func durable() {
        var history = good
        history.write("c", 50...60, session: 4, revision: 4)
        var era = history.era
        era.log.removeAll { $0.revision == 4 }
        #expect(HistoryBuilder.broken(era) == [.durable])
        era = history.era
        era.final[HistoryBuilder.x] = "b"
        #expect(HistoryBuilder.broken(era) == [.durable])
    }

    @Test("a stream that leaves out, repeats, reorders or invents a change")
    func gaplessStream() {
        func broken(_ change: (inout [LogRow]) -> Void) -> Set<Rule> {
            var era = good.era
            var rows = era.log
            change(&rows)
            era.streams = [ChangeStream(name: "s", namespace: "default", from: 0, rows: rows)]
            return HistoryBuilder.broken(era)
        }
        #expect(broken { _ in }.isEmpty)
        #expect(broken { $0.removeLast() }.isEmpty)
        #expect(broken { $0.remove(at: 1) } == [.gaplessStream])
        #expect(broken { $0.append($0[2]) } == [.gaplessStream])
        #expect(broken { $0.swapAt(0, 1) } == [.gaplessStream])
        #expect(
            broken {
                $0[2] = LogRow(revision: 3, register: HistoryBuilder.y, isDelete: false)
            } == [.gaplessStream])
    }

    @Test("a stream that is told that it has everything when it has not")
    func incompleteStream() {
        var era = good.era
        era.streams = [
            ChangeStream(name: "s", namespace: "default", from: 1, rows: [era.log[1]], to: 2)
        ]
        #expect(HistoryBuilder.broken(era).isEmpty)
        era.streams[0].to = 3
        #expect(HistoryBuilder.broken(era) == [.gaplessStream])
    }

    @Test("a stream that goes on from a place that is lost, and one whose place is not lost")
    func placesOfStreams() {
        var era = good.era
        era.operations = []
        era.initialHeads["default"] = 2
        var carried = ChangeStream(name: "s", namespace: "default", from: 2, rows: [era.log[2]])
        carried.isCarried = true
        era.streams = [carried]
        #expect(HistoryBuilder.broken(era).isEmpty)
        era.initialHeads["default"] = 1
        #expect(HistoryBuilder.broken(era) == [.gaplessStream])
        era.streams[0].rows = []
        era.streams[0].to = 2
        era.streams[0].isLost = true
        #expect(HistoryBuilder.broken(era).isEmpty)
        era.streams[0].isCarried = false
        #expect(HistoryBuilder.broken(era) == [.gaplessStream])
    }

    @Test("a stream whose documents or bounds are not true")
    func untrueStream() {
        var era = good.era
        var stream = ChangeStream(name: "s", namespace: "default", from: 0, rows: era.log)
        stream.values = [era.log[1]: "b"]
        stream.claims = [.init(revision: 2, began: 44_000_000, boundMs: 1)]
        era.streams = [stream]
        #expect(HistoryBuilder.broken(era).isEmpty)
        era.streams[0].values = [era.log[1]: "a"]
        #expect(HistoryBuilder.broken(era) == [.trueToLog])
        // Of what was written before the era it is known what the last one left.
        var later = Era(
            operations: [], log: era.log, initialHeads: ["default": 2],
            initial: [HistoryBuilder.x: "b"], streams: era.streams)
        later.streams[0].values = [era.log[0]: "?", era.log[1]: "b"]
        #expect(HistoryBuilder.broken(later).isEmpty)
        later.streams[0].values = [era.log[1]: "a"]
        #expect(HistoryBuilder.broken(later) == [.trueToLog])
        era.streams = [stream]
        era.streams[0].claims = [.init(revision: 2, began: 48_000_000, boundMs: 1)]
        #expect(HistoryBuilder.broken(era) == [.honestBound])
    }
}
