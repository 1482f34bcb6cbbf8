import HistoryChecker
import TestSupport

/// Makes one fault after the other, holds each for a while and takes it back.
struct FaultInjector {
    let site: ChaosSite
    let settings: ChaosSettings
    private(set) var injected: [Fault: Int] = [:]
    private var random: SeededGenerator
    private var upcoming: [Fault] = []

    init(site: ChaosSite, settings: ChaosSettings) {
        self.site = site
        self.settings = settings
        random = SeededGenerator(seed: settings.seed)
    }

    /// Faults until the time is over and each kind has been there once.
    mutating func run(_ eras: inout Eras) async throws {
        let end = ContinuousClock.now + .seconds(settings.seconds ?? 0)
        var left = Set(settings.faults)
        while ContinuousClock.now < end || (settings.seconds == nil && !left.isEmpty) {
            if upcoming.isEmpty { upcoming = settings.faults.shuffled(using: &random) }
            guard let fault = upcoming.popLast() else { return }
            try await Task.sleep(for: .milliseconds(Int.random(in: 200...600, using: &random)))
            try await inject(fault, &eras)
            injected[fault, default: 0] += 1
            left.remove(fault)
        }
    }

    private mutating func inject(_ fault: Fault, _ eras: inout Eras) async throws {
        let number = Int.random(in: 0..<ChaosSite.replicaCount, using: &random)
        let time = Duration.milliseconds(Int.random(in: 200...1_500, using: &random))
        let replica = site.replicas[number]
        let way = site.ways[number]
        switch fault {
        case .kill:
            try await replica.kill()
            site.beginLife(of: number)
            try await replica.restart()
        case .pause:
            replica.pause()
            try await Task.sleep(for: time)
            replica.resume()
        case .restart:
            try await site.primary.stopInOrder()
            try await Task.sleep(for: time / 3)
            try await site.primary.start()
        case .crash:
            try await site.primary.restart()
        case .cut:
            way.cut()
        case .delay:
            way.mode = .delay(milliseconds: Int.random(in: 2...60, using: &random))
            try await Task.sleep(for: time)
            way.mode = .pass
        case .blackhole, .deaf:
            way.mode = fault == .deaf ? .blackholeAnswers : .blackhole
            try await Task.sleep(for: time)
            // Half of the time the connections are gone when the network is back.
            if Bool.random(using: &random) { way.cut() }
            way.mode = .pass
        case .disk:
            try site.disk?.fill()
            try await Task.sleep(for: time)
            try site.disk?.free()
        case .promote:
            try await eras.promote(lag: time)
        }
    }
}
