import ArgumentParser
import CatalogClient
import CatalogModel
import UnixSignals

/// Asks every replica for the same content and compares digests and bytes.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compares what every replica serves with Postgres and with each other.",
        discussion: """
            Exit codes: 0 every sample was consistent in time; 1 a replica answered something that is \
            not so; 3 a replica could not be asked; 4 some samples were consistent only later than \
            --within; 64 the command line is wrong. With several of them the first of 1, 3, 4 counts.
            """)

    @OptionGroup var servers: ServerOptions

    @Option(help: "A namespace to look at; all that the replicas name if there is none.")
    var namespace: [String] = []

    @Option(help: "How many entities are compared byte by byte, per collection and round.")
    var samples = 20

    @Option(help: "Milliseconds in which a replica has to have what Postgres has.")
    var within = 1_000

    @Option(help: "Seed of the choice of samples.")
    var seed: UInt64?

    @Flag(help: "Goes on, one round a second, until SIGINT or SIGTERM.")
    var watch = false

    func validate() throws {
        guard samples >= 0 else { throw ValidationError("--samples is 0 or more") }
        guard within > 0 else { throw ValidationError("--within is more than 0") }
    }

    func run() async throws {
        let settings = Verifier.Settings(
            namespaces: namespace, samples: samples, within: .milliseconds(within),
            seed: seed ?? UInt64.random(in: 0 ... .max))
        var total = VerifyReport()
        do {
            total = try await CatalogClient.with(
                servers: servers.server, fields: servers.fields
            ) { client in
                let verifier = Verifier(client: client, settings: settings)
                return watch ? try await rounds(verifier) : try await once(verifier)
            }
        } catch let error as ClientError where error.code == .address {
            throw ValidationError(error.description)
        }
        if let code = total.exitCode { throw ExitCode(code) }
    }

    private func once(_ verifier: Verifier) async throws -> VerifyReport {
        let report = try await verifier.round(0)
        show(report)
        return report
    }

    /// Rounds until a signal; the report of all of them is returned.
    private func rounds(_ verifier: Verifier) async throws -> VerifyReport {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: VerifyReport?.self) { group in
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            group.addTask {
                var total = VerifyReport()
                var number: UInt64 = 0
                while !Task.isCancelled {
                    guard let report = try? await verifier.round(number) else { break }
                    show(report)
                    total.add(report)
                    number += 1
                    try? await Task.sleep(for: .seconds(1))
                }
                return total
            }
            var total = VerifyReport()
            for try await report in group {
                if let report { total = report }
                group.cancelAll()
            }
            return total
        }
    }

    private func show(_ report: VerifyReport) {
        switch servers.output {
        case .table: Output.write(report.lines(within: within))
        case .json: Output.write([report.json(within: within).encodedText])
        case .yaml: Output.write([YAMLText.document(report.json(within: within))])
        }
    }
}
