import Foundation
import Testing

@testable import LoadModel

@Suite("Zipf keys")
struct ZipfKeysTests {
    private func shares(_ keys: ZipfKeys, draws: Int) -> [Int: Double] {
        var generator = SeededGenerator(seed: 7)
        var counts: [Int: Int] = [:]
        for _ in 0..<draws { counts[keys.rank(using: &generator), default: 0] += 1 }
        return counts.mapValues { Double($0) / Double(draws) }
    }

    @Test("ranks come as often as the law says", arguments: [0.0, 0.5, 0.99, 1, 1.5])
    func law(exponent: Double) {
        let count = 100
        let shares = shares(ZipfKeys(count: count, exponent: exponent), draws: 200_000)
        let total = (1...count).reduce(0) { $0 + pow(Double($1), -exponent) }
        #expect(shares.keys.allSatisfy { (1...count).contains($0) })
        for rank in [1, 2, 10, 100] {
            let wanted = pow(Double(rank), -exponent) / total
            // Four standard deviations of a share of 200,000 draws.
            let tolerance = 4 * (wanted / 200_000).squareRoot()
            #expect(abs(shares[rank, default: 0] - wanted) < tolerance, "rank \(rank)")
        }
    }

    @Test("every rank has a key of its own")
    func scatter() {
        var generator = SeededGenerator(seed: 3)
        let keys = ZipfKeys(count: 50, exponent: 0)
        var seen: Set<Int> = []
        for _ in 0..<5_000 { seen.insert(keys.next(using: &generator)) }
        #expect(seen == Set(0..<50))
    }

    @Test("the same seed gives the same keys")
    func repeatable() {
        func draw() -> [Int] {
            var generator = SeededGenerator(seed: 11)
            let keys = ZipfKeys(count: 10_000_000, exponent: 0.99)
            return (0..<100).map { _ in keys.next(using: &generator) }
        }
        #expect(draw() == draw())
        #expect(Set(draw()).count > 10)
    }
}
