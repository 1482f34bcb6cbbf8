// swift-tools-version: 6.2
import PackageDescription

/// The settings of the server's own targets; see the manifest above this folder.
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

let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

// A package of its own, so that building the server does not pay for the load generator.
let package = Package(
    name: "catalog-bench",
    products: [.executable(name: "catalog-load", targets: ["catalog-load"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        .target(name: "LoadModel", dependencies: [histogram], swiftSettings: settings),
        .target(
            name: "LoadGenerator", dependencies: ["LoadModel"] + nio, swiftSettings: settings),
        .executableTarget(
            name: "catalog-load",
            dependencies: [
                "LoadModel", "LoadGenerator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: settings),
        .testTarget(
            name: "LoadModelTests", dependencies: ["LoadModel"], swiftSettings: settings),
        .testTarget(
            name: "LoadGeneratorTests", dependencies: ["LoadModel", "LoadGenerator"] + nio,
            swiftSettings: settings),
    ]
)
