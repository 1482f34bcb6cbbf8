import Testing

/// Lets a few test cases run at a time, so that they measure the server and not the machine.
struct Turns: SuiteTrait, TestTrait, TestScoping {
    private actor Turnstile {
        static let shared = Turnstile(places: 2)

        private var places: Int
        private var waiters: [CheckedContinuation<Void, Never>] = []

        init(places: Int) { self.places = places }

        func enter() async {
            if places > 0 {
                places -= 1
            } else {
                await withCheckedContinuation { waiters.append($0) }
            }
        }

        func leave() {
            if waiters.isEmpty {
                places += 1
            } else {
                waiters.removeFirst().resume()
            }
        }
    }

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        await Turnstile.shared.enter()
        do {
            try await function()
        } catch {
            await Turnstile.shared.leave()
            throw error
        }
        await Turnstile.shared.leave()
    }
}

extension Trait where Self == Turns {
    /// Test cases of the suite wait for their turn.
    static var turns: Self { Turns() }
}
