import ArgumentParser
import CatalogClient
import CatalogModel

/// What operators do with sources.
struct SourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources", abstract: "Looks after the sources of a plugin.",
        subcommands: [
            SourcesList.self, SourcesApply.self, SourcesValidate.self, SourcesEnable.self,
            SourcesDisable.self, SourcesDelete.self, SourcesRevisions.self, SourcesRollback.self,
            SourcesDiagnostics.self,
        ])
}

/// The options of every command about the sources of a plugin.
struct SourceOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions

    @Argument(help: "The plugin.")
    var plugin: String

    /// Runs a command's work with the path of the plugin's management.
    func session(_ body: (ControlSession, String) async throws -> Void) async throws {
        try await common.session { session in
            try await body(session, "\(session.kinds().base(plugin))/management")
        }
    }

    /// The path of one source.
    static func path(_ management: String, _ source: String) -> String {
        "\(management)/sources/\(CatalogRequest.encoded(source))"
    }
}

struct SourcesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the sources.")

    @OptionGroup var options: SourceOptions

    func run() async throws {
        try await options.session { session, management in
            let answer = try await session.get("\(management)/sources")
            session.show(
                answer, rows: answer["sources"]?.arrayValue ?? [],
                [
                    .init("id", "id"), .init("type", "type"), .init("enabled", "enabled"),
                    .init("state", "status.state"), .init("entities", "status.entityCount"),
                    .init("error", "status.error"),
                ])
        }
    }
}

struct SourcesApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Creates or replaces sources out of a file.")

    @OptionGroup var options: SourceOptions

    @Option(name: .shortAndLong, help: "The file of YAML or JSON; - is standard input.")
    var file: String

    func run() async throws {
        try await options.session { session, management in
            for document in try DocumentReader.documents(in: file) {
                session.show(
                    try await session.send("POST", "\(management)/apply-source", document))
            }
        }
    }
}

struct SourcesValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Says what is wrong with sources, layer by layer.",
        discussion: "Exit codes: 0 all are valid; 1 one is not.")

    @OptionGroup var options: SourceOptions

    @Option(name: .shortAndLong, help: "The file of YAML or JSON; - is standard input.")
    var file: String

    func run() async throws {
        try await options.session { session, management in
            var isValid = true
            for document in try DocumentReader.documents(in: file) {
                let id = document["id"]?.stringValue ?? "unnamed"
                let verdict = try await session.send(
                    "POST", "\(SourceOptions.path(management, id)):validate", document)
                session.show(verdict)
                isValid = isValid && verdict["valid"]?.boolValue == true
            }
            if !isValid { throw ExitStatus.failed.code }
        }
    }
}

struct SourcesEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Enables a source.")

    @OptionGroup var options: SourceOptions

    @Argument(help: "The id of the source.")
    var source: String

    func run() async throws { try await Self.set(true, source, options) }

    static func set(_ enabled: Bool, _ source: String, _ options: SourceOptions) async throws {
        try await options.session { session, management in
            session.show(
                try await session.send(
                    "POST", "\(SourceOptions.path(management, source))/enable",
                    .object(["enabled": .bool(enabled)])))
        }
    }
}

struct SourcesDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Disables a source; its entities go away.")

    @OptionGroup var options: SourceOptions

    @Argument(help: "The id of the source.")
    var source: String

    func run() async throws { try await SourcesEnable.set(false, source, options) }
}

struct SourcesDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes a source with its entities.")

    @OptionGroup var options: SourceOptions

    @Argument(help: "The id of the source.")
    var source: String

    func run() async throws {
        try await options.session { session, management in
            session.show(
                try await session.send("DELETE", SourceOptions.path(management, source), nil))
        }
    }
}

struct SourcesRevisions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revisions", abstract: "Lists what a source was configured as, newest first.")

    @OptionGroup var options: SourceOptions

    @Argument(help: "The id of the source.")
    var source: String

    func run() async throws {
        try await options.session { session, management in
            let answer = try await session.get(
                "\(SourceOptions.path(management, source))/revisions")
            session.show(
                answer, rows: answer["revisions"]?.arrayValue ?? [],
                [
                    .init("version", "version"), .init("timestamp", "timestamp"),
                    .init("size", "size"),
                ])
        }
    }
}

struct SourcesRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Configures a source as it was.")

    @OptionGroup var options: SourceOptions

    @Argument(help: "The id of the source.")
    var source: String

    @Argument(help: "A version that `sources revisions` lists.")
    var version: String

    func run() async throws {
        try await options.session { session, management in
            session.show(
                try await session.send(
                    "POST", "\(SourceOptions.path(management, source)):rollback",
                    .object(["version": .string(version)])))
        }
    }
}

struct SourcesDiagnostics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnostics", abstract: "Shows how the last loads of the sources went.")

    @OptionGroup var options: SourceOptions

    func run() async throws {
        try await options.session { session, management in
            let answer = try await session.get("\(management)/diagnostics")
            session.show(
                answer, rows: answer["sources"]?.arrayValue ?? [],
                [
                    .init("id", "id"), .init("state", "state"), .init("entities", "entityCount"),
                    .init("last refresh", "lastRefreshTime"), .init("error", "error"),
                ])
        }
    }
}
