/// Read your writes, monotonic reads, at least R, and caches that never go back.
enum SessionRules {
    static func check(_ era: Era, into checker: inout HistoryChecker) {
        let byBegin = era.operations.sorted { ($0.began, $0.id) < ($1.began, $1.id) }
        for operation in byBegin where operation.isAnsweredRead {
            guard let demanded = operation.demanded, let revision = operation.revision else {
                continue
            }
            checker.expect(
                revision >= demanded, .atLeast, [operation],
                "\(demanded) was asked for, \(revision) came")
        }
        checkSessions(byBegin, into: &checker)
        checkReplicas(byBegin, into: &checker)
    }

    /// Only reads that carry tokens are promised anything; what they must not fall behind is
    /// everything that the session was told.
    private static func checkSessions(
        _ operations: [Operation], into checker: inout HistoryChecker
    ) {
        struct Place: Hashable {
            let session: Int
            let namespace: String
        }
        var written: [Place: Operation] = [:]
        var seen: [Place: Operation] = [:]
        for operation in operations where operation.outcome == .answered {
            guard let revision = operation.revision else { continue }
            let place = Place(
                session: operation.session, namespace: operation.register.namespace)
            if operation.action == .read(.token) {
                if let last = written[place], let least = last.revision {
                    checker.expect(
                        revision >= least, .readYourWrites, [last, operation],
                        "the session's write made \(least), its read shows \(revision)")
                }
                if let last = seen[place], let least = last.revision {
                    checker.expect(
                        revision >= least, .monotonicReads, [last, operation],
                        "the session saw \(least), then \(revision)")
                }
            }
            if operation.isWrite {
                if revision >= written[place]?.revision ?? 0 { written[place] = operation }
            } else if revision >= seen[place]?.revision ?? 0 {
                seen[place] = operation
            }
        }
    }

    private static func checkReplicas(
        _ operations: [Operation], into checker: inout HistoryChecker
    ) {
        struct Place: Hashable {
            let replica: Int
            let namespace: String
        }
        var reads: [Place: [Operation]] = [:]
        for operation in operations where operation.isAnsweredRead && operation.isCached {
            let place = Place(
                replica: operation.replica, namespace: operation.register.namespace)
            reads[place, default: []].append(operation)
        }
        for sequence in reads.values {
            // Reads overlap: one counts for another only if it had ended before that began.
            let byEnd = sequence.sorted { $0.ended < $1.ended }
            var next = 0
            var newest: Operation?
            for read in sequence {
                while next < byEnd.count, byEnd[next].ended < read.began {
                    if byEnd[next].revision ?? 0 >= newest?.revision ?? 0 { newest = byEnd[next] }
                    next += 1
                }
                guard let newest, let least = newest.revision, let revision = read.revision else {
                    continue
                }
                checker.expect(
                    revision >= least, .replicaMonotonic, [newest, read],
                    "the cache answered with \(least), later with \(revision)")
            }
        }
    }
}
