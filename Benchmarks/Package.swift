// swift-tools-version: 6.2
// Programs that measure: a package of their own, so that no user of the library resolves or builds them.
import Foundation
import PackageDescription

let brickwork: Target.Dependency = .product(name: "Brickwork", package: "brickwork")

// The processor the C loops are built for: `native`, or `x86-64`, which is what the package's own kernels are built for.
let processor = ProcessInfo.processInfo.environment["YARDSTICK_PROCESSOR"] ?? "native"

let package = Package(
  name: "BrickworkBenchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "brickwork", path: "..")],
  targets: [
    .target(
      name: "Reading", dependencies: [brickwork], swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(
      name: "ReadTiles", dependencies: [brickwork, "Reading"],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()]),
    .executableTarget(
      name: "ReadStore", dependencies: [brickwork, "Reading"],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()]),
    .executableTarget(
      name: "CodecRate", dependencies: [brickwork],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()]),
    // The yardstick is what a C compiler makes of a plain loop for the very processor it runs on; flags like these are
    // barred from packages that others depend on, which this one is not.
    .target(
      name: "CYardsticks", cSettings: [.unsafeFlags(["-O3", "-march=\(processor)"])],
      linkerSettings: [.linkedLibrary("zstd"), .linkedLibrary("isal")]),
    .executableTarget(
      name: "Kernels", dependencies: [brickwork, "CYardsticks"],
      swiftSettings: [.swiftLanguageMode(.v6)]),
  ]
)
