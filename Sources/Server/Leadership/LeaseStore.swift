/// Where a claim to lead is written down: a Lease of Kubernetes or a session of Postgres.
///
/// Calls come one after the other, from one task, and end when that is cancelled.
protocol LeaseStore: Sendable {
    /// Tries to become the leader, once.
    func acquire() async -> ElectionMachine.Outcome
    /// Confirms the claim of this process.
    func renew() async -> ElectionMachine.Outcome
    /// Gives the claim up, so that another replica need not wait.
    func release() async
    /// Lets go of what the store holds open.
    func close() async
}
