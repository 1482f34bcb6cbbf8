/// No answer is older than it says.
///
/// The bound is counted back from when the answer left, which was not before the request began: what
/// was acknowledged earlier than `began` minus the bound had been committed by then and must be there.
/// One clock, that of the checker, takes both times, so nothing depends on clocks that agree.
enum StalenessRule {
    static func check(_ era: Era, into checker: inout HistoryChecker) {
        var writes: [String: [Operation]] = [:]
        for operation in era.operations
        where operation.isAcknowledgedWrite && operation.revision != nil {
            writes[operation.register.namespace, default: []].append(operation)
        }
        // The newest write among the first n that ended.
        var newest: [String: [Operation]] = [:]
        for (namespace, list) in writes {
            let byEnd = list.sorted { $0.ended < $1.ended }
            writes[namespace] = byEnd
            newest[namespace] = byEnd.reduce(into: []) { best, write in
                let isNewer = write.revision ?? 0 > best.last?.revision ?? 0
                best.append(isNewer ? write : best.last ?? write)
            }
        }
        for stream in era.streams {
            guard let ended = writes[stream.namespace], let best = newest[stream.namespace] else {
                continue
            }
            for claim in stream.claims {
                let limit = claim.began - claim.boundMs * 1_000_000
                let count = ended.partitioningIndex { $0.ended >= limit }
                let last = count > 0 ? best[count - 1] : nil
                checker.expect(
                    claim.revision >= last?.revision ?? 0, .honestBound, last.map { [$0] } ?? [],
                    "\(stream.name): complete up to \(claim.revision), it was told at "
                        + "\(claim.began / 1_000) µs, and up to \(claim.boundMs) ms before")
            }
        }
        for read in era.operations where read.isAnsweredRead {
            guard let bound = read.boundMs, let revision = read.revision,
                let ended = writes[read.register.namespace],
                let best = newest[read.register.namespace]
            else { continue }
            let limit = read.began - bound * 1_000_000
            let count = ended.partitioningIndex { $0.ended >= limit }
            guard count > 0 else {
                checker.count(.honestBound)
                continue
            }
            let write = best[count - 1]
            checker.expect(
                revision >= write.revision ?? 0, .honestBound, [write, read],
                "a write was acknowledged \((read.began - write.ended) / 1_000_000) ms before the "
                    + "read, whose bound is \(bound) ms, and is not in it")
        }
    }
}

extension Array {
    /// The first index whose element fulfils the predicate, which no earlier one does.
    func partitioningIndex(_ predicate: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
