import Synchronization

extension Connection {
    /// Sends what may be sent; on failure the connection is closed and every waiter told.
    func sendWaiting() {
        var hasSent = false
        while let submission = pipeline.takeSendable() {
            // A caller that has left needs no answer.
            if submission.ticket.isDelivered { continue }
            do throws(PostgresError) {
                guard try send(submission) else { return lose() }
                hasSent = true
            } catch {
                submission.ticket.deliver(.failure(error))
            }
        }
        if hasSent { flush() }
        if pipeline.isEmpty {
            let isOutside = wire.isOutsideTransaction
            flags.withLock { $0.isClean = $0.isOpen && isOutside }
        }
    }

    /// Sends one submission; throws before anything is sent if a parameter is wrong.
    private func send(
        _ submission: Pipeline<Ticket, Rows>.Submission
    ) throws(PostgresError) -> Bool {
        switch submission.work {
        case .script(let text):
            pipeline.didSend(submission, steps: [])
            counter?.add(1)
            return wire.exitPipeline() && wire.sendScript(text)
        case .segment(let queries):
            var arenas: [ParameterArena] = []
            for query in queries { arenas.append(try ParameterArena(query.parameters)) }
            let steps = sendSegment(queries, arenas)
            pipeline.didSend(submission, steps: steps ?? [])
            counter?.add(queries.count)
            return steps != nil && wire.sendSync()
        }
    }

    /// Sends the statements of a segment, each after its preparation where that is missing.
    private func sendSegment(
        _ queries: [Query], _ arenas: [ParameterArena]
    ) -> [Pipeline<Ticket, Rows>.Step]? {
        var steps: [Pipeline<Ticket, Rows>.Step] = []
        for (query, arena) in zip(queries, arenas) {
            let statement = query.statement
            let name = configuration.usesPreparedStatements ? statements.name(of: statement) : nil
            if let name {
                if name.isNew {
                    guard wire.sendPrepare(name.text, statement.sql) else { return nil }
                    steps.append(.prepare(statement))
                }
                guard wire.sendExecute(name.text, arena) else { return nil }
            } else {
                guard wire.sendUnnamed(statement.sql, arena) else { return nil }
            }
            steps.append(.execute(statement))
        }
        return steps
    }
}
