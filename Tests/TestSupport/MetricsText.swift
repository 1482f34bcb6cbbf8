/// Reads the text form of metrics.
package enum MetricsText {
    /// The sum of the series with the name and at least the labels; nil when there is none.
    package static func sum(of name: String, labels: [String: String], in text: String) -> Double? {
        var total: Double?
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard line.hasPrefix(name), let space = line.lastIndex(of: " ") else { continue }
            let series = line[..<space]
            let rest = series.dropFirst(name.count)
            guard rest.isEmpty || rest.first == "{" else { continue }
            let matches = labels.allSatisfy { rest.contains("\($0.key)=\"\($0.value)\"") }
            guard matches, let value = Double(line[line.index(after: space)...]) else { continue }
            total = (total ?? 0) + value
        }
        return total
    }
}
