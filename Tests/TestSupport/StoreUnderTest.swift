import Foundation

/// Which store the servers and the fixtures of this run work on; `CATALOG_TEST_STORE` says it.
package enum StoreUnderTest: String, Sendable, CaseIterable {
    case postgres
    /// The embedded store, a file of its own for each server and fixture.
    case sqlite

    /// The store of this run; Postgres where nothing is said.
    package static let current: StoreUnderTest = {
        let given = ProcessInfo.processInfo.environment["CATALOG_TEST_STORE"] ?? ""
        guard let store = given.isEmpty ? .postgres : StoreUnderTest(rawValue: given) else {
            preconditionFailure("CATALOG_TEST_STORE=\(given) is none of postgres, sqlite")
        }
        return store
    }()

    /// Whether this run has Postgres: for tests of what only a server can do.
    package static var isPostgres: Bool { current == .postgres }

    /// Marks the place of an embedded store where a connection string is expected.
    static let prefix = "sqlite:"

    /// A place for a store that nobody else has.
    package static func makeFile() throws -> String {
        "\(try ServerFiles.temporaryFolder())/store.sqlite"
    }
}
