import Synchronization
import Testing

@testable import LMDB

@Suite("Writer thread")
struct WriterThreadTests {
    private actor Recorder {
        private let thread: WriterThread
        private(set) var seen: [Int] = []

        init(thread: WriterThread) {
            self.thread = thread
        }

        nonisolated var unownedExecutor: UnownedSerialExecutor {
            unsafe thread.asUnownedSerialExecutor()
        }

        func record(_ number: Int) -> Bool {
            seen.append(number)
            return thread.isCurrent
        }

        nonisolated func assertIsolated() -> Bool {
            assumeIsolated { _ in true }
        }

        func checkFromInside() -> Bool {
            assertIsolated()
        }
    }

    @Test("an actor's jobs run in order on the one thread")
    func order() async {
        let thread = WriterThread(name: "test-order")
        let recorder = Recorder(thread: thread)
        for number in 0..<1_000 {
            let isThere = await recorder.record(number)
            #expect(isThere)
        }
        let seen = await recorder.seen
        #expect(seen == Array(0..<1_000))
        let isIsolated = await recorder.checkFromInside()
        #expect(isIsolated)
        #expect(!thread.isCurrent)
        #expect(thread.isIsolatingCurrentContext() == false)
        Self.stop(thread)
    }

    @Test("jobs after a shutdown still run, one at a time")
    func afterShutdown() async {
        let thread = WriterThread(name: "test-shutdown")
        let recorder = Recorder(thread: thread)
        _ = await recorder.record(1)
        Self.stop(thread)
        for number in 2...20 {
            let isThere = await recorder.record(number)
            #expect(isThere)
        }
        let seen = await recorder.seen
        #expect(seen == Array(1...20))
        Self.stop(thread)
    }

    @Test("jobs from many tasks are all run and none at the same time")
    func contention() async {
        let thread = WriterThread(name: "test-many")
        let recorder = Recorder(thread: thread)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<2_000 {
                group.addTask { _ = await recorder.record(number) }
            }
        }
        let seen = await recorder.seen
        #expect(seen.sorted() == Array(0..<2_000))
        Self.stop(thread)
    }

    private static func stop(_ thread: WriterThread) {
        thread.shutdown()
    }
}
