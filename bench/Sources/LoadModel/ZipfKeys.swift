import Foundation

/// Picks keys whose popularity falls with a power of their rank; exponent 0 makes all alike.
///
/// Rejection-inversion after W. Hörmann and G. Derflinger, "Rejection-inversion to generate
/// variates from monotone discrete distributions" (1996): constant time and memory for any number
/// of keys. Ranks are scattered over the keys, so that popular ones are not neighbours.
package struct ZipfKeys: Sendable {
    package let count: Int
    package let exponent: Double
    private let integralAtFirst: Double
    private let integralAtLast: Double
    private let threshold: Double

    /// A prime above any number of keys, so that multiplying by it permutes them.
    private static let scatter = 2_654_435_761

    package init(count: Int, exponent: Double) {
        precondition(count > 0 && count <= LoadLimits.maxKeys, "a choice needs keys")
        precondition(exponent >= 0 && exponent < 10, "an exponent is small and not negative")
        self.count = count
        self.exponent = exponent
        integralAtFirst = Self.integral(1.5, exponent) - 1
        integralAtLast = Self.integral(Double(count) + 0.5, exponent)
        threshold =
            2
            - Self.inverse(
                Self.integral(2.5, exponent) - Self.density(2, exponent), exponent)
    }

    /// A key from zero to below the count.
    package func next(using generator: inout SeededGenerator) -> Int {
        ((rank(using: &generator) - 1) * Self.scatter) % count
    }

    /// A rank from one to the count; one comes most often.
    package func rank(using generator: inout SeededGenerator) -> Int {
        guard count > 1 else { return 1 }
        guard exponent > 0 else { return 1 + Int(generator.unit() * Double(count)) }
        while true {
            let area = integralAtLast + generator.unit() * (integralAtFirst - integralAtLast)
            let place = Self.inverse(area, exponent)
            let rank = min(max(place.rounded(), 1), Double(count))
            if rank - place <= threshold
                || area >= Self.integral(rank + 0.5, exponent) - Self.density(rank, exponent)
            {
                return Int(rank)
            }
        }
    }

    private static func density(_ place: Double, _ exponent: Double) -> Double {
        exp(-exponent * log(place))
    }

    /// The integral of the density from 1 to `place`.
    private static func integral(_ place: Double, _ exponent: Double) -> Double {
        let logarithm = log(place)
        return quotient((1 - exponent) * logarithm) * logarithm
    }

    private static func inverse(_ area: Double, _ exponent: Double) -> Double {
        let scaled = max(area * (1 - exponent), -1)
        let ratio =
            abs(scaled) > 1e-8
            ? log1p(scaled) / scaled : 1 - scaled * (0.5 - scaled * (1.0 / 3 - scaled * 0.25))
        return exp(ratio * area)
    }

    /// (e^x − 1) / x, exact near zero too.
    private static func quotient(_ value: Double) -> Double {
        abs(value) > 1e-8
            ? expm1(value) / value : 1 + value * 0.5 * (1 + value / 3 * (1 + value * 0.25))
    }
}
