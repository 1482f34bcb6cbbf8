package import CatalogModel
package import Postgres

/// The change feed out of Postgres: heads, ranges and copies read in snapshots, hints by LISTEN.
package final class PostgresFeed: ChangeFeed {
    /// Where hints are notified.
    package static let hintChannel = "catalog_changes"
    /// Where new jobs are notified; carried by the same connection.
    package static let jobChannel = "catalog_jobs"

    private let pool: Pool
    private let listener: Listener
    private let pulse: FeedPulse
    private let continuation: AsyncStream<FeedSignal>.Continuation
    package let signals: AsyncStream<FeedSignal>

    /// `pingInterval` is how often the listening session is asked for a sign of life.
    package init(
        pool: Pool, configuration: PostgresConfiguration, reactor: Reactor,
        pingInterval: Duration = Postgres.Limits.pingInterval
    ) {
        self.pool = pool
        listener = Listener(
            configuration: configuration, channels: [Self.hintChannel, Self.jobChannel],
            reactor: reactor, pingInterval: pingInterval)
        pulse = FeedPulse(pool: pool)
        (signals, continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(FeedLimits.maxSignals))
    }

    /// Listens until `stop`; `onJob` is called for every notification of the job channel and after
    /// each reconnect, since one may have been missed.
    package func listen(onJob: @escaping @Sendable () -> Void) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.listener.run() }
            group.addTask { await self.pulse.beat() }
            group.addTask { await self.watchPulse() }
            for await event in listener.events {
                switch event {
                case .connected:
                    pulse.connected()
                    continuation.yield(.connected)
                    onJob()
                case .disconnected(_, let error):
                    pulse.disconnected()
                    continuation.yield(.disconnected)
                    await mend(error)
                case .notification(Self.jobChannel, _):
                    onJob()
                case .notification(_, let payload):
                    receive(payload)
                }
            }
            group.cancelAll()
        }
        continuation.finish()
    }

    private func receive(_ payload: String) {
        if let heartbeat = Heartbeat(payload: payload) {
            if pulse.heard(heartbeat) { continuation.yield(.hearing) }
        } else if let hint = Hint(payload: payload) {
            continuation.yield(.hint(hint))
        } else {
            continuation.yield(.unreadable)
        }
    }

    private func watchPulse() async {
        while !Task.isCancelled {
            switch pulse.check() {
            case .nothing: break
            case .reportDeaf(let missed):
                continuation.yield(.deaf(missedHeartbeats: missed))
                listener.reconnect()
            case .reportPolling:
                continuation.yield(.polling(reason: "a notification to itself did not arrive"))
            case .reconnect:
                listener.reconnect()
            }
            try? await Task.sleep(for: FeedLimits.pulseCheck)
        }
    }

    /// A queue of notifications that points into a truncated commit log is cured by asking how full
    /// it is, which moves its tail.
    private func mend(_ error: PostgresError) async {
        guard error.message.contains("could not access status of transaction") else { return }
        _ = try? await query(Self.queueUsage, [])
    }

    package func stop() {
        listener.shutdown()
    }

    // MARK: Snapshots

    package func heads(of namespaces: [Namespace]) async throws(FeedError) -> [NamespaceHead] {
        guard !namespaces.isEmpty else {
            // Asked all the same, so that the answer proves that the store is there.
            _ = try await query(Self.ping, [])
            return []
        }
        let rows = try await query(Self.headsOf, [.textArray(namespaces.map(\.name))])
        return try decoding { () throws(PostgresError) in
            var heads: [NamespaceHead] = []
            for row in 0..<rows.count { heads.append(try Self.head(rows, row)) }
            return heads
        }
    }

    package func changes(
        in namespace: Namespace, after revision: Revision
    ) async throws(FeedError) -> RangeRead {
        let name = Parameter.text(namespace.name)
        let answers = try await snapshot([
            Query(Self.headsOf, [.textArray([namespace.name])]),
            Query(Self.changedRows, [name, .int8(Int64(bitPattern: revision.value))]),
            Query(Self.collectionHeads, [name]),
        ])
        return try decoding { () throws(PostgresError) in
            guard answers[0].count == 1 else { return .unknownNamespace }
            let head = try Self.head(answers[0], 0)
            let floor = UInt64(bitPattern: try answers[0].int64(0, 4))
            let rows = answers[1]
            guard revision.value >= floor, rows.count <= FeedLimits.maxRangeChanges else {
                return .tooFar(head)
            }
            var changes: [Change] = []
            changes.reserveCapacity(rows.count)
            for row in 0..<rows.count {
                if let change = try Self.cacheableChange(rows, row) { changes.append(change) }
            }
            var collections: [CollectionHead] = []
            for row in 0..<answers[2].count {
                collections.append(try Self.collectionHead(answers[2], row))
            }
            return .batch(
                ChangeBatch(
                    head: head, after: revision, changes: changes, collections: collections))
        }
    }

    package func copy(
        _ kind: CollectionName, in namespace: Namespace,
        rows: @escaping @Sendable ([StoredEntity]) async throws(FeedError) -> Void
    ) async throws(FeedError) -> CollectionSnapshot {
        try await walk(kind, in: namespace, Self.declareCopy, rows: rows)
    }

    /// Like `copy`, with the documents that are too long for the cache; for answers of the store.
    package func scan(
        _ kind: CollectionName, in namespace: Namespace,
        rows: @escaping @Sendable ([StoredEntity]) async throws(FeedError) -> Void
    ) async throws(FeedError) -> CollectionSnapshot {
        try await walk(kind, in: namespace, Self.declareScan, rows: rows)
    }

    /// Off the caller's thread, because decoding takes a while and the caller may be the writer.
    @concurrent private func walk(
        _ kind: CollectionName, in namespace: Namespace, _ cursor: Statement,
        rows: @escaping @Sendable ([StoredEntity]) async throws(FeedError) -> Void
    ) async throws(FeedError) -> CollectionSnapshot {
        do {
            return try await pool.transaction(isolation: .repeatableReadReadOnly, retries: 0) {
                connection in
                let name = Parameter.text(namespace.name)
                let parameters = [name, .text(kind.plugin), .text(kind.kind)]
                let answers = try await connection.pipeline([
                    Query(Self.headsOf, [.textArray([namespace.name])]),
                    Query(Self.collectionHead, parameters),
                    Query(cursor, parameters),
                ])
                // Few at first, because nothing is known of their size.
                var raw = try await Self.fetched(Self.fetches[1].statement, connection)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    while let present = raw {
                        // Postgres reads on while these are decoded and those before are stored.
                        async let following = Self.fetched(Self.fetch(after: present), connection)
                        let entities = try await Self.decoded(present, cursor)
                        try await group.next()
                        group.addTask { try await rows(entities) }
                        raw = try await following
                    }
                    try await group.next()
                }
                return CollectionSnapshot(
                    head: answers[0].isEmpty ? nil : try Self.head(answers[0], 0),
                    collection: answers[1].isEmpty ? nil : try Self.collectionHead(answers[1], 0))
            }
        } catch {
            throw Self.feedError(error)
        }
    }

    /// The next rows of a walk; nil when there are none.
    private static func fetched(
        _ fetch: Statement, _ connection: Connection
    ) async throws -> Rows? {
        let rows = try await connection.query(fetch, timeout: FeedLimits.copyTimeout)
        return rows.isEmpty ? nil : rows
    }

    @concurrent private static func decoded(
        _ rows: Rows, _ cursor: Statement
    ) async throws -> [StoredEntity] {
        cursor == declareCopy ? try cacheableEntities(rows) : try shownEntities(rows)
    }

    /// The rows of one name, with the state of their snapshot; for a get that the cache cannot answer.
    package func entities(
        named name: String, of kind: CollectionName, in namespace: Namespace
    ) async throws(FeedError) -> (snapshot: CollectionSnapshot, rows: [StoredEntity]) {
        let collection: [Parameter] = [
            .text(namespace.name), .text(kind.plugin), .text(kind.kind),
        ]
        let answers = try await snapshot([
            Query(Self.headsOf, [.textArray([namespace.name])]),
            Query(Self.collectionHead, collection),
            Query(Self.namedRows, collection + [.text(name)]),
        ])
        return try decoding { () throws(PostgresError) in
            var entities: [StoredEntity] = []
            for row in 0..<answers[2].count { entities.append(try Self.entity(answers[2], row)) }
            let snapshot = CollectionSnapshot(
                head: answers[0].isEmpty ? nil : try Self.head(answers[0], 0),
                collection: answers[1].isEmpty ? nil : try Self.collectionHead(answers[1], 0))
            return (snapshot, entities)
        }
    }

    // MARK: What single requests ask

    /// The heads of some namespaces and whether the server that says so is a standby.
    package func primaryHeads(
        of namespaces: [Namespace]
    ) async throws(FeedError) -> PrimaryHeads.Answer {
        let rows: Rows
        do throws(PostgresError) {
            rows = try await pool.query(
                Self.primaryHeadsOf, [.textArray(namespaces.map(\.name))],
                timeout: FeedLimits.primaryHeadTimeout)
        } catch {
            throw FeedError(error)
        }
        return try decoding { () throws(PostgresError) in
            var heads: [NamespaceHead] = []
            for row in 0..<rows.count where !rows.isNull(row, 0) {
                heads.append(try Self.head(rows, row))
            }
            return PrimaryHeads.Answer(heads: heads, isInRecovery: try rows.bool(0, 4))
        }
    }

    /// Who made a revision; nil for one that the log does not hold.
    package func author(
        of revision: Revision, in namespace: Namespace
    ) async throws(FeedError) -> RevisionAuthor? {
        let rows = try await query(
            Self.authorOf, [.text(namespace.name), .int8(Int64(bitPattern: revision.value))])
        return try decoding { () throws(PostgresError) in
            guard rows.count == 1 else { return nil }
            return RevisionAuthor(
                actor: try rows.string(0, 0), requestID: rows.optionalString(0, 1),
                committedAtMs: try rows.int64(0, 2))
        }
    }

    /// Runs queries in one REPEATABLE READ snapshot, in one round trip.
    func snapshot(_ queries: [Query]) async throws(FeedError) -> [Rows] {
        do {
            let answers = try await pool.withConnection { connection in
                try await connection.pipeline(
                    [Query(Self.begin)] + queries + [Query(Self.commit)],
                    timeout: FeedLimits.queryTimeout)
            }
            return Array(answers.dropFirst().dropLast())
        } catch {
            throw Self.feedError(error)
        }
    }

    private func query(
        _ statement: Statement, _ parameters: [Parameter]
    ) async throws(FeedError) -> Rows {
        do throws(PostgresError) {
            return try await pool.query(statement, parameters, timeout: FeedLimits.queryTimeout)
        } catch {
            throw FeedError(error)
        }
    }

    func decoding<Result>(
        _ body: () throws(PostgresError) -> Result
    ) throws(FeedError) -> Result {
        do throws(PostgresError) {
            return try body()
        } catch {
            throw FeedError(.malformedRow, error.message)
        }
    }

    private static func feedError(_ error: any Error) -> FeedError {
        if let error = error as? FeedError { return error }
        if let error = error as? PostgresError { return FeedError(error) }
        return FeedError(.stopped, "\(error)")
    }
}
