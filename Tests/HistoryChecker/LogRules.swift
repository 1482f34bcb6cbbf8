/// The log is dense, holds everything that was acknowledged, and tells what every read had to show.
enum LogRules {
    static func check(_ era: Era, into checker: inout HistoryChecker) {
        checkDensity(era, into: &checker)
        let index = LogIndex(era)
        checkDurability(era, index, into: &checker)
        checkReads(era, index, into: &checker)
    }

    private static func checkDensity(_ era: Era, into checker: inout HistoryChecker) {
        for (namespace, revisions) in era.revisions {
            for (earlier, later) in zip(revisions, revisions.dropFirst()) {
                checker.expect(
                    later == earlier + 1, .denseLog, [],
                    "\(namespace): \(earlier) is followed by \(later)")
            }
        }
    }

    private static func checkDurability(
        _ era: Era, _ index: LogIndex, into checker: inout HistoryChecker
    ) {
        var last: [Register: Operation] = [:]
        for write in era.operations where write.isAcknowledgedWrite {
            guard let revision = write.revision else { continue }
            checker.expect(
                index.touched(write.register, at: revision), .durable, [write],
                "it was acknowledged as \(revision), which the log does not have")
            if revision > last[write.register]?.revision ?? 0 { last[write.register] = write }
        }
        for (register, write) in last {
            guard case .write(let value) = write.action, let revision = write.revision,
                index.newest(of: register, upTo: .max)?.revision == revision
            else { continue }
            checker.expect(
                era.final[register] == value, .durable, [write],
                "nothing overwrote it, but the store holds \(era.final[register] ?? "nothing")")
        }
    }

    /// A revision and a register have one content; who sees another has seen something untrue.
    private static func checkReads(
        _ era: Era, _ index: LogIndex, into checker: inout HistoryChecker
    ) {
        var known: [LogRow: Operation] = [:]
        for write in era.operations where write.isAcknowledgedWrite {
            guard let revision = write.revision,
                let row = index.newest(of: write.register, upTo: revision),
                row.revision == revision
            else { continue }
            known[row] = write
        }
        let possible = index.valuesOfUnknownWrites
        for read in era.operations where read.isAnsweredRead {
            guard let revision = read.revision else { continue }
            guard let row = index.newest(of: read.register, upTo: revision) else {
                checker.expect(
                    read.value == era.initial[read.register], .trueToLog, [read],
                    "nothing had touched it up to \(revision)")
                continue
            }
            let head = era.initialHeads[read.register.namespace] ?? 0
            if row.revision <= head {
                // Of what was before the era only the last state is known.
                guard index.newest(of: read.register, upTo: head) == row else { continue }
                checker.expect(
                    read.value == era.initial[read.register], .trueToLog, [read],
                    "revision \(row.revision) left \(era.initial[read.register] ?? "nothing")")
                continue
            }
            guard let source = known[row] else {
                // The write's outcome is unknown to its client: the first read tells what it was.
                let isPossible =
                    row.isDelete
                    ? read.value == nil
                    : possible[read.register]?.contains(read.value ?? "") == true
                checker.expect(
                    isPossible, .trueToLog, [read],
                    "no write whose outcome is unknown could have left this at \(row.revision)")
                if isPossible { known[row] = read }
                continue
            }
            let expected: String? =
                if case .write(let value) = source.action { value } else { source.value }
            checker.expect(
                read.value == expected, .trueToLog, [source, read],
                "revision \(row.revision) left \(expected ?? "nothing")")
        }
    }
}

/// The log by register, for look-ups by revision.
struct LogIndex {
    private let rows: [Register: [LogRow]]
    /// The values that writes without a known outcome may have left.
    let valuesOfUnknownWrites: [Register: Set<String>]

    init(_ era: Era) {
        rows = Dictionary(grouping: era.log, by: \.register).mapValues { list in
            list.sorted { $0.revision < $1.revision }
        }
        var values: [Register: Set<String>] = [:]
        for operation in era.operations where operation.outcome == .unknown {
            if case .write(.some(let value)) = operation.action {
                values[operation.register, default: []].insert(value)
            }
        }
        valuesOfUnknownWrites = values
    }

    /// The last change of a register at or before a revision.
    func newest(of register: Register, upTo revision: UInt64) -> LogRow? {
        guard let list = rows[register] else { return nil }
        let count = list.partitioningIndex { $0.revision > revision }
        return count > 0 ? list[count - 1] : nil
    }

    func touched(_ register: Register, at revision: UInt64) -> Bool {
        newest(of: register, upTo: revision)?.revision == revision
    }
}
