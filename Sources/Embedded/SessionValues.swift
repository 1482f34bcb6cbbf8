import Synchronization

/// What one session keeps for the functions that its statements call.
final class SessionValues: Sendable {
    private struct State {
        var transaction: Int64 = 0
        var settings: [String: String] = [:]
        /// Parameters of the present statement that are arrays, by their number from 1.
        var arrays: [Int: [String?]] = [:]
        var notifications: [(channel: String, payload: String)] = []
        var kept: [String: Int64] = [:]
    }

    private let state = Mutex(State())

    /// The number of the transaction under way; never the same twice in a file.
    var transaction: Int64 { state.withLock { $0.transaction } }

    /// Begins a transaction: settings of the one before are gone.
    func begin(_ transaction: Int64) {
        state.withLock {
            $0.transaction = transaction
            $0.settings = [:]
            $0.kept = [:]
        }
    }

    /// Ends a transaction; what it wanted to notify is gone with it unless it is taken before.
    func end() {
        state.withLock {
            $0.settings = [:]
            $0.notifications = []
            $0.kept = [:]
        }
    }

    /// Sets a value for the rest of the transaction, and gives it back.
    func set(_ name: String, _ value: String?) -> String? {
        state.withLock { $0.settings[name] = value }
        return value
    }

    /// What was set, or an empty text.
    func setting(_ name: String) -> String { state.withLock { $0.settings[name] ?? "" } }

    /// Keeps a number for later statements of the transaction, and gives it back.
    func keep(_ name: String, _ value: Int64?) -> Int64? {
        state.withLock { $0.kept[name] = value }
        return value
    }

    /// The number that was kept.
    func kept(_ name: String) -> Int64? { state.withLock { $0.kept[name] } }

    /// Gives the functions the arrays of the statement that runs next.
    func setArrays(_ arrays: [Int: [String?]]) { state.withLock { $0.arrays = arrays } }

    /// An element of an array of the present statement.
    func element(_ parameter: Int, _ index: Int) -> String? {
        state.withLock { state in
            guard let array = state.arrays[parameter], array.indices.contains(index) else {
                return nil
            }
            return array[index]
        }
    }

    /// Notes a notification that goes out after the commit.
    func notify(_ channel: String, _ payload: String) {
        state.withLock { $0.notifications.append((channel, payload)) }
    }

    /// Hands over what is to be notified.
    func takeNotifications() -> [(channel: String, payload: String)] {
        state.withLock { state in
            defer { state.notifications = [] }
            return state.notifications
        }
    }
}
