import Testing

@testable import Invalidation

@Suite("The pulse of the listening connection")
struct PulseTests {
    private let start = ContinuousClock.now
    private func at(_ ms: Int) -> ContinuousClock.Instant { start + .milliseconds(ms) }

    /// A machine that listens and has heard beat 1.
    private func hearing() -> PulseMachine {
        var machine = PulseMachine()
        machine.connected(at: at(0))
        machine.committed(1, isOwn: true, askedAt: at(1), at: at(2))
        let isFirst = machine.heard(1)
        #expect(isFirst)
        return machine
    }

    private func check(
        _ machine: inout PulseMachine, _ now: ContinuousClock.Instant
    ) -> PulseMachine.Verdict {
        machine.check(at: now)
    }

    @Test("is steady while every beat arrives, before or after it is known")
    func steady() {
        var machine = hearing()
        func hear(_ beat: Int) {
            let isFirst = machine.heard(UInt64(beat))
            #expect(!isFirst)
        }
        for beat in 2...20 {
            let now = beat * 500
            if beat.isMultiple(of: 2) { hear(beat) }
            machine.committed(
                UInt64(beat), isOwn: false, askedAt: at(now), at: at(now + 1))
            if !beat.isMultiple(of: 2) { hear(beat) }
            #expect(check(&machine, at(now + 499)) == .nothing)
        }
        #expect(check(&machine, at(100_000)) == .nothing)
    }

    @Test("is lost when a beat does not arrive within two periods")
    func deaf() {
        var machine = hearing()
        machine.committed(2, isOwn: false, askedAt: at(500), at: at(501))
        machine.committed(3, isOwn: true, askedAt: at(1_000), at: at(1_001))
        #expect(check(&machine, at(1_500)) == .nothing)
        #expect(check(&machine, at(1_501)) == .reportDeaf(missed: 2))
        #expect(check(&machine, at(9_000)) == .nothing)
    }

    @Test("is not judged by beats from before the connection listened")
    func earlierBeats() {
        var machine = PulseMachine()
        machine.committed(7, isOwn: true, askedAt: at(0), at: at(1))
        machine.connected(at: at(10))
        #expect(machine.needsProbe)
        machine.committed(8, isOwn: true, askedAt: at(9), at: at(11))
        machine.committed(8, isOwn: false, askedAt: at(12), at: at(13))
        #expect(machine.needsProbe)
        #expect(check(&machine, at(10_000)) == .nothing)
        machine.committed(9, isOwn: true, askedAt: at(10_001), at: at(10_002))
        #expect(!machine.needsProbe)
        #expect(check(&machine, at(11_002)) == .reportPolling)
    }

    @Test("is looked for again, ever more rarely, where it never was")
    func polling() {
        var machine = PulseMachine()
        var now = 0
        for round in 0..<6 {
            machine.connected(at: at(now))
            machine.committed(UInt64(round + 1), isOwn: true, askedAt: at(now), at: at(now))
            #expect(check(&machine, at(now + 1_000)) == .reportPolling)
            let pause = 5_000 << min(round, 4)
            #expect(check(&machine, at(now + 999 + pause)) == .nothing)
            #expect(check(&machine, at(now + 1_000 + pause)) == .reconnect)
            machine.disconnected()
            now += 100_000
        }
        machine.connected(at: at(now))
        let answers = [machine.heard(40), machine.heard(41)]
        #expect(answers == [true, false])
    }

    @Test(arguments: [
        "heartbeat:", "heartbeat:x", "heartbeat:01", "heartbeat:-1", "x:1", "heartbeat:1:2",
    ])
    func isNothingElse(_ payload: String) {
        #expect(Heartbeat(payload: payload) == nil)
        #expect(Heartbeat(payload: "heartbeat:18446744073709551615")?.number == .max)
        #expect(Hint(payload: "heartbeat:1") == nil)
    }
}

@Suite("A token bucket")
struct TokenBucketTests {
    private func take(
        _ bucket: inout TokenBucket, _ now: ContinuousClock.Instant
    ) -> Duration? {
        bucket.take(at: now)
    }

    @Test func allowsABurstAndThenTheRate() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(interval: .milliseconds(100), burst: 3)
        for _ in 0..<3 { #expect(take(&bucket, start) == nil) }
        #expect(take(&bucket, start) == .milliseconds(100))
        #expect(take(&bucket, start + .milliseconds(99)) == .milliseconds(1))
        #expect(take(&bucket, start + .milliseconds(100)) == nil)
        #expect(take(&bucket, start + .milliseconds(100)) == .milliseconds(100))
        for _ in 0..<3 { #expect(take(&bucket, start + .seconds(9)) == nil) }
        #expect(take(&bucket, start + .seconds(9)) == .milliseconds(100))
    }
}
