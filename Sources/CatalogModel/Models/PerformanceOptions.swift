/// For which load performance artifacts are judged, and which properties hold their figures.
package struct PerformanceOptions: Hashable, Sendable {
    /// Requests a second that a deployment has to serve; nil where the client named none.
    package var targetRPS: Int64?
    /// Whether only artifacts worth a choice are wanted.
    package var recommends = false
    package var latency = "ttft_p90"
    package var requestRate = "requests_per_second"
    package var hardwareCount = "hardware_count"
    package var hardwareType = "hardware_type"
    /// The properties that the client named itself, sorted.
    package private(set) var named: [String] = []

    /// The defaults of the contract.
    package init() {}

    /// Reads the query parameters; throws `.badRequest` for a value of the wrong type.
    package init(_ parameters: QueryParameters) throws(RequestError) {
        if let text = parameters.nonEmpty("targetRPS") {
            guard let number = Int64(text) else {
                throw .badRequest("targetRPS: \"\(text)\" is not an integer")
            }
            targetRPS = number > 0 ? number : nil
        }
        if let text = parameters.nonEmpty("recommendations") {
            recommends = try Self.flag(text)
        }
        take(parameters, "latencyProperty", \.latency)
        take(parameters, "rpsProperty", \.requestRate)
        take(parameters, "hardwareCountProperty", \.hardwareCount)
        take(parameters, "hardwareTypeProperty", \.hardwareType)
        named.sort()
    }

    private mutating func take(
        _ parameters: QueryParameters, _ parameter: String,
        _ property: WritableKeyPath<PerformanceOptions, String>
    ) {
        guard let name = parameters.nonEmpty(parameter) else { return }
        self[keyPath: property] = name
        named.append(name)
    }

    private static func flag(_ text: String) throws(RequestError) -> Bool {
        switch Fold.fold(text) {
        case "true", "1": return true
        case "false", "0": return false
        default: throw .badRequest("recommendations: \"\(text)\" is not true or false")
        }
    }

    /// The load that replicas are counted for; nil where nobody asked for a count.
    package var load: Int64? { targetRPS ?? (recommends ? 1 : nil) }

    /// Throws `.badRequest` when a property that the client named is in none of the artifacts.
    package func check(_ artifacts: [Artifact]) throws(RequestError) {
        guard !artifacts.isEmpty else { return }
        for name in named where artifacts.allSatisfy({ $0.customProperties?[name] == nil }) {
            throw .badRequest("property \"\(name)\" is in none of the performance artifacts")
        }
    }
}
