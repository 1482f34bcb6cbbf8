import CatalogModel
import Testing

@testable import Server

@Suite("Seats of the console")
struct ConsoleSeatsTests {
    @Test("are limited, and free again when nobody holds them")
    func seats() throws {
        let seats = ConsoleSeats(limit: 2)
        var held = [try seats.take(), try seats.take()]
        let refusal = #expect(throws: RequestError.self) { _ = try seats.take() }
        #expect(refusal?.code == .tooManyRequests)
        #expect(refusal?.details["retryAfter"] == "5")
        held.removeLast()
        held.append(try seats.take())
        #expect(throws: RequestError.self) { _ = try seats.take() }
        held = []
        #expect(throws: Never.self) { _ = try seats.take() }
    }
}
