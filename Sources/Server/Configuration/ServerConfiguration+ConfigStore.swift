import Postgres
import WritePath

extension ServerConfiguration {
    /// The store that keeps what the API changes.
    func makeConfigStore(pool: Pool) throws -> any ConfigStore {
        switch configStore {
        case .database: DatabaseConfigStore(pool: pool)
        case .none: LiveConfigStore()
        }
    }
}
