import Embedded
package import Postgres

/// Which store the server works on.
package enum DatabaseChoice: Sendable {
    case postgres(PostgresConfiguration)
    /// The file of the embedded store, for this process alone.
    case embedded(path: String)

    /// Whether the store is part of this process, so that there is one replica.
    var isEmbedded: Bool { if case .embedded = self { true } else { false } }

    /// What sessions are made of; takes the file of the embedded store, and makes it if there is none.
    ///
    /// Throws `.connectFailed` when another process has the file or it cannot be opened.
    func open() throws(PostgresError) -> PostgresConfiguration {
        switch self {
        case .postgres(let configuration): configuration
        case .embedded(let path): PostgresConfiguration(embedded: try EmbeddedStore(path: path))
        }
    }

    /// Reads what the operator says: without a word and without a DSN it is the embedded store.
    static func read(
        _ reader: ConfigurationReader
    ) throws(ConfigurationReader.Failure) -> DatabaseChoice {
        let dsn = try reader.text(.databaseDSN)
        let type = try reader.text(.databaseType)
        if type == "sqlite" || (type.isEmpty && dsn.isEmpty) {
            guard dsn.isEmpty else {
                throw ConfigurationReader.Failure(
                    description: "DATABASE_TYPE=sqlite takes no DATABASE_DSN; the file is named "
                        + "by CATALOG_DATABASE_FILE")
            }
            let path = try reader.text(.databaseFile)
            guard path.hasPrefix("/"), !path.utf8.contains(0), !path.hasSuffix("/") else {
                throw ConfigurationReader.Failure(
                    description: "CATALOG_DATABASE_FILE: must be the absolute path of a file")
            }
            guard try reader.text(.upstream).isEmpty else {
                throw ConfigurationReader.Failure(
                    description: "CATALOG_UPSTREAM: a replica of another one needs its Postgres; "
                        + "the embedded store serves one replica")
            }
            return .embedded(path: path)
        }
        return .postgres(
            try ServerConfiguration.database(dsn, preparing: reader.flag(.preparedStatements)))
    }
}
