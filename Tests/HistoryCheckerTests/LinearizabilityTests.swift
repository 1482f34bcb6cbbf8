import HistoryChecker
import Testing

@Suite("Linearizability of a register")
struct LinearizabilityTests {
    private func isAccepted(_ build: (inout HistoryBuilder) -> Void) -> Bool {
        var history = HistoryBuilder()
        build(&history)
        return HistoryBuilder.broken(Era(operations: history.operations)).isDisjoint(with: [
            .linearizable
        ])
    }

    @Test("a read during a write may see either value")
    func overlap() {
        for value in [nil, "a"] {
            #expect(
                isAccepted {
                    $0.write("a", 0...10)
                    $0.read(value, 5...6, .strong)
                })
        }
    }

    @Test("a read after a write sees it")
    func stale() {
        #expect(
            !isAccepted {
                $0.write("a", 0...10)
                $0.read(nil, 11...12, .strong)
            })
    }

    @Test("what one read saw, no later read unsees")
    func newOldInversion() {
        #expect(
            !isAccepted {
                $0.write("a", 0...100)
                $0.read("a", 10...20, .strong)
                $0.read(nil, 30...40, .strong)
            })
        #expect(
            isAccepted {
                $0.write("a", 0...100)
                $0.read("a", 10...30, .strong)
                $0.read(nil, 20...40, .strong)
            })
    }

    @Test("nothing is read before it is written")
    func future() {
        #expect(
            !isAccepted {
                $0.read("a", 0...1, .strong)
                $0.write("a", 2...3)
            })
    }

    @Test("two concurrent writes have one order for all readers")
    func oneOrder() {
        func history(_ last: String) -> Bool {
            isAccepted {
                $0.write("a", 0...10)
                $0.write("b", 0...10)
                $0.read("a", 11...12, .strong)
                $0.read(last, 13...14, .noCache)
            }
        }
        #expect(history("a"))
        #expect(!history("b"))
    }

    @Test("a write without a known outcome may happen late or never, but only once")
    func unknown() {
        func history(_ values: [String]) -> Bool {
            isAccepted {
                $0.write("a", 0...10)
                $0.write("u", 11...20, outcome: .unknown)
                for (number, value) in values.enumerated() {
                    $0.read(value, Int64(30 + 10 * number)...Int64(35 + 10 * number), .strong)
                }
            }
        }
        #expect(history(["a", "a"]))
        #expect(history(["a", "u"]))
        #expect(history(["u", "u"]))
        #expect(!history(["u", "a"]))
        #expect(!history(["a", "u", "a"]))
    }

    @Test("a write that was refused never happens")
    func refused() {
        #expect(
            !isAccepted {
                $0.write("a", 0...10, outcome: .refused)
                $0.read("a", 11...12, .strong)
            })
    }

    @Test("plain reads are not judged")
    func plain() {
        #expect(
            isAccepted {
                $0.write("a", 0...10)
                $0.read(nil, 11...12, .plain)
            })
    }

    @Test("the report holds no more than what shows it")
    func smallest() throws {
        var history = HistoryBuilder()
        for number in 0..<50 {
            let start = Int64(number * 10)
            history.write("v\(number)", start...start + 4)
            history.read("v\(number)", start + 5...start + 6, .strong)
        }
        history.read("v3", 600...601, .strong)
        history.read("v49", 610...611, .strong)
        var checker = HistoryChecker()
        checker.check(Era(operations: history.operations))
        let found = try #require(checker.violations.first { $0.rule == .linearizable })
        #expect(found.operations.count <= 4, "\(found)")
        #expect(found.operations.contains { $0.began == 600_000_000 })
    }

    /// Agrees with trying every permutation, on small random histories.
    @Test("the search agrees with trying every order")
    func exhaustive() {
        var state: UInt64 = 42
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var verdicts = [true: 0, false: 0]
        for _ in 0..<3_000 {
            var history = HistoryBuilder()
            for number in 0..<5 {
                let start = Int64(random(20))
                let times = start...start + Int64(random(10))
                if random(2) == 0 {
                    history.write(
                        "v\(number)", times, outcome: random(4) == 0 ? .unknown : .answered)
                } else {
                    let value = random(6)
                    history.read(value == 5 ? nil : "v\(value)", times, .strong)
                }
            }
            let operations = history.operations
            let expected = Permutations.hasOrder(operations)
            let broken = HistoryBuilder.broken(Era(operations: operations))
            #expect(broken.contains(.linearizable) == !expected, "\(operations)")
            verdicts[expected, default: 0] += 1
        }
        #expect(verdicts[true] ?? 0 > 100 && verdicts[false] ?? 0 > 100, "\(verdicts)")
    }
}

/// The definition of linearizability, tried out without any cleverness.
private enum Permutations {
    static func hasOrder(_ operations: [Operation], value: String? = nil) -> Bool {
        if operations.allSatisfy({ $0.outcome == .unknown }) { return true }
        return operations.contains { candidate in
            let others = operations.filter { $0.id != candidate.id }
            let comesTooEarly = others.contains {
                $0.outcome == .answered && $0.ended < candidate.began
            }
            guard !comesTooEarly else { return false }
            switch candidate.action {
            case .write(let written): return hasOrder(others, value: written)
            case .read: return candidate.value == value && hasOrder(others, value: value)
            }
        }
    }
}
