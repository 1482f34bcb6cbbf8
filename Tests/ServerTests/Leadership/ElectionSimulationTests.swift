import Testing

@testable import Server

@Suite struct `Elections on a bad network` {
    @Test(arguments: 0..<24)
    func `there is never more than one leader, and soon one when the trouble is over`(
        seed: Int
    ) {
        let timing = ElectionTiming()
        var simulation = ElectionSimulation(
            seed: UInt64(seed), replicas: 2 + seed % 4, timing: timing)
        for round in 0..<6 {
            for _ in 0..<2_400 {
                simulation.tick(trouble: round % 2 == 0)
                let leaders = simulation.leaders
                guard leaders.count <= 1 else {
                    Issue.record("seed \(seed): \(leaders) lead at \(simulation.now)")
                    return
                }
            }
            if round % 2 == 1 {
                // Whatever was left over from the trouble, the quiet time has its leader.
                #expect(simulation.leaders.count == 1)
            }
        }
        simulation.forgetGap()
        for _ in 0..<1_200 { simulation.tick(trouble: false) }
        #expect(simulation.longestGap < .seconds(1), "a leader in peace stays the leader")
        #expect(simulation.terms >= 2)
    }
}
