/// The bounds of the HTTP side.
enum ServerLimits {
    /// Bytes of a request body that holds one entity.
    static let entityBodyBytes = 1 << 20
    /// Bytes of a request body that holds many entities.
    static let batchBodyBytes = 16 << 20
    /// Bytes of a request's path and query.
    static let targetBytes = 16 << 10
    /// Bytes of all header names and values of a request.
    static let headerBytes = 32 << 10
    /// Longest request id that is taken over from a client.
    static let requestIDBytes = 128
    /// Bytes of the user's name that the proxy sends; it is recorded and indexed.
    static let userBytes = 256
    /// How long a read waits for a revision before it asks whether the store has it.
    static let feedWait: Duration = .milliseconds(100)
    /// How long a read waits for the cache before it goes to the store.
    static let revisionWait: Duration = .seconds(1)
    /// How often a strong read asks for the head before it goes to the store.
    static let maxHeadReads = 8
    /// The largest age that a client can name; longer ones mean this one.
    static let maxAgeSeconds: UInt64 = 31_536_000
    /// Open files that are left to connections and everything else beside the caches.
    static let filesBesideCaches = 512
    /// How long a connection may be idle.
    static let idleTimeout: Duration = .seconds(75)
    /// How long requests in progress may take after a signal to stop.
    static let drainTimeout: Duration = .seconds(30)
    /// How often the numbers of waiting and running jobs are looked up.
    static let jobGaugeInterval: Duration = .seconds(5)
    /// Seconds that a write waits for the other replicas when it names none, and at the most.
    static let visibilityWait = 2
    static let visibilityWaitMax = 30
    /// How often the start looks whether every source has been loaded.
    static let loadStateInterval: Duration = .milliseconds(100)
}
