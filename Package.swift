// swift-tools-version: 6.2
import PackageDescription

/// In CI a warning in our own code is an error; elsewhere a newer compiler may warn of more.
let isStrict = Context.environment["BRANCHMERGE_STRICT"] != nil

/// What every target of ours is compiled with.
let settings: [SwiftSetting] =
  (isStrict ? [.treatAllWarnings(as: .error)] : []) + [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]

/// For the few targets that declare borrowed views.
let lending: [SwiftSetting] = settings + [.enableExperimentalFeature("Lifetimes")]

let package = Package(
  name: "branchmerge",
  products: [.executable(name: "branchmerge", targets: ["branchmerge"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CLinux"),
    .target(
      name: "CSimdJSON",
      cxxSettings: [
        // Its bit tricks are a hundred times slower without, also in a debug build.
        .unsafeFlags(["-O2", "-Wall", "-Wextra"] + (isStrict ? ["-Werror"] : []))
      ],
      linkerSettings: [.linkedLibrary("simdjson")]
    ),
    .target(
      name: "Files",
      dependencies: ["CLinux", "CZlib", "CZstd", "CXXHash", "CCrypto"],
      swiftSettings: lending
    ),
    .target(
      name: "Markup",
      dependencies: ["Files", "CLibXML2"],
      swiftSettings: settings
    ),
    .target(
      name: "Mathematics",
      swiftSettings: settings,
      linkerSettings: [.linkedLibrary("m")]
    ),
    .target(
      name: "Samples",
      dependencies: ["Files", "Markup", "CLinux", "CSimdJSON"],
      swiftSettings: lending
    ),
    .target(
      name: "CSimilarity",
      // As for CSimdJSON: its loops run over every byte of every prompt, in tests too.
      cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra"] + (isStrict ? ["-Werror"] : []))]
    ),
    .target(
      name: "Similarity",
      dependencies: ["Files", "CSimilarity"],
      swiftSettings: lending
    ),
    .target(
      name: "Lineage",
      dependencies: [
        "Notation", "Files",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "Notation",
      dependencies: ["Files", .product(name: "Yams", package: "Yams")],
      swiftSettings: lending
    ),
    .target(
      name: "Curation",
      dependencies: [
        "Notation", "Files", "Markup", "Samples", "Lineage", "Mathematics", "Similarity",
      ],
      swiftSettings: lending
    ),
    .target(
      name: "CKernels",
      // The same bits on every machine: no contraction of a product and a sum into one rounding.
      cSettings: [
        .unsafeFlags(
          ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wno-psabi"]
            + (isStrict ? ["-Werror"] : []))
      ]
    ),
    .target(
      name: "Fusion",
      dependencies: ["Notation", "Files", "CKernels"],
      swiftSettings: lending
    ),
    .target(
      name: "Tokenization",
      dependencies: ["Notation", "Files", "CPCRE2"],
      swiftSettings: lending
    ),
    .target(
      name: "Training",
      dependencies: ["Notation", "Files", "Fusion", "Tokenization"],
      swiftSettings: lending
    ),
    .target(
      name: "Teaching",
      dependencies: [
        "Notation", "Curation", "Files", "Lineage", "Samples",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "Workflow",
      dependencies: [
        "Notation", "Curation", "Files", "Fusion", "Lineage", "Teaching", "Training",
      ],
      swiftSettings: settings
    ),
    .target(
      name: "Audit",
      dependencies: [
        "Notation", "Curation", "Files", "Fusion", "Lineage", "Samples", "Teaching", "Training",
        "Workflow",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: lending
    ),
    .target(
      name: "Pages",
      dependencies: ["Audit", "Notation", "Files", "Lineage"],
      swiftSettings: settings
    ),
    .target(
      name: "Web",
      dependencies: [
        "Audit", "Curation", "Files", "Lineage", "Notation", "Pages",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "branchmerge",
      dependencies: [
        "Audit", "Notation", "Curation", "Fusion", "Lineage", "Samples", "Files", "Pages",
        "Teaching", "Tokenization", "Training", "Web", "Workflow",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings
    ),
    // Only pretends to be a teacher: for tests, the demo and the benchmark.
    .target(
      name: "StubTeacher",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/StubTeacher",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "stub-teacher",
      dependencies: [
        "StubTeacher", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/StubTeacherProgram",
      swiftSettings: settings
    ),
    .testTarget(
      name: "StubTeacherTests",
      dependencies: [
        "StubTeacher", .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    .testTarget(name: "MathematicsTests", dependencies: ["Mathematics"], swiftSettings: settings),
    .testTarget(
      name: "SimilarityTests",
      dependencies: ["Similarity", "CSimilarity", "Files"],
      swiftSettings: lending
    ),
    .executableTarget(
      name: "SimilarityProgram",
      dependencies: ["Similarity", "Files"],
      path: "Tests/SimilarityProgram",
      swiftSettings: lending
    ),
    .testTarget(
      name: "MarkupTests",
      dependencies: ["Markup", "Files"],
      swiftSettings: lending
    ),
    .testTarget(
      name: "SamplesTests",
      dependencies: ["Samples", "Files", "CSimdJSON"],
      swiftSettings: lending
    ),
    .testTarget(
      name: "LineageTests",
      dependencies: ["Lineage", "Files"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "CurationTests",
      dependencies: ["Notation", "Curation", "Lineage", "Samples", "Files"],
      swiftSettings: lending
    ),
    .testTarget(
      name: "FusionTests",
      dependencies: ["CKernels", "Notation", "Files", "Fusion"],
      swiftSettings: lending
    ),
    .testTarget(
      name: "TokenizationTests",
      dependencies: ["Notation", "Files", "Tokenization"],
      swiftSettings: lending
    ),
    .testTarget(
      name: "TrainingTests",
      dependencies: ["Notation", "Files", "Fusion", "Tokenization", "Training"],
      swiftSettings: lending
    ),
    .testTarget(
      name: "TeachingTests",
      dependencies: [
        "Notation", "Curation", "Files", "Lineage", "StubTeacher", "Teaching",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "WorkflowTests",
      dependencies: [
        "Notation", "Curation", "Files", "Fusion", "Lineage", "Teaching", "Training", "Workflow",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "AuditTests",
      dependencies: [
        "Audit", "Notation", "Curation", "Files", "Fusion", "Lineage", "Samples", "Teaching",
        "Training", "Workflow",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "PagesTests",
      dependencies: ["Audit", "Notation", "Curation", "Files", "Lineage", "Pages"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "WebTests",
      dependencies: [
        "Audit", "Notation", "Curation", "Files", "Lineage", "Pages", "Teaching", "Web",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "CommandTests", dependencies: ["branchmerge", "StubTeacher", "Teaching"],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
