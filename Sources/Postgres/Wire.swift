import CLibPQ

/// The calls to libpq that one connection makes; nothing else touches its handle.
@safe
struct Wire: @unchecked Sendable {
    // SAFETY: a PGconn may be used by one thread at a time. The helper thread that opened it hands
    // it over once, and from then on only the connection actor's executor calls these functions.
    private let raw: OpaquePointer?
    private let faults: FaultPlan?

    enum Flush { case done, blocked, failed }

    init(_ raw: OpaquePointer, faults: FaultPlan?) {
        unsafe self.raw = unsafe raw
        self.faults = faults
    }

    /// The link of a session that needs none: libpq takes a null handle for a connection that is gone.
    init() {
        unsafe raw = nil
        faults = nil
    }

    var socket: Int32 { unsafe PQsocket(raw) }
    var isBroken: Bool { unsafe PQstatus(raw) == CONNECTION_BAD }
    var isBusy: Bool { unsafe PQisBusy(raw) == 1 }
    var backendProcess: Int32 { unsafe PQbackendPID(raw) }
    /// Neither inside a transaction block nor with a statement under way.
    var isOutsideTransaction: Bool { unsafe PQtransactionStatus(raw) == PQTRANS_IDLE }
    var errorMessage: String { unsafe String(cString: PQerrorMessage(raw)).trimmedEnd() }

    func finish() { unsafe PQfinish(raw) }

    /// Makes the handle non-blocking, silences notices and starts pipeline mode.
    func prepareForUse() -> Bool {
        // The default receiver would print notices on standard error.
        unsafe PQsetNoticeReceiver(raw, { _, _ in }, nil)
        return unsafe PQsetnonblocking(raw, 1) == 0 && enterPipeline()
    }

    func enterPipeline() -> Bool { unsafe PQenterPipelineMode(raw) == 1 }
    func exitPipeline() -> Bool { unsafe PQexitPipelineMode(raw) == 1 }

    // MARK: Sending

    func sendPrepare(_ name: String, _ sql: String) -> Bool {
        if let faults, faults.strikes() { return false }
        return unsafe PQsendPrepare(raw, name, sql, 0, nil) == 1
    }

    func sendExecute(_ name: String, _ arena: ParameterArena) -> Bool {
        if let faults, faults.strikes() { return false }
        return unsafe withArguments(arena) { values, lengths, formats in
            unsafe PQsendQueryPrepared(
                raw, name, Int32(arena.slots.count), values, lengths, formats, 0) == 1
        }
    }

    func sendUnnamed(_ sql: String, _ arena: ParameterArena) -> Bool {
        if let faults, faults.strikes() { return false }
        return unsafe withArguments(arena) { values, lengths, formats in
            unsafe PQsendQueryParams(
                raw, sql, Int32(arena.slots.count), nil, values, lengths, formats, 0) == 1
        }
    }

    func sendSync() -> Bool {
        if let faults, faults.strikes() { return false }
        return unsafe PQpipelineSync(raw) == 1
    }

    func sendScript(_ sql: String) -> Bool {
        if let faults, faults.strikes() { return false }
        return unsafe PQsendQuery(raw, sql) == 1
    }

    func flush() -> Flush {
        if let faults, faults.strikes() { return .failed }
        switch unsafe PQflush(raw) {
        case 0: return .done
        case 1: return .blocked
        default: return .failed
        }
    }

    private func withArguments(
        _ arena: ParameterArena,
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>
        ) -> Bool
    ) -> Bool {
        let lengths = arena.slots.map { Int32($0.length) }
        let formats = arena.slots.map { Int32($0.isBinary ? 1 : 0) }
        return unsafe arena.bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = unsafe arena.slots.map { slot in
                slot.offset < 0 ? nil : unsafe base.map { unsafe $0 + slot.offset }
            }
            // SAFETY: libpq copies the values into its buffer before the call returns.
            return unsafe body(values, lengths, formats)
        }
    }

    // MARK: Receiving

    /// Reads what the socket has; false when the connection is gone.
    func consume() -> Bool {
        if let faults, faults.strikes() { return false }
        return unsafe PQconsumeInput(raw) == 1
    }

    func nextResult() -> Rows? {
        guard let result = unsafe PQgetResult(raw) else { return nil }
        return unsafe Rows(result)
    }

    func nextNotification() -> (channel: String, payload: String)? {
        guard let notification = unsafe PQnotifies(raw) else { return nil }
        defer { unsafe PQfreemem(notification) }
        return unsafe (
            String(cString: notification.pointee.relname),
            String(cString: notification.pointee.extra)
        )
    }
}
