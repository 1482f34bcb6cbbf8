/// What a scenario may cost at most; a limit that is nil binds nothing.
package struct Budget: Codable, Sendable, Hashable {
    package var p50Ms: Double?
    package var p95Ms: Double?
    package var p99Ms: Double?
    package var writeP95Ms: Double?
    package var failureRatio: Double?
    package var minHitRatio: Double?
    package var minFinalHitRatio: Double?
    /// The part of the asked rate that has to be reached, for an open loop.
    package var minRateRatio: Double?

    package init() {}

    /// This budget, with the limits of another where that one has them.
    package func overridden(by other: Budget) -> Budget {
        var merged = self
        merged.p50Ms = other.p50Ms ?? p50Ms
        merged.p95Ms = other.p95Ms ?? p95Ms
        merged.p99Ms = other.p99Ms ?? p99Ms
        merged.writeP95Ms = other.writeP95Ms ?? writeP95Ms
        merged.failureRatio = other.failureRatio ?? failureRatio
        merged.minHitRatio = other.minHitRatio ?? minHitRatio
        merged.minFinalHitRatio = other.minFinalHitRatio ?? minFinalHitRatio
        merged.minRateRatio = other.minRateRatio ?? minRateRatio
        return merged
    }

    /// The verdict on each limit that binds.
    package func verdicts(on result: ScenarioResult) -> [Verdict] {
        var verdicts: [Verdict] = []
        func most(_ limit: Double?, _ value: Double?, _ name: String) {
            guard let limit else { return }
            verdicts.append(
                Verdict(name: name, limit: limit, value: value, isUpper: true))
        }
        func least(_ limit: Double?, _ value: Double?, _ name: String) {
            guard let limit else { return }
            verdicts.append(Verdict(name: name, limit: limit, value: value, isUpper: false))
        }
        let reads = result.reads.count > 0 ? result.reads : nil
        most(p50Ms, reads?.p50Ms, "read p50, ms")
        most(p95Ms, reads?.p95Ms, "read p95, ms")
        most(p99Ms, reads?.p99Ms, "read p99, ms")
        most(writeP95Ms, result.writes.count > 0 ? result.writes.p95Ms : nil, "write p95, ms")
        most(failureRatio, result.failureRatio, "failures")
        least(minHitRatio, result.hitRatio, "hit ratio")
        least(minFinalHitRatio, result.finalHitRatio, "hit ratio at the end")
        if let rate = result.scenario.rate, result.scenario.loop == .open {
            let asked = rate + (result.scenario.writesPerSecond ?? 0)
            least(minRateRatio, result.requestsPerSecond / asked, "reached part of the rate")
        }
        return verdicts
    }
}

/// One limit with what was measured.
package struct Verdict: Codable, Sendable, Hashable {
    package let name: String
    package let limit: Double
    /// Nil when there is no measurement, which meets no limit.
    package let value: Double?
    package let isUpper: Bool

    package var isMet: Bool {
        guard let value else { return false }
        return isUpper ? value <= limit : value >= limit
    }
}

/// The budgets of all scenarios: limits for every one, and its own on top.
package struct BudgetBook: Codable, Sendable {
    package let standard: Budget
    package let scenarios: [String: Budget]

    package init(standard: Budget, scenarios: [String: Budget]) {
        self.standard = standard
        self.scenarios = scenarios
    }

    package subscript(scenario: String) -> Budget {
        scenarios[scenario].map { standard.overridden(by: $0) } ?? standard
    }
}
