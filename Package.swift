// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target of this package shares; a superfluous `unsafe` is an error too.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

let asyncHTTPClient = Target.Dependency.product(
    name: "AsyncHTTPClient", package: "async-http-client")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let unixSignals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let asyncAlgorithms = Target.Dependency.product(
    name: "AsyncAlgorithms", package: "swift-async-algorithms")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbirdCore = Target.Dependency.product(
    name: "HummingbirdCore", package: "hummingbird")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let hummingbirdHTTP2 = Target.Dependency.product(
    name: "HummingbirdHTTP2", package: "hummingbird")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(
    name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")

func library(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "catalog-server",
    products: [
        .executable(name: "catalog-server", targets: ["catalog-server"]),
        .executable(name: "catalogctl", targets: ["catalogctl"]),
        .executable(name: "healthcheck", targets: ["healthcheck"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        library("Compression", ["CZlib", "CZstd"]),
        library("Sockets", ["CLinux"]),
        library("LMDB", ["CLMDB", "CLinux"]),
        library("Postgres", ["CLibPQ", "CLinux"]),
        library("Embedded", ["Postgres", "CatalogModel", grdb, crypto]),
        library("CatalogModel", []),
        library("Telemetry", [logging]),
        library("ReadPath", ["CatalogModel", "LMDB", "Telemetry", crypto]),
        library(
            "WritePath", ["CatalogModel", "Postgres", "Telemetry", yams, crypto],
            resources: [.embedInCode("Migrations/SQL"), .embedInCode("Migrations/SQLite")]),
        library("Invalidation", ["CatalogModel", "ReadPath", "LMDB", "Postgres", "Telemetry"]),
        library("Upstream", ["CatalogModel", "Invalidation", asyncHTTPClient, nioCore, nioHTTP1]),
        library(
            "Server",
            [
                "CatalogModel", "Telemetry", "ReadPath", "WritePath", "Invalidation", "Postgres",
                "Embedded", "Sockets", hummingbird, lifecycle, logging, httpTypes, crypto,
                subprocess,
                unixSignals, systemPackage, "LMDB", "Compression", "Upstream", asyncAlgorithms,
                cryptoExtras, asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL, nioHTTPTypes,
                nioHTTPTypesHTTP1, hummingbirdCore, hummingbirdHTTP2, nioTLS,
            ], resources: [.embedInCode("Console/Assets")]),
        .executableTarget(
            name: "catalog-server", dependencies: ["Server", arguments], swiftSettings: settings),
        library("CatalogClient", ["CatalogModel", asyncHTTPClient, nioCore, nioHTTP1]),
        .executableTarget(
            name: "catalogctl",
            dependencies: [
                "CatalogClient", "CatalogModel", "Embedded", "Postgres", "Telemetry", "WritePath",
                arguments, unixSignals, systemPackage, yams,
            ],
            // The optimizer of Swift 6.3.1 crashes on coroutines of some commands, and nothing in them
            // would be faster for it: they wait for servers.
            swiftSettings: settings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]),
        .executableTarget(
            name: "healthcheck",
            dependencies: [arguments, asyncHTTPClient, nioCore, nioHTTP1, nioSSL],
            swiftSettings: settings),
        .target(
            name: "TestSupport",
            dependencies: ["CatalogModel", nioCore, nioPosix, nioHTTP1, nioSSL],
            path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "HistoryChecker", path: "Tests/HistoryChecker", swiftSettings: settings),
        tests("HistoryCheckerTests", ["HistoryChecker"]),
        tests("LMDBTests", ["LMDB", "CLinux"]),
        tests("PostgresTests", ["Postgres", "TestSupport"]),
        tests("CatalogModelTests", ["CatalogModel", "TestSupport"]),
        tests("TelemetryTests", ["Telemetry", logging]),
        tests("ReadPathTests", ["ReadPath", "LMDB", "CatalogModel", "TestSupport"]),
        tests(
            "WritePathTests",
            [
                "WritePath", "Postgres", "Embedded", "CatalogModel", "Telemetry", "TestSupport",
                logging,
            ]),
        tests(
            "InvalidationTests",
            [
                "Invalidation", "ReadPath", "LMDB", "Postgres", "WritePath", "CatalogModel",
                "Telemetry", "TestSupport", "Upstream", logging,
            ]),
        tests(
            "ServerTests",
            [
                "Server", "CatalogModel", "Compression", "ReadPath", "WritePath", "Postgres",
                "Telemetry", "TestSupport", httpTypes, logging, nioCore,
            ]),
        tests("ContractTests", ["TestSupport", "CatalogModel", "CZlib", "CZstd"]),
        tests("CompressionTests", ["Compression", "CZlib", "CZstd"]),
        tests("IntegrationTests", ["TestSupport", "CatalogModel"]),
        tests(
            "FastLaneTests",
            [
                "Server", "ReadPath", "CatalogModel", "Telemetry", "TestSupport", "LMDB", "CLinux",
                "Sockets", nioCore, nioHTTP1, nioEmbedded, nioTLS, nioPosix, nioSSL,
                asyncHTTPClient, httpTypes, nioHTTPTypes, hummingbird, lifecycle, logging,
            ]),
        tests("ChaosTests", ["HistoryChecker", "TestSupport", "CatalogModel"]),
        tests("CatalogctlTests", ["TestSupport", "CatalogModel", "CatalogClient"]),
        tests("DeployTests", ["TestSupport", "CatalogModel", subprocess, systemPackage]),
        tests("ConsoleTests", ["TestSupport", "CatalogModel"]),
        tests("TidyTests", []),
    ]
)

// What only measurements need; the scripts of bench/ set the variable.
if Context.environment["CATALOG_BENCH"] != nil {
    package.targets += [
        .target(name: "CAllocations", path: "bench/micro/allocations"),
        .executableTarget(
            name: "catalog-micro",
            dependencies: ["ReadPath", "LMDB", "CatalogModel", "CAllocations"],
            path: "bench/micro/stages", swiftSettings: settings),
        .executableTarget(
            name: "bench-route", dependencies: ["LMDB", hummingbird],
            path: "bench/compare/route", swiftSettings: settings),
    ]
}
