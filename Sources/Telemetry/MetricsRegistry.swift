import Synchronization

/// Creates the metrics of a server and renders them in Prometheus text format 0.0.4.
///
/// The lock is taken on creation and at the start of a scrape only: hold the metric that you get,
/// never ask for it per request. Asking again for the same name and labels gives the same metric.
package final class MetricsRegistry: Sendable {
    private let families = Mutex(Families())

    /// The content type of the exposition.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Creates an empty registry.
    package init() {}

    /// The counter of a name and its labels; the name ends in `_total`.
    package func counter(
        _ name: String, help: String, labels: [(String, String)] = []
    ) -> Counter {
        let series = Series(name: name, labels: labels)
        let metric = families.withLock { families in
            families.metric(name, help, "counter", series.identity) {
                .counter(Counter(series: series))
            }
        }
        guard case .counter(let counter) = metric else {
            preconditionFailure("\(name) is another kind of metric")
        }
        return counter
    }

    /// The gauge of a name and its labels.
    package func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Gauge {
        let series = Series(name: name, labels: labels)
        let metric = families.withLock { families in
            families.metric(name, help, "gauge", series.identity) {
                .gauge(Gauge(series: series))
            }
        }
        guard case .gauge(let gauge) = metric else {
            preconditionFailure("\(name) is another kind of metric")
        }
        return gauge
    }

    /// Registers a gauge whose value is asked for at each scrape; a later one takes its place.
    ///
    /// The closure runs on the scraping thread, outside the registry's lock, and must not block.
    package func callbackGauge(
        _ name: String, help: String, labels: [(String, String)] = [],
        value: @escaping @Sendable () -> Int
    ) {
        let series = Series(name: name, labels: labels)
        families.withLock { families in
            families.replace(
                name, help, "gauge", series.identity, with: .callback(series, value))
        }
    }

    /// Registers a gauge in seconds whose microseconds are asked for at each scrape, likewise.
    package func callbackSeconds(
        _ name: String, help: String, micros: @escaping @Sendable () -> Int
    ) {
        let series = Series(name: name, labels: [])
        families.withLock { families in
            families.replace(
                name, help, "gauge", series.identity, with: .callbackMicros(series, micros))
        }
    }

    /// The histogram of a name and its labels; the name ends in `_seconds`.
    package func histogram(
        _ name: String, help: String, labels: [(String, String)] = []
    ) -> LatencyHistogram {
        let identity = Series(name: name, labels: labels).identity
        let metric = families.withLock { families in
            families.metric(name, help, "histogram", identity) {
                .histogram(LatencyHistogram(name: name, labels: labels))
            }
        }
        guard case .histogram(let histogram) = metric else {
            preconditionFailure("\(name) is another kind of metric")
        }
        return histogram
    }

    /// Appends the whole exposition; families and series come in the order of their creation.
    package func exposition(into output: inout [UInt8]) {
        let all = families.withLock { $0.all }
        for family in all {
            output.append(contentsOf: family.header)
            for metric in family.metrics {
                metric.render(into: &output)
            }
        }
    }
}

private enum Metric: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case callback(Series, @Sendable () -> Int)
    case callbackMicros(Series, @Sendable () -> Int)
    case histogram(LatencyHistogram)

    func render(into output: inout [UInt8]) {
        switch self {
        case .counter(let counter): counter.render(into: &output)
        case .gauge(let gauge): gauge.render(into: &output)
        case .callback(let series, let value): series.render(value(), into: &output)
        case .callbackMicros(let series, let micros):
            series.render(micros: micros(), into: &output)
        case .histogram(let histogram): histogram.render(into: &output)
        }
    }
}

/// All metrics of one name, under one header.
private struct Family: Sendable {
    let type: String
    let header: [UInt8]
    var metrics: [Metric] = []
    var indexBySeries: [[UInt8]: Int] = [:]

    init(name: String, help: String, type: String) {
        self.type = type
        var header: [UInt8] = []
        header.append(text: "# HELP \(name) ")
        header.append(helpText: help)
        header.append(text: "\n# TYPE \(name) \(type)\n")
        self.header = header
    }
}

private struct Families: Sendable {
    private(set) var all: [Family] = []
    private var indexByName: [String: Int] = [:]

    mutating func metric(
        _ name: String, _ help: String, _ type: String, _ identity: [UInt8], make: () -> Metric
    ) -> Metric {
        let family = index(of: name, help, type)
        if let known = all[family].indexBySeries[identity] {
            return all[family].metrics[known]
        }
        let metric = make()
        all[family].indexBySeries[identity] = all[family].metrics.count
        all[family].metrics.append(metric)
        return metric
    }

    mutating func replace(
        _ name: String, _ help: String, _ type: String, _ identity: [UInt8], with metric: Metric
    ) {
        let family = index(of: name, help, type)
        if let known = all[family].indexBySeries[identity] {
            all[family].metrics[known] = metric
        } else {
            all[family].indexBySeries[identity] = all[family].metrics.count
            all[family].metrics.append(metric)
        }
    }

    private mutating func index(of name: String, _ help: String, _ type: String) -> Int {
        precondition(Self.isMetricName(name), "not a metric name: \(name)")
        if let known = indexByName[name] {
            precondition(all[known].type == type, "\(name) is a \(all[known].type)")
            return known
        }
        all.append(Family(name: name, help: help, type: type))
        indexByName[name] = all.count - 1
        return all.count - 1
    }

    private static func isMetricName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default:
                false
            }
        }
    }
}
