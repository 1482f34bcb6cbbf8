import Synchronization

extension Connection {
    /// Hands work to the embedded session; the ticket gets its answer on this actor.
    func submit(
        _ work: Pipeline<Ticket, Rows>.Work, to session: any EmbeddedSession,
        deadline: ContinuousClock.Instant, ticket: Ticket
    ) {
        let embedded: EmbeddedWork
        switch work {
        case .script(let text):
            embedded = .script(text)
            counter?.add(1)
        case .segment(let queries):
            embedded = .segment(queries)
            counter?.add(queries.count)
        }
        sessionWork += 1
        session.submit(embedded, deadline: deadline) { answer in
            self.reactor.post { self.assumeIsolated { $0.sessionAnswered(answer, ticket) } }
        }
    }

    private func sessionAnswered(_ answer: EmbeddedAnswer, _ ticket: Ticket) {
        sessionWork -= 1
        guard failure == nil else {
            ticket.deliver(answer.result)
            return
        }
        if case .failure(let error) = answer.result { lastSQLState = error.sqlState }
        if sessionWork == 0 { flags.withLock { $0.isClean = answer.isOutsideTransaction } }
        ticket.deliver(answer.result)
        if sessionWork == 0 {
            let idle = whenIdle
            whenIdle = []
            for action in idle { action() }
        }
    }
}
