/// Bounds of the client.
enum Limits {
    /// How often one request is sent at the most.
    static let attempts = 4
    /// The pause before the second attempt; it doubles with each, plus up to as much by chance.
    static let firstPauseMs = 50
    /// The longest pause that an answer's `Retry-After` can ask for.
    static let longestPauseMs = 2_000
    /// The largest answer that is read.
    static let answerBytes = 256 << 20
    /// How long connecting may take.
    static let connectSeconds: Int64 = 5
    /// How long one attempt may take, from connecting to the last byte.
    static let attemptSeconds: Int64 = 30
    /// How many connections of a stream may fail in a row.
    static let streamAttempts = 6
    /// How often the pause between the connections of a stream doubles.
    static let streamDoublings = 5
    /// How long one connection of a stream may last; the server ends it after an hour.
    static let streamSeconds: Int64 = 7_200
    /// The largest refusal of a stream that is read.
    static let refusalBytes = 1 << 20
}
