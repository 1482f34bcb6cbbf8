import ArgumentParser

/// What operators do with audit events.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Looks after the audit events.",
        subcommands: [
            AuditListCommand.self, AuditShowCommand.self, AuditTailCommand.self,
            AuditExportCommand.self, AuditVerifyCommand.self,
        ])
}
