import CatalogModel
import WritePath

/// `PluginDiagnostics` of the contract.
enum SourceDiagnostics {
    static func json(_ plugin: PluginDefinition, _ records: [SourceRecord]) -> JSONObject {
        var object: JSONObject = [
            "pluginName": .string(plugin.name), "sources": .array(records.map(source)),
        ]
        object["lastRefresh"] = records.compactMap(\.lastRefreshTimeMs).max().map(time)
        let errors = records.compactMap { record -> JSONValue? in
            guard let error = record.error else { return nil }
            var object: JSONObject = [
                "source": .string(record.definition.id), "message": .string(error),
                "time": record.lastRefreshTimeMs.map(time) ?? .string(""),
            ]
            object["code"] = record.errorCode.map { .string($0) }
            return .object(object)
        }
        if !errors.isEmpty { object["errors"] = .array(errors) }
        return object
    }

    private static func source(_ record: SourceRecord) -> JSONValue {
        var object: JSONObject = [
            "id": .string(record.definition.id), "name": .string(record.definition.name),
            "state": .string(record.state.rawValue), "entityCount": .int(record.entityCount),
        ]
        object["lastRefreshTime"] = record.lastRefreshTimeMs.map(time)
        object["lastRefreshDuration"] = record.lastRefreshNanoseconds.map { .int($0) }
        object["error"] = record.error.map { .string($0) }
        if record.error != nil { object["errorCode"] = record.errorCode.map { .string($0) } }
        return .object(object)
    }

    private static func time(_ ms: Int64) -> JSONValue {
        .string(Timestamp(ms: ms).description)
    }
}
