import Testing

@testable import LoadModel

@Suite("The schedule of an open loop")
struct ArrivalScheduleTests {
    private func times(_ schedule: ArrivalSchedule, until end: UInt64) -> [UInt64] {
        var schedule = schedule
        var times: [UInt64] = []
        while schedule.next < end {
            times.append(schedule.next)
            schedule.advance()
        }
        return times
    }

    @Test("constant arrivals of several streams interleave to the rate")
    func constant() {
        let all = (0..<4).flatMap { part in
            times(
                ArrivalSchedule(perSecond: 1_000, spread: .constant, seed: 1, part: part, of: 4),
                until: 1_000_000_000)
        }.sorted()
        #expect(all.count == 1_000)
        #expect(zip(all, all.dropFirst()).allSatisfy { $1 - $0 == 1_000_000 })
    }

    @Test("Poisson arrivals reach the rate, and their gaps spread like an exponential")
    func poisson() {
        let times = times(
            ArrivalSchedule(perSecond: 1_000, spread: .poisson, seed: 5),
            until: 100_000_000_000)
        // Five standard deviations of a count of 100,000.
        #expect(abs(times.count - 100_000) < 1_600)
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) / 1e6 }
        let longer = Double(gaps.count { $0 > 1 }) / Double(gaps.count)
        #expect(abs(longer - 0.368) < 0.01)
    }

    @Test("streams of one seed differ, and the same one repeats")
    func seeds() {
        func first(_ part: Int) -> [UInt64] {
            times(
                ArrivalSchedule(perSecond: 100, spread: .poisson, seed: 9, part: part, of: 2),
                until: 1_000_000_000)
        }
        #expect(first(0) == first(0))
        #expect(first(0) != first(1))
    }
}
