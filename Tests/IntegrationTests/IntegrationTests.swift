import Testing

/// Tests with real server processes over a real Postgres.
///
/// One after the other: they measure and wait, and each starts several processes.
@Suite("Real replicas over a real Postgres", .serialized, .timeLimit(.minutes(10)))
struct IntegrationTests {}
