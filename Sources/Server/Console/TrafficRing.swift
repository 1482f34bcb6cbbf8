/// What was counted in one interval.
struct TrafficSample: Hashable, Sendable {
    var duration: Duration
    var counts: TrafficCounts
}

/// The last intervals of a replica's traffic, a bounded number of them; a value without a clock.
///
/// Takes what has been counted since the start and keeps the differences.
struct TrafficRing: Sendable {
    let capacity: Int
    private var samples: [TrafficSample] = []
    /// Where the next sample goes once the ring is full.
    private var next = 0
    private var last: (instant: ContinuousClock.Instant, counts: TrafficCounts)?

    init(capacity: Int) {
        precondition(capacity > 0, "a ring holds something")
        self.capacity = capacity
        samples.reserveCapacity(capacity)
    }

    var count: Int { samples.count }

    /// Takes a count; the first one only says where the next begins.
    ///
    /// One that is not later than the last is taken for it and makes no sample.
    mutating func add(_ counts: TrafficCounts, at instant: ContinuousClock.Instant) {
        defer { last = (instant, counts) }
        guard let last, instant > last.instant else { return }
        let sample = TrafficSample(
            duration: last.instant.duration(to: instant), counts: counts - last.counts)
        if samples.count < capacity {
            samples.append(sample)
        } else {
            samples[next] = sample
            next = (next + 1) % capacity
        }
    }

    /// The newest samples, the oldest of them first.
    func newest(_ number: Int) -> [TrafficSample] {
        let ordered = samples[next...] + samples[..<next]
        return Array(ordered.suffix(max(0, number)))
    }

    /// The newest samples as one.
    func sum(ofNewest number: Int) -> TrafficSample { Self.sum(newest(number)[...]) }

    /// A point of each of the newest samples, the oldest first.
    ///
    /// Rates are those of the sample; percentiles and ratios look back over `window` samples, since
    /// a single one may hold a handful of requests. Linear in samples times window.
    func points(_ number: Int, window: Int) -> [TrafficFigures] {
        let all = newest(.max)
        return all.indices.suffix(max(0, number)).map { index in
            let begin = max(0, index + 1 - max(1, window))
            return TrafficFigures(now: all[index], over: Self.sum(all[begin...index]))
        }
    }

    private static func sum(_ samples: ArraySlice<TrafficSample>) -> TrafficSample {
        samples.reduce(into: TrafficSample(duration: .zero, counts: TrafficCounts())) {
            $0.duration += $1.duration
            $0.counts = $0.counts + $1.counts
        }
    }
}
