import CatalogModel
import Synchronization

/// Counts who watches the console, and refuses beyond the limit.
final class ConsoleSeats: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// A seat, which is free again when nobody holds it; throws where there is none.
    func take() throws(RequestError) -> Seat {
        let isFree = taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
        guard isFree else {
            throw RequestError(
                .tooManyRequests, "too many consoles are open on this replica",
                details: ["reason": "too_many_streams", "retryAfter": "5"])
        }
        return Seat(seats: self)
    }

    /// Held by one stream as long as it lasts.
    final class Seat: Sendable {
        private let seats: ConsoleSeats

        fileprivate init(seats: ConsoleSeats) { self.seats = seats }

        deinit { seats.taken.withLock { $0 -= 1 } }
    }
}
