import Foundation

extension LineChart {
    /// The ranges of a plot and the marks of its axes.
    struct Area {
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>
        let xMarks: [Mark]
        let yMarks: [Mark]

        /// Nil when there is nothing to be drawn.
        init?(_ lines: [Line], limit: Mark?, scale: Scale) {
            let points = lines.flatMap(\.points)
            guard let first = points.first else { return nil }
            var (left, right, low, high) = (first.x, first.x, first.y, first.y)
            for point in points {
                (left, right) = (min(left, point.x), max(right, point.x))
                (low, high) = (min(low, point.y), max(high, point.y))
            }
            if let limit, scale == .linear || limit.value > 0 {
                (low, high) = (min(low, limit.value), max(high, limit.value))
            }
            x = left...(right > left ? right : left + 1)
            switch scale {
            case .linear:
                let step = Self.step(high > 0 ? high : 1)
                let steps = max(1, (high / step).rounded(.up))
                y = 0...(steps * step)
                yMarks = (0...Int(steps)).map { Self.mark(Double($0) * step) }
            case .logarithmic:
                let from = Int(log10(low).rounded(.down))
                let upTo = max(from + 1, Int(log10(high).rounded(.up)))
                y = pow(10, Double(from))...pow(10, Double(upTo))
                yMarks = (from...upTo).map { Self.mark(pow(10, Double($0))) }
            }
            let step = Self.step(x.upperBound - x.lowerBound)
            let places = stride(
                from: (x.lowerBound / step).rounded(.up) * step, through: x.upperBound, by: step)
            xMarks = places.map(Self.mark)
        }

        /// A round step of which four to eight cover a range.
        static func step(_ range: Double) -> Double {
            let power = pow(10, log10(range / 4).rounded(.down))
            let part = range / 4 / power
            return power * (part >= 5 ? 5 : part >= 2 ? 2 : 1)
        }

        private static func mark(_ value: Double) -> Mark {
            Mark(value: value, text: String(format: "%g", value))
        }
    }
}
