/// Bounds of the command line.
enum Limits {
    /// How many members of a list are asked for at once.
    static let pageSize = 100
    /// How wide a cell of a table is at the most.
    static let cellWidth = 60
    /// How often a job, or the newest audit events, are looked at.
    static let pollMs = 500
    /// How many names are looked at for one that was meant.
    static let namesConsidered = 1_000
    /// How wide the bar of `refresh --wait` is.
    static let barWidth = 24
}
