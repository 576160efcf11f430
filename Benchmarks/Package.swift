// swift-tools-version: 6.2
// Programs that measure: a package of their own, so that no user of the library resolves or builds them.
import PackageDescription

let package = Package(
  name: "BrickworkBenchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "brickwork", path: "..")],
  targets: [
    .executableTarget(
      name: "ReadTiles", dependencies: [.product(name: "Brickwork", package: "brickwork")],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()])
  ]
)
