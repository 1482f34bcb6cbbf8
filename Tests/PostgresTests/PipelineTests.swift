import Testing

@testable import Postgres

@Suite struct `The pipeline's bookkeeping` {
    private typealias Machine = Pipeline<Int, String>

    private let now = ContinuousClock.now
    private let query = Query("SELECT 1")

    private func machine(_ work: [Machine.Work]) -> Machine {
        var machine = Machine()
        for (index, work) in work.enumerated() {
            machine.submit(.init(ticket: index, work: work, deadline: now + .seconds(index)))
        }
        return machine
    }

    /// Sends the next submission in one step; nil when none may go.
    private func send(_ machine: inout Machine) -> Int? {
        guard let submission = machine.takeSendable() else { return nil }
        var steps: [Machine.Step] = []
        if case .segment(let queries) = submission.work {
            steps = queries.map { .execute($0.statement) }
        }
        machine.didSend(submission, steps: steps)
        return submission.ticket
    }

    /// Feeds events; returns the tickets they completed.
    private func feed(
        _ machine: inout Machine, _ events: [Machine.Event]
    ) throws -> [Machine.Completion] {
        var completions: [Machine.Completion] = []
        for event in events {
            if let completion = try machine.receive(event) { completions.append(completion) }
        }
        return completions
    }

    @Test func `a script waits for what was sent and holds back what follows`() throws {
        var machine = machine([.segment([query]), .script("x"), .segment([query])])
        var sent = [send(&machine), send(&machine)]
        #expect(sent == [0, nil])
        let first = try feed(&machine, [.value("a"), .end, .sync])
        #expect(first.map(\.submission.ticket) == [0])
        sent = [send(&machine), send(&machine)]
        #expect(sent == [1, nil])
        let script = try feed(&machine, [.value("b"), .end])
        #expect(script.map(\.submission.ticket) == [1])
        sent = [send(&machine)]
        #expect(sent == [2])
    }

    @Test func `statements whose preparation was aborted are reported`() throws {
        let other: Statement = "SELECT 2"
        var machine = machine([.segment([query, Query(other)])])
        let taken = machine.takeSendable()
        machine.didSend(
            try #require(taken),
            steps: [
                .prepare(query.statement), .execute(query.statement), .prepare(other),
                .execute(other),
            ])
        let error = PostgresError(.server, "no", sqlState: "42601")
        let completions = try feed(
            &machine, [.value("prepared"), .failure(error), .aborted, .aborted, .sync])
        let completion = try #require(completions.first)
        #expect(completion.unprepared == [other])
        #expect(throws: error) { try completion.result.get() }
    }

    @Test func `an answer that nobody asked for is an error`() {
        #expect(throws: PostgresError(.connectionLost, "")) {
            var empty = Machine()
            _ = try empty.receive(.value("x"))
        }
        #expect(throws: PostgresError(.connectionLost, "")) {
            var machine = machine([.segment([query])])
            _ = send(&machine)
            _ = try machine.receive(.sync)
        }
    }

    @Test func `deadlines are found among sent and unsent`() throws {
        var machine = machine([.segment([query]), .script("x")])
        #expect(send(&machine) == 0)
        #expect(machine.earliestDeadline == now)
        #expect(machine.expired(at: now) == [0])
        #expect(machine.expired(at: now + .seconds(1)) == [0, 1])
        let failed = machine.failAll(PostgresError(.poolClosed, ""))
        #expect(failed.map(\.0.ticket) == [0, 1])
        #expect(machine.isEmpty)
    }
}

@Suite struct `Timers` {
    @Test func `fire in order and not when cancelled`() {
        let start = ContinuousClock.now
        var heap = TimerHeap()
        for id in UInt64(0)..<200 {
            heap.insert(id, at: start + .milliseconds(Int(id * 37 % 200))) {}
        }
        for id in UInt64(0)..<200 where id.isMultiple(of: 2) { heap.cancel(id) }
        let tooEarly = heap.popDue(now: start - .milliseconds(1))
        #expect(tooEarly.isEmpty)
        #expect(heap.waitMs(now: start) >= 0)
        let early = heap.popDue(now: start + .milliseconds(99)).count
        let late = heap.popDue(now: start + .milliseconds(200)).count
        #expect(early + late == 100)
        #expect(early == 50)
        #expect(heap.waitMs(now: start) == -1)
    }
}
