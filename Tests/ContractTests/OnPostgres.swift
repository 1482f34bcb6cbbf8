import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// For a test with several replicas.
    static var onPostgres: Self {
        .enabled(if: StoreUnderTest.isPostgres, "the embedded store serves one replica")
    }
}
