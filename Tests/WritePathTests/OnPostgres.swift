import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// For a test that speaks to Postgres itself, or is about what a file of one process does not have.
    static var onPostgres: Self {
        .enabled(if: StoreUnderTest.isPostgres, "about Postgres itself")
    }
}
