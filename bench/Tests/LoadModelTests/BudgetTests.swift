import Foundation
import Testing

@testable import LoadModel

@Suite("Budgets")
struct BudgetTests {
    @Test("a limit of its own wins over the standard one, the others stay")
    func book() {
        var standard = Budget()
        standard.p95Ms = 300
        standard.failureRatio = 0
        var own = Budget()
        own.p95Ms = 20
        let book = BudgetBook(standard: standard, scenarios: ["fast": own])
        #expect(book["fast"].p95Ms == 20)
        #expect(book["fast"].failureRatio == 0)
        #expect(book["other"].p95Ms == 300)
    }

    @Test("the contract's p95 is met or missed", arguments: [(299, true), (302, false)])
    func contract(latencyMs: Int, isMet: Bool) {
        var budget = Budget()
        budget.p95Ms = 300
        let verdicts = budget.verdicts(on: Samples.result(latencyMs: latencyMs))
        #expect(verdicts.map(\.isMet) == [isMet])
    }

    @Test("failures, hits and the rate have limits too")
    func others() {
        var budget = Budget()
        budget.failureRatio = 0
        budget.minHitRatio = 0.5
        budget.minFinalHitRatio = 0.5
        budget.minRateRatio = 0.95
        let good = budget.verdicts(on: Samples.result())
        #expect(good.count == 4)
        #expect(good.filter { !$0.isMet }.isEmpty)
        let bad = budget.verdicts(on: Samples.result(hits: 210, failures: 1))
        #expect(bad.filter { !$0.isMet }.map(\.name) == ["failures", "hit ratio at the end"])
    }

    @Test("what was not measured meets no limit")
    func unmeasured() {
        var budget = Budget()
        budget.writeP95Ms = 100
        #expect(budget.verdicts(on: Samples.result()).map(\.isMet) == [false])
    }

    @Test("the budgets and scenarios of this folder fit together")
    func files() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        func data(_ name: String) throws -> Data {
            try Data(contentsOf: folder.appending(path: name))
        }
        let scenarios = try JSONDecoder().decode([Scenario].self, from: data("scenarios.json"))
        let book = try JSONDecoder().decode(BudgetBook.self, from: data("budgets.json"))
        for scenario in scenarios { try scenario.check() }
        let names = Set(scenarios.map(\.name))
        #expect(names.count == scenarios.count)
        #expect(Set(book.scenarios.keys) == names)
        for name in names {
            let limit = try #require(book[name].p95Ms)
            #expect(limit <= 300)
        }
    }
}
