import Testing

@testable import Server

@Suite("The ring of a replica's traffic")
struct TrafficRingTests {
    private let start = ContinuousClock.now

    private func instant(_ second: Int) -> ContinuousClock.Instant { start + .seconds(second) }

    @Test("the first count makes no sample, later ones make differences")
    func differences() {
        var ring = TrafficRing(capacity: 4)
        ring.add(TrafficCounts(reads: 100, hits: 90), at: instant(0))
        #expect(ring.count == 0)
        ring.add(TrafficCounts(reads: 107, hits: 95), at: instant(2))
        #expect(
            ring.newest(9) == [
                TrafficSample(duration: .seconds(2), counts: TrafficCounts(reads: 7, hits: 5))
            ])
        // A count that went back is a new beginning, not a negative rate.
        ring.add(TrafficCounts(reads: 3, hits: 1), at: instant(3))
        #expect(ring.newest(1).first?.counts == TrafficCounts())
        ring.add(TrafficCounts(reads: 4, hits: 1), at: instant(4))
        #expect(ring.newest(1).first?.counts.reads == 1)
    }

    @Test("a count of the same moment makes no sample")
    func sameMoment() {
        var ring = TrafficRing(capacity: 4)
        ring.add(TrafficCounts(reads: 1), at: instant(0))
        ring.add(TrafficCounts(reads: 5), at: instant(0))
        #expect(ring.count == 0)
        ring.add(TrafficCounts(reads: 6), at: instant(1))
        #expect(ring.newest(1).first?.counts.reads == 1)
    }

    @Test("holds the newest samples in their order, whatever its capacity", arguments: 1...40)
    func model(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let capacity = Int.random(in: 1...12, using: &random)
        var ring = TrafficRing(capacity: capacity)
        var counts = TrafficCounts()
        var expected: [TrafficSample] = []
        ring.add(counts, at: instant(0))
        for second in 1...Int.random(in: 1...40, using: &random) {
            var more = TrafficCounts()
            more.reads = Int.random(in: 0...9, using: &random)
            more.failed = Int.random(in: 0...2, using: &random)
            more.readTimes[Int.random(in: 0..<18, using: &random)] = more.reads
            counts = counts + more
            ring.add(counts, at: instant(second))
            expected.append(TrafficSample(duration: .seconds(1), counts: more))
            let kept = Array(expected.suffix(capacity))
            #expect(ring.newest(.max) == kept)
            #expect(ring.count == kept.count)
            let number = Int.random(in: 0...14, using: &random)
            #expect(ring.newest(number) == Array(kept.suffix(number)))
            let sum = kept.suffix(number).reduce(TrafficCounts()) { $0 + $1.counts }
            #expect(ring.sum(ofNewest: number).counts == sum)
        }
    }

    @Test("points have the rate of their second and percentiles of a window")
    func points() {
        var ring = TrafficRing(capacity: 10)
        var counts = TrafficCounts()
        ring.add(counts, at: instant(0))
        // One slow second among quiet ones.
        for second in 1...6 {
            if second == 3 {
                counts.reads += 40
                counts.readTimes[9] += 40
            }
            ring.add(counts, at: instant(second))
        }
        let points = ring.points(.max, window: 3)
        #expect(points.map(\.requestsPerSecond) == [0, 0, 40, 0, 0, 0])
        #expect(points.map { $0.readP50Ms == nil } == [true, true, false, false, false, true])
        #expect(ring.points(2, window: 3) == Array(points.suffix(2)))
        #expect(ring.points(0, window: 3).isEmpty)
    }
}
