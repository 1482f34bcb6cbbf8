import Foundation

/// When the requests of an open loop are due, in nanoseconds from the start.
///
/// The times depend on the rate and the seed alone, never on how fast answers come: a slow answer
/// delays no later request on paper, and its delay counts into their latency.
package struct ArrivalSchedule: Sendable {
    /// How the gaps between requests are spread.
    package enum Spread: String, Codable, Sendable {
        /// All alike.
        case constant
        /// As of many clients that know nothing of each other.
        case poisson
    }

    private let gapNanoseconds: Double
    private let spread: Spread
    private var generator: SeededGenerator
    private var due: Double

    /// When the next request is due.
    package var next: UInt64 { UInt64(due) }

    /// Makes the share of one of `parts` streams of a rate; their constant gaps interleave.
    package init(
        perSecond rate: Double, spread: Spread, seed: UInt64, part: Int = 0, of parts: Int = 1
    ) {
        precondition(rate > 0 && rate <= LoadLimits.maxRate, "a rate is positive and bounded")
        precondition(parts > 0 && (0..<parts).contains(part), "a part is one of the parts")
        gapNanoseconds = 1e9 * Double(parts) / rate
        self.spread = spread
        generator = SeededGenerator(seed: seed &+ UInt64(part) &* 0x5851_F42D_4C95_7F2D)
        due = gapNanoseconds * Double(part) / Double(parts)
        if spread == .poisson { due = gap() }
    }

    /// Goes on to the request after the next.
    package mutating func advance() {
        due += gap()
    }

    private mutating func gap() -> Double {
        switch spread {
        case .constant: gapNanoseconds
        case .poisson: -log(1 - generator.unit()) * gapNanoseconds
        }
    }
}
