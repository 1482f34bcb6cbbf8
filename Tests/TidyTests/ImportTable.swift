/// Which modules each target may import, besides the standard library and `Synchronization`.
///
/// The arrows of docs/architecture.md as data. Reading and writing never import each other, and
/// only the server sees HTTP and its event loops.
enum ImportTable {
    /// A folder of `Sources` is absent only when it holds no Swift.
    static let allowed: [String: Set<String>] = [
        "LMDB": ["CLMDB", "CLinux", "Glibc"],
        "Postgres": ["CLibPQ", "CLinux", "Glibc"],
        "CatalogModel": [],
        "Embedded": ["Postgres", "CatalogModel", "GRDB", "Crypto", "Foundation", "Glibc"],
        "Compression": ["CZlib", "CZstd"],
        "Sockets": ["CLinux", "Glibc"],
        "Telemetry": ["Logging", "Glibc"],
        "ReadPath": ["CatalogModel", "LMDB", "Telemetry", "Crypto"],
        "WritePath": [
            "CatalogModel", "Postgres", "Telemetry", "Logging", "Crypto", "Yams", "Foundation",
        ],
        "Invalidation": [
            "CatalogModel", "ReadPath", "LMDB", "Postgres", "Telemetry",
        ],
        "Upstream": ["CatalogModel", "Invalidation", "AsyncHTTPClient", "NIOCore", "NIOHTTP1"],
        "Server": [
            "AsyncAlgorithms", "Upstream", "CatalogModel", "Telemetry", "LMDB", "ReadPath",
            "WritePath", "Invalidation", "Embedded",
            "Postgres", "Crypto", "HTTPTypes", "Hummingbird", "Logging", "ServiceLifecycle",
            "Subprocess", "SystemPackage", "UnixSignals", "AsyncHTTPClient", "CryptoExtras",
            "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "NIOHTTPTypes", "NIOHTTPTypesHTTP1",
            "HummingbirdCore", "HummingbirdHTTP2", "NIOTLS", "Compression", "Sockets",
        ],
        "catalog-server": ["Server", "ArgumentParser"],
        "CatalogClient": ["CatalogModel", "AsyncHTTPClient", "NIOCore", "NIOHTTP1"],
        "catalogctl": [
            "CatalogClient", "CatalogModel", "ArgumentParser", "SystemPackage", "UnixSignals",
            "Foundation", "Yams", "Embedded", "Postgres", "Telemetry", "WritePath",
        ],
        "healthcheck": ["ArgumentParser", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOSSL"],
    ]

    /// Modules that any target may import.
    static let everywhere: Set<String> = ["Swift", "Synchronization", "_Concurrency"]

    /// Folders inside a target that alone may import a module of the target's list.
    static let narrowed: [(module: String, folder: String)] = [
        ("Foundation", "Sources/WritePath/Sources/"),
        ("Yams", "Sources/WritePath/Sources/"),
    ]

    /// Places that may hold unsafe code: three targets, and files with a reason each.
    static let unsafePlaces: [String] = [
        "Sources/LMDB/",
        "Sources/Postgres/",
        // Reads and writes of sockets are calls of the system on the addresses of buffers.
        "Sources/Sockets/",
        // The lock on the file is a call of the system.
        "Sources/Embedded/FileLock.swift",
        // zlib and zstd are called with the addresses of buffers.
        "Sources/Compression/Compressor.swift",
        // Clock, standard error and the log writer's thread are calls of the C library.
        "Sources/Telemetry/SystemCalls.swift",
        // The environment and two files of the kernel are read by the C library.
        "Sources/Telemetry/MachineFacts.swift",
        // An actor names the thread that it lives on by an unsafe reference.
        "Sources/Invalidation/Replicator.swift",
        // Keys and tokens are read by a call of the system that fills a buffer.
        "Sources/Server/Kubernetes/SmallFile.swift",
    ]
}
