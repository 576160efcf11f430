// swift-tools-version: 6.2
// Brickwork stitches expansion-microscopy tiles into volumes bigger than memory, brick by brick.
//
// The layers, from the bottom up (docs/architecture.md draws them):
//   C…           one system library each, imported by exactly one target
//   BrickCore    boxes, voxels, kernels, lazy volumes: pure and synchronous
//   BrickFiles   every system call
//   formats      BrickZarr, BrickN5, BrickTIFF, BrickND2, BrickJPEG2000, BrickHDF5 and BrickBDV, BrickPicture
//   BrickStitch  where tiles lie and how they are fused
//   BrickSurface surfaces of columns: thresholds, first hits, their dilation
//   BrickLabels  segmentations: overlaps of labels, joining them across tiles, tables of objects
//   BrickEngine  plans and runs a job at a memory ceiling: the only library target with `async`
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
/// For the targets that own memory and lend spans of it.
let lending: [SwiftSetting] = strict + [.enableExperimentalFeature("Lifetimes")]

func system(_ name: String, _ pkgConfig: String, apt: String, brew: String) -> Target {
  .systemLibrary(
    name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

func library(
  _ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = strict
)
  -> Target
{
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["BrickTestSupport"], swiftSettings: strict)
}

let package = Package(
  name: "brickwork",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "Brickwork", targets: ["Brickwork"]),
    .executable(name: "brickwork", targets: ["BrickworkCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
  ],
  targets: [
    system("CZstd", "libzstd", apt: "libzstd-dev", brew: "zstd"),
    system("CBlosc", "blosc", apt: "libblosc-dev", brew: "c-blosc"),
    system("CDeflate", "libdeflate", apt: "libdeflate-dev", brew: "libdeflate"),
    system("CISAL", "libisal", apt: "libisal-dev", brew: "isa-l"),
    system("CLZMA", "liblzma", apt: "liblzma-dev", brew: "xz"),
    // Its pkg-config file is missing in many distributions.
    .systemLibrary(name: "CBZip2", providers: [.apt(["libbz2-dev"]), .brew(["bzip2"])]),
    system("CHDF5", "hdf5", apt: "libhdf5-dev", brew: "hdf5"),
    system("CTIFF", "libtiff-4", apt: "libtiff-dev", brew: "libtiff"),
    system("COpenJPEG", "libopenjp2", apt: "libopenjp2-7-dev", brew: "openjpeg"),
    system("CXML2", "libxml-2.0", apt: "libxml2-dev", brew: "libxml2"),
    system("CPNG", "libpng", apt: "libpng-dev", brew: "libpng"),
    .target(name: "CBrickSystem"),

    library("BrickCore", [], lending),
    library("BrickFiles", ["BrickCore", "CBrickSystem"], lending),
    library(
      "BrickCodecs", ["BrickCore", "CZstd", "CBlosc", "CDeflate", "CISAL", "CLZMA", "CBZip2"]),
    library("BrickXML", ["BrickCore", "CXML2"]),
    library("BrickZarr", ["BrickCore", "BrickFiles", "BrickCodecs"]),
    library("BrickTIFF", ["BrickCore", "BrickFiles", "BrickCodecs", "BrickXML", "CTIFF"]),
    library("BrickND2", ["BrickCore", "BrickFiles", "BrickCodecs", "BrickXML"]),
    library("BrickJPEG2000", ["BrickCore", "BrickFiles", "COpenJPEG"]),
    library("BrickN5", ["BrickCore", "BrickFiles", "BrickZarr"]),
    library("BrickHDF5", ["BrickCore", "BrickFiles", "BrickCodecs", "CHDF5"]),
    library("BrickBDV", ["BrickCore", "BrickFiles", "BrickCodecs", "BrickXML", "BrickHDF5"]),
    library("BrickPicture", ["BrickCore", "BrickFiles", "CPNG"]),
    library("BrickStitch", ["BrickCore"]),
    library("BrickSurface", ["BrickCore"]),
    library("BrickLabels", ["BrickCore", "BrickStitch", "BrickFiles", "CBrickSystem"]),
    library(
      "BrickEngine",
      [
        "BrickCore", "BrickFiles", "BrickStitch", "BrickSurface", "BrickLabels", "BrickZarr",
        "BrickBDV", "BrickTIFF", "BrickHDF5", "BrickPicture",
      ]),
    library(
      "BrickFormats",
      [
        "BrickCore", "BrickFiles", "BrickStitch", "BrickLabels", "BrickTIFF", "BrickND2",
        "BrickJPEG2000",
        "BrickZarr", "BrickN5", "BrickHDF5", "BrickBDV", "BrickXML",
      ]),
    library(
      "Brickwork",
      [
        "BrickCore", "BrickFiles", "BrickStitch", "BrickLabels", "BrickTIFF", "BrickND2",
        "BrickJPEG2000",
        "BrickZarr", "BrickN5", "BrickHDF5", "BrickBDV", "BrickEngine", "BrickFormats",
        "BrickPicture", "BrickSurface",
      ]),
    .executableTarget(
      name: "BrickworkCommand",
      dependencies: [
        "Brickwork",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // Makes the tiles `make demo` stitches; no product, no part of the library.
    .executableTarget(
      name: "DemoTiles", dependencies: ["BrickCore", "BrickFiles"], swiftSettings: strict),

    .target(
      name: "BrickTestSupport", dependencies: ["BrickCore"], path: "Tests/BrickTestSupport",
      swiftSettings: strict),
    tests("BrickCoreTests", ["BrickCore"]),
    tests("BrickFilesTests", ["BrickFiles"]),
    tests("BrickZarrTests", ["BrickZarr", "BrickCodecs", "BrickFiles"]),
    tests("BrickTIFFTests", ["BrickTIFF", "BrickFiles"]),
    tests("BrickND2Tests", ["BrickND2", "BrickFiles", "BrickCodecs"]),
    tests("BrickJPEG2000Tests", ["BrickJPEG2000", "BrickFiles"]),
    tests("BrickN5Tests", ["BrickN5", "BrickFiles", "BrickFormats", "BrickBDV"]),
    tests("BrickHDF5Tests", ["BrickHDF5", "BrickFiles"]),
    tests("BrickBDVTests", ["BrickBDV", "BrickHDF5", "BrickFiles", "BrickCodecs"]),
    tests("BrickStitchTests", ["BrickStitch", "BrickCore"]),
    tests("BrickSurfaceTests", ["BrickSurface"]),
    tests("BrickLabelsTests", ["BrickLabels", "BrickStitch", "BrickFiles"]),
    tests("BrickFormatsTests", ["BrickFormats", "BrickStitch", "BrickBDV"]),
    tests(
      "BrickEngineTests",
      [
        "BrickEngine", "BrickStitch", "BrickSurface", "BrickLabels", "BrickZarr", "BrickBDV",
        "BrickFiles", "BrickTIFF", "BrickHDF5",
      ]),
    tests("CommandTests", ["Brickwork"]),
  ]
)
