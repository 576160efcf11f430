// swift-tools-version: 6.2
// Feeds damaged bytes to every parser, under libFuzzer and the address sanitizer: `make fuzz` in the package above.
//
// A package of its own, since its program links libFuzzer, which an ordinary build must not.
import PackageDescription

let package = Package(
  name: "BrickFuzz",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "brickwork", path: "../..")],
  targets: [
    .target(name: "CFuzzDriver"),
    .executableTarget(
      name: "BrickFuzz",
      dependencies: ["CFuzzDriver", .product(name: "Brickwork", package: "brickwork")],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()]),
  ]
)
