package import Testing

/// Lets a few test cases run at a time, so that they measure what they test and not the machine.
///
/// All at once, each would take as long as all together, and limits of time inside of what is
/// tested would strike.
package struct Turns: SuiteTrait, TestTrait, TestScoping {
    private actor Turnstile {
        static let few = Turnstile(places: 2)
        static let some = Turnstile(places: 8)

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

    private let turnstile: Turnstile

    fileprivate static let few = Turns(turnstile: .few)
    fileprivate static let some = Turns(turnstile: .some)

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        await turnstile.enter()
        do {
            try await function()
        } catch {
            await turnstile.leave()
            throw error
        }
        await turnstile.leave()
    }
}

extension Trait where Self == Turns {
    /// Two cases of such suites run at a time: for those that use a server and its database.
    package static var turns: Self { .few }
    /// Eight cases run at a time: for those that use a database, and wait more than they work.
    package static var manyTurns: Self { .some }
}
