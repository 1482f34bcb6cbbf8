import HistoryChecker

/// Writes histories by hand; times are milliseconds.
struct HistoryBuilder {
    static let x = Register(namespace: "default", name: "x")
    static let y = Register(namespace: "default", name: "y")

    private(set) var operations: [Operation] = []

    mutating func write(
        _ value: String?, _ times: ClosedRange<Int64>, to register: Register = x,
        session: Int = 1, revision: UInt64? = nil, outcome: Operation.Outcome = .answered
    ) {
        operations.append(
            Operation(
                id: operations.count, session: session, replica: 1, register: register,
                action: .write(value), began: times.lowerBound * 1_000_000,
                ended: times.upperBound * 1_000_000, outcome: outcome, revision: revision))
    }

    mutating func read(
        _ value: String?, _ times: ClosedRange<Int64>, _ level: Operation.Level = .plain,
        of register: Register = x, session: Int = 1, replica: Int = 1, revision: UInt64? = nil,
        demanded: UInt64? = nil, boundMs: Int64? = nil, isCached: Bool = false
    ) {
        operations.append(
            Operation(
                id: operations.count, session: session, replica: replica, register: register,
                action: .read(level), began: times.lowerBound * 1_000_000,
                ended: times.upperBound * 1_000_000, value: value, revision: revision,
                demanded: demanded, boundMs: boundMs, isCached: isCached))
    }

    /// The era of these operations, with a log that has the acknowledged writes.
    var era: Era {
        var era = Era(operations: operations)
        var newest: [Register: UInt64] = [:]
        for operation in operations {
            guard case .write(let value) = operation.action, let revision = operation.revision
            else { continue }
            let register = operation.register
            era.log.append(
                LogRow(revision: revision, register: register, isDelete: value == nil))
            era.revisions[register.namespace, default: []].append(revision)
            if revision > newest[register] ?? 0 {
                newest[register] = revision
                era.final[register] = value
            }
        }
        for (namespace, revisions) in era.revisions {
            era.revisions[namespace] = Set(revisions).sorted()
        }
        return era
    }

    /// The rules that an era breaks.
    static func broken(_ era: Era) -> Set<Rule> {
        var checker = HistoryChecker()
        checker.check(era)
        return Set(checker.violations.map(\.rule))
    }
}
