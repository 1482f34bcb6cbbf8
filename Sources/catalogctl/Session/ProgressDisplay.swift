/// What is shown of a job that is waited for: a bar that moves on a terminal, else a line a change.
struct ProgressDisplay {
    private let isTerminal: Bool
    private var last: String?
    private var step = 0

    init(isTerminal: Bool) {
        self.isTerminal = isTerminal
    }

    /// The text to write for the present state; empty where nothing is new.
    mutating func text(state: String, detail: String, seconds: Int, isOver: Bool) -> String {
        let words = detail.isEmpty ? state : "\(state): \(detail)"
        guard isTerminal else {
            defer { last = words }
            return last == words ? "" : "\(words)\n"
        }
        step += 1
        // Back to the start of the line, and to its end nothing of what stood there.
        return "\r\u{1B}[K[\(bar(isOver))] \(seconds) s  \(words)" + (isOver ? "\n" : "")
    }

    /// How much there is to do is not known before the end, so a block wanders.
    private func bar(_ isOver: Bool) -> String {
        let width = Limits.barWidth
        let block = width / 4
        let place = (step * 2) % (width - block + 1)
        return String(
            (0..<width).map { index in
                isOver || (place..<place + block).contains(index) ? "#" : "-"
            })
    }
}
