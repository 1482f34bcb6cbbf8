/// A load to put on the server; scenarios are data, see `bench/scenarios.json`.
package struct Scenario: Codable, Sendable {
    package enum Loop: String, Codable, Sendable {
        /// Requests are due at fixed times, whatever the answers do.
        case open
        /// Every connection asks again as soon as it has its answer.
        case closed
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let name: String
    /// The question that the scenario answers.
    package let title: String
    package let loop: Loop
    /// Requests a second, for an open loop.
    package var rate: Double?
    package var spread: ArrivalSchedule.Spread?
    package var connections: Int
    package var warmUpSeconds: Double
    package var seconds: Double
    /// How many of the seeded namespaces are asked for, all alike.
    package let namespaces: Int
    /// How many of the seeded entities of each namespace are asked for.
    package let keys: Int
    /// Zipf exponent of the keys; 0 makes all alike.
    package let zipf: Double
    package let seed: UInt64
    /// Weights of the operations.
    package let mix: [Operation: Int]
    /// Query strings of the lists, taken in turn.
    package var lists: [String]?
    /// Writes a second on connections of their own, beside the mix.
    package var writesPerSecond: Double?
    /// Whether the server has to start with an empty cache right before.
    package var coldStart: Bool?

    /// Checks the bounds; throws at the first value outside.
    package func check() throws(Failure) {
        func demand(_ holds: Bool, _ text: String) throws(Failure) {
            if !holds { throw Failure(description: "scenario \(name): \(text)") }
        }
        let isName = name.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (48...57).contains(byte) || byte == 45
        }
        try demand(!name.isEmpty && isName, "a name is lower-case letters, digits and dashes")
        try demand(
            loop == .closed || (rate.map { $0 > 0 && $0 <= LoadLimits.maxRate } ?? false),
            "an open loop needs a rate up to \(Int(LoadLimits.maxRate))")
        try demand(
            (1...LoadLimits.maxConnections).contains(connections),
            "connections must be 1 to \(LoadLimits.maxConnections)")
        try demand(
            seconds > 0 && warmUpSeconds >= 0 && seconds + warmUpSeconds <= LoadLimits.maxSeconds,
            "a run lasts at most \(Int(LoadLimits.maxSeconds)) s")
        try demand((1...LoadLimits.maxNamespaces).contains(namespaces), "too many namespaces")
        try demand((1...LoadLimits.maxKeys).contains(keys), "too many keys")
        try demand(zipf >= 0 && zipf < 10, "zipf must be 0 to 10")
        try demand(mix.values.allSatisfy { $0 >= 0 }, "weights are not negative")
        try demand(mix.values.contains { $0 > 0 }, "the mix is empty")
        try demand(
            mix[.list, default: 0] == 0 || !(lists ?? []).isEmpty, "lists need query strings")
        try demand(
            writesPerSecond.map { $0 > 0 && $0 <= 10_000 } ?? true,
            "writesPerSecond must be above 0 and at most 10000")
    }
}
