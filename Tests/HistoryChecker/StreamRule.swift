/// A change stream is the log: ordered, gapless, nothing twice, nothing that is not there.
enum StreamRule {
    static func check(_ era: Era, into checker: inout HistoryChecker) {
        guard !era.streams.isEmpty else { return }
        let contents = Contents(era)
        let log = Dictionary(grouping: era.log, by: \.register.namespace)
        for stream in era.streams {
            checkOrder(stream, into: &checker)
            let end = max(stream.to, stream.rows.map(\.revision).max() ?? 0)
            let received = Set(stream.rows)
            let expected = Set(
                (log[stream.namespace] ?? []).filter {
                    $0.revision > stream.from && $0.revision <= end
                })
            checker.expect(
                received == expected, .gaplessStream, [],
                "\(stream.name): of \(stream.from)…\(end) "
                    + "\(list(expected.subtracting(received))) are missing, "
                    + "\(list(received.subtracting(expected))) are not in the log")
            checkPlaces(stream, end, era, into: &checker)
            for (row, value) in stream.values {
                contents.check(row, value, in: stream, into: &checker)
            }
        }
    }

    private static func checkOrder(_ stream: ChangeStream, into checker: inout HistoryChecker) {
        var last = stream.from
        for row in stream.rows {
            checker.expect(
                row.revision == last || row.revision == last + 1, .gaplessStream, [],
                "\(stream.name): \(last) is followed by \(row.revision)")
            last = max(last, row.revision)
        }
        checker.expect(
            Set(stream.rows).count == stream.rows.count, .gaplessStream, [],
            "\(stream.name): something came twice")
    }

    /// A place that the store has is never refused; from one that it has not, nothing follows.
    private static func checkPlaces(
        _ stream: ChangeStream, _ end: UInt64, _ era: Era, into checker: inout HistoryChecker
    ) {
        if stream.isCarried {
            let head = era.initialHeads[stream.namespace] ?? 0
            checker.expect(
                stream.from <= head || stream.rows.isEmpty, .gaplessStream, [],
                "\(stream.name): it went on from \(stream.from), which was lost behind \(head)")
        } else if stream.isLost {
            let newest = era.revisions[stream.namespace]?.last ?? 0
            checker.expect(
                end > newest, .gaplessStream, [],
                "\(stream.name): \(end) was said to be lost, the log goes up to \(newest)")
        }
    }

    private static func list(_ rows: Set<LogRow>) -> String {
        let some = rows.sorted { $0.revision < $1.revision }.prefix(5)
        let texts = some.map { "\($0.register)@\($0.revision)" }
        return "\(rows.count) (\(texts.joined(separator: ", ")))"
    }
}

/// What each change left, as far as the writers' answers tell.
private struct Contents {
    private let known: [LogRow: String?]
    private let index: LogIndex
    private let era: Era

    init(_ era: Era) {
        self.era = era
        var known: [LogRow: String?] = [:]
        for write in era.operations where write.isAcknowledgedWrite {
            guard case .write(let value) = write.action, let revision = write.revision else {
                continue
            }
            let row = LogRow(
                revision: revision, register: write.register, isDelete: value == nil)
            known[row] = .some(value)
        }
        self.known = known
        index = LogIndex(era)
    }

    func check(
        _ row: LogRow, _ value: String, in stream: ChangeStream,
        into checker: inout HistoryChecker
    ) {
        let head = era.initialHeads[stream.namespace] ?? 0
        let isTrue: Bool
        if row.revision <= head {
            // Written before the era: only what it left at its beginning is known.
            guard index.newest(of: row.register, upTo: head) == row else { return }
            isTrue = era.initial[row.register] == value
        } else {
            let possible = index.valuesOfUnknownWrites[row.register]
            isTrue = known[row].map { $0 == value } ?? (possible?.contains(value) == true)
        }
        checker.expect(
            isTrue, .trueToLog, [],
            "\(stream.name): \(row.register)@\(row.revision) came with \(value)")
    }
}
