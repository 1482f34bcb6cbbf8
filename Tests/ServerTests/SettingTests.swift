import Foundation
import Testing

@testable import Server

@Suite("Settings")
struct SettingTests {
    static let docs = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs")

    /// Variables of the contract (§4.1, §4.2) with their defaults.
    static let contract = [
        ("CATALOG_LISTEN", ":8080"), ("CATALOG_SOURCES", "/config/sources.yaml"),
        ("DATABASE_TYPE", ""), ("DATABASE_DSN", ""), ("CATALOG_AUTH_MODE", "header"),
        ("CATALOG_JWT_ROLE_CLAIM", "role"), ("CATALOG_JWT_OPERATOR_VALUE", "operator"),
        ("CATALOG_JWT_PUBLIC_KEY_PATH", ""), ("CATALOG_JWT_ISSUER", ""),
        ("CATALOG_JWT_AUDIENCE", ""), ("CATALOG_TENANCY_MODE", "single"),
        ("CATALOG_NAMESPACES", ""), ("CATALOG_AUTHZ_MODE", "none"),
        ("CATALOG_AUDIT_ENABLED", "true"), ("CATALOG_AUDIT_RETENTION_DAYS", "90"),
        ("CATALOG_AUDIT_LOG_DENIED", "true"), ("CATALOG_JOB_ENABLED", "true"),
        ("CATALOG_JOB_CONCURRENCY", "3"), ("CATALOG_JOB_MAX_RETRIES", "3"),
        ("CATALOG_JOB_POLL_INTERVAL_SECONDS", "5"), ("CATALOG_JOB_CLAIM_TIMEOUT_MINUTES", "10"),
        ("CATALOG_JOB_RETENTION_DAYS", "7"), ("CATALOG_CACHE_ENABLED", "true"),
        ("CATALOG_CACHE_DISCOVERY_TTL", "60"), ("CATALOG_CACHE_CAPABILITIES_TTL", "30"),
        ("CATALOG_CACHE_MAX_SIZE", "1000"), ("CATALOG_LEADER_ELECTION_ENABLED", "false"),
        ("CATALOG_LEADER_LEASE_NAME", "catalog-server-leader"),
        ("CATALOG_LEADER_LEASE_NAMESPACE", ""), ("CATALOG_LEADER_LEASE_DURATION", "15"),
        ("CATALOG_LEADER_RENEW_DEADLINE", "10"), ("CATALOG_LEADER_RETRY_PERIOD", "2"),
        ("CATALOG_MIGRATION_LOCK_ENABLED", "true"), ("POD_NAME", ""),
        ("POD_NAMESPACE", "catalog-system"), ("CATALOG_CONFIG_NAMESPACE", "default"),
        ("CATALOG_CONFIG_CONFIGMAP_NAME", "catalog-sources"),
        ("CATALOG_CONFIG_CONFIGMAP_KEY", "sources.yaml"),
    ]

    @Test(arguments: contract)
    func theSettingOfTheContractIsThereWithItsDefault(variable: String, standard: String) {
        let setting = Setting.all.first { $0.variable == variable }
        #expect(setting?.standard == standard)
    }

    @Test func everySettingIsListedOnceAndHasAUsableDefault() {
        #expect(Set(Setting.all.map(\.variable)).count == Setting.all.count)
        for setting in Setting.all where !setting.choices.isEmpty {
            #expect(setting.choices.contains(setting.standard), "\(setting.variable)")
        }
        let flags = Set(Setting.all.compactMap(\.flag))
        #expect(flags.isSuperset(of: ["listen", "sources", "db-type", "db-dsn"]))
    }

    @Test func everySettingIsDocumented() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.docs.path)
        var text = ""
        for name in names where name.hasSuffix(".md") {
            text += try String(contentsOf: Self.docs.appending(path: name), encoding: .utf8)
        }
        for setting in Setting.all {
            #expect(text.contains("`\(setting.variable)`"), "\(setting.variable) is in no document")
        }
    }

    @Test func theTableOfSettingsSaysTheDefaults() throws {
        let text = try String(
            contentsOf: Self.docs.appending(path: "settings.md"), encoding: .utf8)
        var rows = 0
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
            rows += 1
            let setting = Setting.all.first { $0.variable == cells[0] }
            #expect(setting != nil, "\(cells[0]) is no setting")
            #expect((setting?.flag.map { "--\($0)" } ?? "–") == cells[1], "\(cells[0])")
            let standard = setting?.standard ?? ""
            #expect((standard.isEmpty ? "–" : standard) == cells[2], "\(cells[0])")
        }
        #expect(rows >= Self.contract.count)
    }

    @Test func aFlagWinsOverItsVariableAndThatOverTheDefault() {
        let reader = ConfigurationReader(
            flags: ["listen": ":1"],
            environment: [
                "CATALOG_LISTEN": ":2", "CATALOG_JOB_CONCURRENCY": "7", "CATALOG_SOURCES": "",
            ])
        let lines = reader.listing()
        #expect(lines.count == Setting.all.count)
        #expect(lines.contains("CATALOG_LISTEN=:1  (--listen)"))
        #expect(lines.contains("CATALOG_JOB_CONCURRENCY=7  (CATALOG_JOB_CONCURRENCY)"))
        #expect(lines.contains("CATALOG_SOURCES=/config/sources.yaml  (default)"))
    }

    @Test func secretsAreNeverPrinted() {
        let reader = ConfigurationReader(
            flags: [:], environment: ["DATABASE_DSN": "postgres://u:hunter2@db/x"])
        let lines = reader.listing()
        #expect(lines.contains("DATABASE_DSN=***  (DATABASE_DSN)"))
        #expect(!lines.joined().contains("hunter2"))
    }

    @Test func badNumbersFallBackToTheirDefaultsAndAreNamed() throws {
        let numbers = Setting.all.filter { Int($0.standard) != nil && $0.choices.isEmpty }
        var environment = ["DATABASE_DSN": "host=/nowhere dbname=x"]
        for setting in numbers { environment[setting.variable] = "12.5x" }
        let configuration = try ServerConfiguration(
            ConfigurationReader(flags: [:], environment: environment))
        #expect(configuration.jobConcurrency == 3 && configuration.jobRetries == 3)
        #expect(configuration.jobRetention == .seconds(7 * 86_400))
        #expect(Set(configuration.ignored.map(\.name)) == Set(numbers.map(\.variable)))
    }

    @Test func unknownModesAreRefusedWithTheReason() {
        for setting in Setting.all where !setting.choices.isEmpty {
            let variable = setting.variable
            let reader = ConfigurationReader(
                flags: [:],
                environment: ["DATABASE_DSN": "host=/nowhere dbname=x", variable: "nonsense"])
            let error = #expect(throws: ConfigurationReader.Failure.self) {
                _ = try ServerConfiguration(reader)
            }
            let reason = error?.description ?? ""
            #expect(reason.hasPrefix("\(variable)=nonsense: must be one of"), "\(reason)")
        }
    }
}
