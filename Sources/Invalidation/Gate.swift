/// Lets a bounded number of actions run at once and keeps the others in order.
struct Gate {
    private let limit: Int
    private var running = 0
    private var waiting: [FeedMachine.Action] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether the action may run now; otherwise a later `leave` returns it.
    mutating func enter(_ action: FeedMachine.Action) -> Bool {
        guard running < limit else {
            waiting.append(action)
            return false
        }
        running += 1
        return true
    }

    /// An action is done; returns the next one, which has to enter again.
    mutating func leave() -> FeedMachine.Action? {
        running -= 1
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }
}
