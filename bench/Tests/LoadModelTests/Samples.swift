import Foundation

@testable import LoadModel

/// Scenarios and results to judge.
enum Samples {
    static func scenario(
        name: String = "sample", loop: Scenario.Loop = .open, mix: [LoadModel.Operation: Int]
    ) -> Scenario {
        Scenario(
            name: name, title: "A <sample> & more", loop: loop, rate: 100, connections: 4,
            warmUpSeconds: 0, seconds: 4, namespaces: 2, keys: 10, zipf: 0.9, seed: 1, mix: mix,
            lists: ["pageSize=10"])
    }

    /// A run of a hundred requests a second of which each takes `latencyMs` and so many hit.
    static func result(
        latencyMs: Int = 5, hits: Int = 400, failures: Int = 0,
        mix: [LoadModel.Operation: Int] = [.get: 1]
    ) -> ScenarioResult {
        var recording = Recording(slices: 4, sliceNanoseconds: 1_000_000_000)
        for turn in 0..<400 {
            let due = UInt64(turn) * 10_000_000
            let head = ResponseHead(
                status: turn < failures ? 503 : 200, contentLength: 1,
                cache: turn < hits ? .hit : .miss, entityTag: [], closes: false)
            recording.answer(
                .get, head, due: due, sent: due, now: due + UInt64(latencyMs) * 1_000_000)
        }
        return ScenarioResult(
            scenario(mix: mix), recording,
            ProcessorSamples(server: [0, 1_000, 3_000, 6_000, 10_000], generator: (0, 4_000)),
            machine: Machine(cores: 2, kernel: "6", processor: "p", load: 0.5),
            began: Date(timeIntervalSince1970: 0), sliceSeconds: 1)
    }
}
