package import CatalogModel
package import Logging
import Postgres
package import ReadPath
import Telemetry
package import WritePath

/// Everything that the operator decides, checked and ready to use.
package struct ServerConfiguration: Sendable {
    /// How requests name their namespace.
    package enum Tenancy: Sendable, Hashable {
        /// Everything is in `default`, whatever a request says.
        case single
        /// A request names its namespace.
        case namespace
    }

    package let host: String
    package let port: Int
    /// With what connections are encrypted; nil where they are not.
    package let tls: TLSFiles?
    package let sourcesPath: String
    package let configStore: ConfigStoreMode
    /// Where the sources lie in a cluster, if that is where they are kept.
    package let configMap: ConfigMapPlace
    package let database: DatabaseChoice
    package let poolSize: Int
    package let cacheDirectory: String
    package let cacheEnabled: Bool
    /// What the caches may take together.
    package let cacheBudget: CacheBudget
    /// Entities that one page of a list may look at.
    package let scanLimit: Int
    package let discoveryTTL: Duration
    package let capabilitiesTTL: Duration
    package let discoveryEntries: Int
    package let degradedPolicy: DegradedPolicy
    package let tenancy: Tenancy
    /// The namespaces that the tenancy endpoint names.
    package let namespaces: [Namespace]
    /// Who is believed and who decides.
    package let access: AccessConfiguration
    /// How the leader is elected; nil where every replica does everything.
    package let election: ElectionConfiguration?
    /// How sources are loaded from elsewhere.
    package let providers: ProviderConfiguration
    package let auditEnabled: Bool
    package let auditsDenied: Bool
    /// Whether concurrent writes of one namespace share transactions.
    package let writeGrouping: Bool
    package let jobsEnabled: Bool
    package let jobConcurrency: Int
    package let jobRetries: Int
    package let jobPollInterval: Duration
    package let jobClaimTimeout: Duration
    package let jobRetention: Duration
    package let upkeep: UpkeepOptions
    /// The address of the replica that feeds this one; nil for Postgres.
    package let upstream: String?
    /// Followers of the change feed in all, and of one namespace.
    package let changeStreams: Int
    package let changeStreamsPerNamespace: Int
    /// How long a client that follows changes may leave one write untaken.
    package let changeWriteTimeout: Duration
    package let governance: GovernanceRules
    package let migrationLock: Bool
    package let logLevel: Logger.Level
    package let accessLogSample: Int
    /// Where hits are answered.
    package let fastLane: LaneMode
    /// Whether the console is served.
    package let console: Bool
    /// Names this replica in job claims and answers.
    package let replica: String
    /// Settings that could not be used, each with the reason; reported once logging works.
    package let ignored: [(name: String, reason: String)]

    /// Thirty days in milliseconds.
    private static let maxStalenessMs = 2_592_000_000

    /// Checks every setting; throws at the first one that must not be guessed.
    package init(_ reader: ConfigurationReader) throws(ConfigurationReader.Failure) {
        var ignored: [(name: String, reason: String)] = []
        func number(_ setting: Setting, _ range: ClosedRange<Int>) -> Int {
            reader.number(setting, in: range) { ignored.append(($0, $1)) }
        }
        (host, port) = try Self.address(reader.text(.listen))
        tls = try TLSFiles.read(reader)
        configStore = try ConfigStoreMode(rawValue: reader.text(.configStore)) ?? .database
        database = try DatabaseChoice.read(reader)
        sourcesPath = try SampleSources.path(reader, database) { ignored.append(($0, $1)) }
        poolSize = number(.poolSize, 2...100)
        cacheDirectory = try reader.text(.cacheDirectory)
        cacheEnabled = try reader.flag(.cacheEnabled)
        cacheBudget = CacheBudget(
            maxNamespaces: number(.cacheNamespaces, 1...ReadLimits.maxOpenNamespaces),
            maxBytes: number(.cacheBytes, 0...(1 << 50)),
            pageBytes: number(.pageBytes, 0...(1 << 40)))
        scanLimit = number(.scanLimit, 1...100_000_000)
        discoveryTTL = .seconds(number(.discoveryTTL, 0...86_400))
        capabilitiesTTL = .seconds(number(.capabilitiesTTL, 0...86_400))
        discoveryEntries = number(.cacheEntries, 1...100_000)
        let stalenessMaximum = number(.stalenessMaximum, 0...Self.maxStalenessMs)
        degradedPolicy = DegradedPolicy(
            stalenessLimit: .milliseconds(number(.stalenessLimit, 100...86_400_000)),
            stalenessMaximum: stalenessMaximum == 0 ? nil : .milliseconds(stalenessMaximum),
            failsClosed: try reader.text(.degradedPolicy) == "fail-closed",
            failClosedNamespaces: Set(
                try Self.namespaces(reader.text(.failClosedNamespaces), of: .failClosedNamespaces)))
        tenancy = try reader.text(.tenancyMode) == "single" ? .single : .namespace
        let named = try Self.namespaces(reader.text(.namespaces), of: .namespaces)
        namespaces = named.isEmpty ? [.default] : named
        access = try AccessConfiguration(reader, number)
        configMap = try Self.configMap(
            reader, mode: configStore, hasCluster: access.hasCluster)
        election = try ElectionConfiguration.read(reader, hasCluster: access.hasCluster, number)
        providers = try ProviderConfiguration(reader, number)
        auditEnabled = try reader.flag(.auditEnabled)
        auditsDenied = try reader.flag(.auditDenied)
        writeGrouping = try reader.flag(.writeGrouping)
        jobsEnabled = try reader.flag(.jobsEnabled)
        jobConcurrency = number(.jobConcurrency, 1...64)
        jobRetries = number(.jobRetries, 0...100)
        jobPollInterval = .seconds(number(.jobPollSeconds, 1...3_600))
        jobClaimTimeout = .seconds(60 * number(.jobClaimMinutes, 1...1_440))
        jobRetention = .seconds(86_400 * number(.jobRetentionDays, 1...3_650))
        var upkeep = UpkeepOptions()
        upkeep.maxAge = .seconds(number(.logMaxAge, 1...31_536_000))
        upkeep.maxRevisions = Int64(number(.logMaxRevisions, 1...1_000_000_000))
        upkeep.keepAge = .seconds(number(.logKeepAge, 0...31_536_000))
        upkeep.keepRevisions = Int64(number(.logKeepRevisions, 0...1_000_000_000))
        upkeep.trimInterval = .milliseconds(number(.logTrimInterval, 50...86_400_000))
        governance = try Self.governance(reader) { ignored.append(($0, $1)) }
        let retention = number(.auditRetention, 0...36_500)
        let auditDays =
            reader.isGiven(.auditRetention)
            ? retention : governance.auditRetentionDays ?? retention
        upkeep.auditRetention = auditDays == 0 ? nil : .seconds(86_400 * auditDays)
        self.upkeep = upkeep
        upstream = try Self.upstream(reader.text(.upstream))
        changeStreams = number(.changeStreams, 0...100_000)
        changeStreamsPerNamespace = number(.changeStreamsPerNamespace, 0...100_000)
        changeWriteTimeout = .milliseconds(number(.changeWriteTimeout, 100...86_400_000))
        migrationLock = try reader.flag(.migrationLock)
        logLevel = try Logger.Level(rawValue: reader.text(.logLevel)) ?? .info
        accessLogSample = number(.accessLogSample, 0...1_000_000)
        fastLane = try LaneMode(rawValue: reader.text(.fastLane)) ?? .off
        console = try reader.text(.console) == "on"
        let podName = try reader.text(.podName)
        replica = podName.isEmpty ? "\(MachineFacts.hostName):\(port)" : podName
        self.ignored = ignored
    }

    private static func address(
        _ text: String
    ) throws(ConfigurationReader.Failure) -> (String, Int) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else {
            throw ConfigurationReader.Failure(
                description: "CATALOG_LISTEN (or --listen): the address \"\(text)\" must be "
                    + "host:port or :port")
        }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        return (host.isEmpty ? "0.0.0.0" : String(host), port)
    }

    private static func upstream(
        _ text: String
    ) throws(ConfigurationReader.Failure) -> String? {
        guard !text.isEmpty else { return nil }
        var address = Substring(text)
        while address.last == "/" { address.removeLast() }
        let parts = address.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "http:" || parts[0] == "https:", parts[1].isEmpty,
            !parts[2].isEmpty, !parts[2].contains(where: { "?#@ ".contains($0) })
        else {
            throw ConfigurationReader.Failure(
                description: "CATALOG_UPSTREAM: must be http://host:port or https://host:port")
        }
        return String(address)
    }

    static func database(
        _ dsn: String, preparing usesPreparedStatements: Bool
    ) throws(ConfigurationReader.Failure) -> PostgresConfiguration {
        guard !dsn.isEmpty else {
            throw ConfigurationReader.Failure(
                description: "DATABASE_DSN (or --db-dsn) is required, such as "
                    + "postgres://user:password@host:5432/database?sslmode=require")
        }
        do throws(PostgresError) {
            var database = try PostgresConfiguration(dsn: dsn)
            database.usesPreparedStatements = usesPreparedStatements
            return database
        } catch {
            throw ConfigurationReader.Failure(description: "DATABASE_DSN: \(error.message)")
        }
    }

    private static func namespaces(
        _ text: String, of setting: Setting
    ) throws(ConfigurationReader.Failure) -> [Namespace] {
        var namespaces: [Namespace] = []
        for item in text.split(separator: ",") {
            let name = item.filter { $0 != " " }
            guard !name.isEmpty else { continue }
            do throws(RequestError) {
                namespaces.append(try Namespace(name))
            } catch {
                throw ConfigurationReader.Failure(
                    description: "\(setting.variable): \(error.message)")
            }
        }
        return namespaces
    }
}
