/// The bounds of the HTTP side.
enum ServerLimits {
    /// Bytes of a request body that holds one entity.
    static let entityBodyBytes = 1 << 20
    /// Bytes of a request body that holds many entities.
    static let batchBodyBytes = 16 << 20
    /// Bytes of a request body about an asset's governance.
    static let governanceBodyBytes = 256 << 10
    /// Parts of a posted form, and bytes of what stands between them.
    static let formParts = 16
    static let boundaryBytes = 70
    /// Bytes of a source's configuration that is posted for a preview.
    static let previewConfigBytes = 1 << 20
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
    /// Lists that scan the store at once while their collections are loaded.
    static let maxColdScans = 2
    /// A shorter body is sent as it is: it fits into one packet anyway.
    static let minCompressedBytes = 1_024
    /// How long a connection may be idle.
    static let idleTimeout: Duration = .seconds(75)
    /// How long the handshake of TLS may take.
    static let handshakeTimeout: Duration = .seconds(10)
    /// How long a connection of HTTP/2 may carry nothing either way.
    static let quietTimeout: Duration = .seconds(150)
    /// How often the files of certificate and key are looked at.
    static let certificateInterval: Duration = .seconds(2)
    /// How long requests in progress may take after a signal to stop.
    static let drainTimeout: Duration = .seconds(30)
    /// How long a connection without a request waits for one then, before it is closed.
    static let drainGrace: Duration = .seconds(1)
    /// How long a client has to close its side of a connection that has ended.
    static let drainLinger: Duration = .seconds(1)
    /// How often the numbers of waiting and running jobs are looked up.
    static let jobGaugeInterval: Duration = .seconds(5)
    /// How long the comparison of a cache with the store waits for one revision of both.
    static let cacheComparisonTime: Duration = .seconds(5)
    /// Seconds that a write waits for the other replicas when it names none, and at the most.
    static let visibilityWait = 2
    static let visibilityWaitMax = 30
    /// Seconds that a poll of the change feed may wait.
    static let changesWaitMax = 60
    /// How long a request waits until the feed of its namespace has begun.
    static let changesFirstLook: Duration = .seconds(2)
    /// Changes in one answer, but for a transaction that has more.
    static let changesPerAnswer = 1_000
    /// How often an event stream says how far it is complete.
    static let bookmarkInterval: Duration = .seconds(5)
    /// How soon a bookmark is tried again whose place the log has yet to reach, and for how long.
    static let bookmarkRetry: Duration = .milliseconds(20)
    static let bookmarkPatience: Duration = .milliseconds(500)
    /// How soon a client of an event stream comes back when it breaks, in milliseconds.
    static let streamRetryMs = 1_000
    /// How long an event stream lasts at the most, about.
    static let streamLifetime: Duration = .seconds(3_600)
    /// How long an event stream pauses when the log cannot be read.
    static let streamPause: Duration = .seconds(1)
    /// How often a replica that is fed by this one gets a beat.
    static let signalBeat: Duration = .milliseconds(500)
    /// Bytes of events that are gathered for one write.
    static let streamWriteBytes = 64 << 10
    /// How often the console looks at the metrics and tells its listeners, and how many looks it keeps.
    static let consoleInterval: Duration = .seconds(1)
    static let consoleSamples = 300
    /// Samples over which a point of the console takes percentiles and shares, and those of a minute.
    static let consoleWindow = 10
    static let consoleMinute = 60
    /// Consoles that are open on one replica.
    static let consoleStreams = 64
    /// How often the store is asked for what consoles show of a namespace, and for how long.
    static let consoleStoreInterval: Duration = .seconds(2)
    static let consoleQueryTimeout: Duration = .seconds(2)
    /// Rows of each list of the console, and namespaces that the cluster is asked about for one.
    static let consoleRows = 30
    static let consoleReviews = 20
    /// How long an answer of the cluster is kept; operators count on it.
    static let decisionLifetime: Duration = .seconds(10)
    /// Answers of the cluster that are kept, by question and by headers.
    static let decisions = 16_384
    /// Parts of that cache, each with its lock.
    static let decisionShards = 16
    /// Bytes of user, groups and namespace beyond which an answer is not kept by headers.
    static let decisionKeyBytes = 4_096
    /// Different questions that may be under way to the cluster.
    static let reviewsUnderWay = 1_024
    /// Bearer tokens that are remembered, the longest time, and the longest token that is looked at.
    static let tokens = 4_096
    static let tokenLifetime: Duration = .seconds(300)
    static let tokenBytes = 16 << 10
    /// Connections to the Kubernetes API, and how long a call to it and a connection may take.
    static let kubernetesConnections = 16
    static let kubernetesTimeout: Duration = .seconds(10)
    static let kubernetesConnectTimeout: Duration = .seconds(5)
    /// Bytes of one answer of the Kubernetes API or of one line of a watch.
    static let kubernetesAnswerBytes = 16 << 20
    /// Seconds after which the Kubernetes API is asked to end a watch.
    static let kubernetesWatchSeconds = 290
    /// How long the token of the service account is used before its file is read again.
    static let tokenFileAge: Duration = .seconds(60)
    /// Bytes of a key, certificate or token file.
    static let smallFileBytes = 1 << 20
    /// How often a replica looks for sources that were changed through another.
    static let sourceWatchInterval: Duration = .seconds(2)
    /// How often the start looks whether every source has been loaded.
    static let loadStateInterval: Duration = .milliseconds(100)
}
