import CatalogModel
import HTTPTypes
import Hummingbird
import ReadPath

/// What a client asks of the change feed, checked.
struct ChangesRequest: Sendable {
    /// Where to begin; nil for the present head.
    let cursor: ChangeCursor?
    let plugin: String?
    let kind: String?
    /// Whether documents come with the changes.
    let includesBody: Bool
    /// How long an answer may be waited for.
    let wait: Duration
    /// Whether the answer is a stream of server-sent events.
    let isStream: Bool

    /// Reads parameters and headers; throws `.badRequest` for what cannot be meant.
    init(_ exchange: Exchange, kinds: KindTable) throws(RequestError) {
        let query = exchange.query
        let headers = exchange.request.headers
        isStream = try Self.wantsStream(headers[.accept])
        let place = headers[.lastEventID].flatMap { $0.isEmpty ? nil : $0 } ?? query["from"]
        cursor = try Self.cursor(place, epoch: query["epoch"])
        plugin = query.nonEmpty("plugin")
        kind = query.nonEmpty("kind")
        try Self.checkKind(plugin, kind, kinds)
        switch query["include"] {
        case nil, "": includesBody = false
        case "body": includesBody = true
        case let other?: throw .badRequest("include=\(other) is not known; body is")
        }
        let seconds = query["wait"] ?? "0"
        guard let number = Int(seconds), (0...ServerLimits.changesWaitMax).contains(number) else {
            throw .badRequest(
                "wait must be a number of seconds from 0 to \(ServerLimits.changesWaitMax)")
        }
        wait = .seconds(number)
    }

    /// Whether only some of the changes are asked for.
    var isFiltered: Bool { plugin != nil || kind != nil }

    /// Whether a change is one of those asked for.
    func includes(_ change: LoggedChange) -> Bool {
        (plugin ?? change.key.plugin) == change.key.plugin
            && (kind ?? change.key.kind) == change.key.kind
    }

    private static func wantsStream(_ accept: String?) throws(RequestError) -> Bool {
        guard let accept else { return false }
        let types = accept.lowercased().split(separator: ",").map { item in
            item.prefix { $0 != ";" }.trimmingBlanks
        }
        return types.contains("text/event-stream")
    }

    private static func cursor(
        _ place: String?, epoch: String?
    ) throws(RequestError) -> ChangeCursor? {
        if let epoch, !epoch.isEmpty, !ChangeCursor.isEpoch(epoch.utf8) {
            throw .badRequest("epoch must be the value of X-Catalog-Epoch")
        }
        guard let place else { return nil }
        guard let cursor = ChangeCursor(place), cursor.revision.value <= UInt64(Int64.max) else {
            throw .badRequest("from must be a revision or the cursor of an earlier answer")
        }
        guard let epoch, !epoch.isEmpty else { return cursor }
        guard (cursor.epoch?.text ?? epoch) == epoch else {
            throw .badRequest("epoch is not the one of from")
        }
        return ChangeCursor(
            epoch: Epoch(epoch), revision: cursor.revision, digest: cursor.digest)
    }

    private static func checkKind(
        _ plugin: String?, _ kind: String?, _ kinds: KindTable
    ) throws(RequestError) {
        let matching = kinds.entries.filter {
            (plugin ?? $0.plugin.name) == $0.plugin.name && (kind ?? $0.kind.kind) == $0.kind.kind
        }
        guard matching.isEmpty else { return }
        throw .badRequest("there is no such plugin or kind")
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name.changeFeed("Last-Event-ID")
    static let accelBuffering = HTTPField.Name.changeFeed("X-Accel-Buffering")
    static let catalogVia = HTTPField.Name.changeFeed("X-Catalog-Via")

    private static func changeFeed(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is not a header name")
        }
        return name
    }
}
