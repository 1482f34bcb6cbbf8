/// The lease of a replica that has its store to itself: it leads from the beginning to the end.
struct SoleReplicaLease: LeaseStore {
    func acquire() async -> ElectionMachine.Outcome { .held }
    func renew() async -> ElectionMachine.Outcome { .held }
    func release() async {}
    func close() async {}
}
