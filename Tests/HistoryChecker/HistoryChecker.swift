/// Holds histories against every rule and counts what it looked at.
package struct HistoryChecker: Sendable {
    /// How many operations or pairs of them each rule has judged.
    package private(set) var checked: [Rule: Int] = [:]
    package private(set) var violations: [Violation] = []

    package init() {}

    /// Applies all rules to the history of one era.
    package mutating func check(_ era: Era) {
        SessionRules.check(era, into: &self)
        StalenessRule.check(era, into: &self)
        LogRules.check(era, into: &self)
        StreamRule.check(era, into: &self)
        LinearizabilityRule.check(era, into: &self)
    }

    /// Judges streams alone, by the log of an era that was checked before.
    package mutating func checkStreams(_ streams: [ChangeStream], by era: Era) {
        var era = era
        era.streams = streams
        StreamRule.check(era, into: &self)
    }

    /// Counts that a rule has judged something.
    package mutating func count(_ rule: Rule, _ number: Int = 1) {
        checked[rule, default: 0] += number
    }

    package mutating func report(_ violation: Violation) { violations.append(violation) }

    /// Judges one thing: counts it, and reports it when the condition does not hold.
    package mutating func expect(
        _ holds: Bool, _ rule: Rule, _ operations: [Operation], _ text: @autoclosure () -> String
    ) {
        count(rule)
        if !holds { report(Violation(rule, text(), operations)) }
    }
}
