import CatalogModel
import Foundation
import TestSupport
import Testing

/// A server that may load sources from this machine, with a double of the hub and a folder.
struct ProviderSite: Sendable {
    /// Bytes that one catalog text may have.
    static let maxBytes = 65_536
    static let key = "hf_knownToTheDouble"

    static let shared = Task { try await ProviderSite.start() }

    let server: ServerProcess
    let hub: HubDouble
    /// Repositories below it may be named by anybody.
    let folder: String

    static func start(_ environment: [String: String] = [:]) async throws -> ProviderSite {
        let hub = try await HubDouble.start()
        let folder = try ServerFiles.temporaryFolder()
        var settings = [
            "CATALOG_TENANCY_MODE": "namespace",
            "CATALOG_SOURCE_ALLOWED_HOSTS": "http://127.0.0.1, file://\(folder)",
            "CATALOG_SOURCE_TIMEOUT_SECONDS": "1", "CATALOG_SOURCE_MAX_BYTES": "\(maxBytes)",
            "CATALOG_SOURCE_WATCH_INTERVAL_MS": "100",
            "HF_ENDPOINT": hub.url, "HF_API_KEY": key, "OTHER_SECRET": "not-for-the-hub",
        ]
        settings.merge(environment) { $1 }
        return ProviderSite(
            server: try await ServerProcess.readyInMode(.init(environment: settings)), hub: hub,
            folder: folder)
    }

    /// A namespace that nobody has used.
    func tenant() -> Tenant {
        let name = "t-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        return Tenant(server: server, namespace: name)
    }
}

extension SourceClient {
    /// Applies a source of a type with these properties; returns the answer, whatever it is.
    func apply(
        _ id: String, type: String, _ properties: JSONObject, more: JSONObject = [:]
    ) async throws -> HTTPResponse {
        var input: JSONObject = [
            "id": .string(id), "name": .string(id.uppercased()), "type": .string(type),
            "properties": .object(properties), "refreshAfterApply": true,
        ]
        for member in more.members { input[member.key] = member.value }
        return try await post("apply-source", .object(input))
    }

    /// Applies a source that is accepted, and returns what is shown of it once it was refreshed.
    func applied(
        _ id: String, type: String, _ properties: JSONObject, more: JSONObject = [:]
    ) async throws -> JSONValue {
        let response = try await apply(id, type: type, properties, more: more)
        try #require(response.status == 200, "\(response.text)")
        return try response.json()
    }

    /// Refreshes a source before it returns, and returns what is shown of it then.
    func refreshed(_ id: String) async throws -> JSONValue {
        let response = try await post("sources/\(id):action", ["action": "refresh"])
        try #require(response.status == 200, "\(response.text)")
        return try #require(try await list().first { $0["id"] == .string(id) })
    }

    /// Expects a source to be in error with a code, also in the diagnostics.
    func expectFailure(
        _ info: JSONValue, _ code: String, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let what: Comment = "\(info)"
        #expect(info.value(at: "status.state") == "error", what, sourceLocation: location)
        #expect(
            info.value(at: "status.errorCode") == .string(code), what, sourceLocation: location)
        #expect(
            info.value(at: "status.lastRefreshSummary") == "Refresh failed",
            sourceLocation: location)
        let diagnostics = try await tenant.get("\(base)/diagnostics")
        let errors = try #require(try diagnostics.body("errors")?.arrayValue)
        let error = try #require(errors.first { $0["source"] == info["id"] })
        #expect(error["code"] == .string(code), sourceLocation: location)
        #expect(error["message"]?.stringValue?.isEmpty == false, sourceLocation: location)
    }

    /// Waits until the plugin has exactly these entities.
    func waitForNames(_ names: [String]) async throws {
        let end = ContinuousClock.now + .seconds(20)
        var found: [String] = []
        while ContinuousClock.now < end {
            found = try await self.names()
            if found == names { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("\(found) and not \(names)")
    }

    /// Waits until a source is in error with a code.
    func waitForError(_ id: String, _ code: String) async throws {
        let end = ContinuousClock.now + .seconds(20)
        var last: JSONValue = nil
        while ContinuousClock.now < end {
            last = try await list().first { $0["id"] == .string(id) } ?? nil
            if last.value(at: "status.errorCode") == .string(code) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("\(last)")
    }

    /// A catalog text of the plugin with entities of these names.
    func text(_ names: [String]) -> String {
        "\(catalog.plural):\n"
            + names.map {
                "  - name: \($0)\n" + (catalog.plugin == "mcp" ? "    deploymentMode: local\n" : "")
            }.joined() + (names.isEmpty ? "  []\n" : "")
    }
}
