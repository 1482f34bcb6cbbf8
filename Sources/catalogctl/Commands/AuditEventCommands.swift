import ArgumentParser
import CatalogClient
import CatalogModel

/// Which audit events are meant.
struct AuditFilter: ParsableArguments {
    @Option(help: "Only events of a user.")
    var actor: String?

    @Option(help: "Only events of a plugin.")
    var plugin: String?

    @Option(help: "Only events of a verb, such as create or refresh.")
    var action: String?

    @Option(help: "Only events of a type, such as management.")
    var eventType: String?

    static let list = "/api/audit/v1alpha1/events"
    static let columns: [TextTable.Column] = [
        .init("time", "createdAt"), .init("actor", "actor"), .init("verb", "actionVerb"),
        .init("plugin", "plugin"), .init("resources", "resourceIds"), .init("outcome", "outcome"),
        .init("request", "requestId"),
    ]

    var query: [(name: String, value: String)] {
        [("actor", actor), ("plugin", plugin), ("action", action), ("eventType", eventType)]
            .compactMap { name, value in value.map { (name: name, value: $0) } }
    }
}

/// Lists audit events.
struct AuditListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists audit events, newest first.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var filter: AuditFilter

    @Option(help: "How many events at the most.")
    var limit = 20

    func run() async throws {
        try await common.session { session in
            let events = try await session.pages(
                AuditFilter.list, filter.query, items: "events", limit: max(1, limit))
            session.show(
                .object(["events": .array(events)]), rows: events, AuditFilter.columns)
        }
    }
}

/// Shows one audit event.
struct AuditShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows an audit event.", aliases: ["get"])

    @OptionGroup var common: CommonOptions

    @Argument(help: "The id of the event.")
    var id: String

    func run() async throws {
        try await common.session { session in
            session.show(
                try await session.get("\(AuditFilter.list)/\(CatalogRequest.encoded(id))"))
        }
    }
}

/// Writes audit events for other programs.
struct AuditExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes all audit events, one JSON object a line.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var filter: AuditFilter

    func run() async throws {
        try await common.session { session in
            var token = ""
            repeat {
                var query = filter.query + [("pageSize", String(Limits.pageSize))]
                if !token.isEmpty { query.append(("pageToken", token)) }
                let page = try await session.get(AuditFilter.list, query)
                Output.write((page["events"]?.arrayValue ?? []).map(\.encodedText))
                token = page["nextPageToken"]?.stringValue ?? ""
            } while !token.isEmpty
        }
    }
}

/// Prints audit events as they come.
struct AuditTailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Prints the last audit events, and new ones as they come.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var filter: AuditFilter

    @Option(help: "How many of the last events are printed first.")
    var lines = 10

    @Option(help: "Ends after so many events; never if not given.")
    var count: Int?

    func run() async throws {
        try await common.session { session in
            var newest: String?
            var isFirst = true
            var printed = 0
            while printed < count ?? .max {
                let events = try await news(session, after: newest, isFirst: isFirst)
                isFirst = false
                for event in events.prefix((count ?? .max) - printed) {
                    switch session.format {
                    case .json: Output.write([event.encodedText])
                    case .yaml: Output.write("---\n" + YAMLText.document(event))
                    case .table: Output.write([TextTable.line(event, AuditFilter.columns)])
                    }
                    printed += 1
                }
                newest = events.last?["id"]?.stringValue ?? newest
                if printed < count ?? .max {
                    try await Task.sleep(for: .milliseconds(Limits.pollMs))
                }
            }
        }
    }

    /// The events after one, oldest first; of those before the command only the last ones.
    private func news(
        _ session: ControlSession, after newest: String?, isFirst: Bool
    ) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var token = ""
        repeat {
            var query = filter.query
            query.append(("pageSize", String(isFirst ? max(1, lines) : Limits.pageSize)))
            if !token.isEmpty { query.append(("pageToken", token)) }
            let page = try await session.get(AuditFilter.list, query)
            for event in page["events"]?.arrayValue ?? [] {
                if let newest, event["id"]?.stringValue == newest { return found.reversed() }
                found.append(event)
            }
            token = isFirst ? "" : page["nextPageToken"]?.stringValue ?? ""
        } while !token.isEmpty
        return found.reversed()
    }
}
