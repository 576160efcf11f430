import BrickCore
import BrickFiles
import BrickND2
import BrickTestSupport
import Foundation
import Testing

/// Files of every valid kind that the generator makes, compared with its truth.
@Suite(.enabled(if: ND2Oracle.canGenerate, ND2Oracle.whyNot))
struct ND2GeneratedTests {
  static let variants = [
    "", "--size 65x47 --grid 1x3 --z 3 --channels 2",
    "--size 17x9 --channels 3 --row-pad 10 --pad-fill 0xEE",
    "--size 31x5 --channels 4 --time 2 --z 2", "--size 33x8 --channels 5 --z 2",
    "--no-xy --z 4 --time 3",
    "--no-xy --z 0", "--no-xy --z 0 --time 7", "--no-xy --z 0 --no-experiment",
    "--grid 1x1 --z 1 --time 1",
    "--compress", "--compress 9 --size 65x47 --channels 2 --row-pad 6 --pad-fill 0x55",
    "--compress --pattern noise --dtype uint8 --size 33x21", "--version 2.1",
    "--version 2.1 --compress --time 2",
    "--version 2.1 --channels 2 --item-valid 1,0,1,1 --size 31x20", "--time 2 --order TPZ",
    "--time 2 --order TZP",
    "--time 2 --order PTZ", "--time 2 --order PZT", "--time 2 --order ZTP", "--time 2 --order ZPT",
    "--time 3 --order ZPT --version 2.1 --z 2", "--dtype uint8 --size 33x21 --channels 2",
    "--dtype float32",
    "--dtype float32 --channels 3 --compress", "--bits 12 --pattern noise",
    "--rgb --dtype uint8 --size 21x13",
    "--rgb --compress", "--item-valid 1,0,1,1", "--item-valid 0,1 --order PTZ --time 2",
    "--no-use-z",
    "--no-position-names", "--lv-compress", "--compact",
    "--compact --size 13x7 --channels 3 --dtype uint8",
    "--shuffle-frames --pattern index", "--attributes-first", "--map-size-is-offset",
    "--map-size-is-offset --compress", "--no-customdata", "--no-textinfo", "--no-calibration",
    "--no-spectral",
    "--snake --grid 2x3 --pattern scene --jitter 2", "--z-top-down", "--voxel 0.25,0.3,1.5",
    "--filler 5 --size 32x16", "--row-align 1 --size 13x7 --dtype uint8",
    "--row-align 64 --channels 3 --compress",
    "--stage-sign 1,-1", "--points 10,20,5,a;-7.5,3,6,b",
  ]

  @Test func everyVariantIsReadExactly() throws {
    let folder = try ND2Oracle.generate(Self.variants)
    var random = SplitMix64(seed: 3)
    for (number, variant) in Self.variants.enumerated() {
      let path = folder("\(number).nd2")
      let truth = try ND2Truth(path)
      let images = try ND2File.open(path, cache: PieceCache(capacity: 1 << 20))
      try expect(images, equal: truth, variant)
      for image in images.prefix(2) {
        let channel = image.info.channelNames.count - 1
        try checkVolumeLaws(
          of: try image.volume(channel: channel, timepoint: image.info.timepoints - 1),
          using: &random, boxes: 4)
      }
    }
  }

  private func expect(_ images: [ND2Image], equal truth: ND2Truth, _ variant: String) throws {
    try #require(images.count == truth.counts["P"] ?? 1, "\(variant)")
    let isFlat = variant.contains("--no-experiment")
    for (position, image) in images.enumerated() {
      let info = image.info
      #expect(
        info.size == Index3(z: truth.counts["Z"] ?? 1, y: truth.height, x: truth.width),
        "\(variant)")
      #expect(info.timepoints == truth.counts["T"] ?? 1, "\(variant)")
      #expect(info.type.rawValue == truth.type, "\(variant)")
      #expect(info.notes.allSatisfy { $0.contains("usual rule") }, "\(variant): \(info.notes)")
      #expect(info.channelNames.count == truth.components, "\(variant)")
      if variant.contains("--rgb") {
        #expect(info.channelNames == ["RGB B", "RGB G", "RGB R"])
      } else {
        #expect(info.channelNames == truth.names, "\(variant)")
      }
      guard !truth.points.isEmpty else { continue }
      let point = truth.points[position]
      let z = variant.contains("--no-use-z") ? truth.points[0].z : point.z
      if !variant.contains("--no-use-z") {
        #expect(info.position == Point3(x: -point.x, y: point.y, z: z), "\(variant)")
      }
      let name = point.name.isEmpty ? "#\(position + 1)" : point.name
      #expect(info.name.hasSuffix(".nd2 \(name)"), "\(variant)")
      #expect(info.voxelSize != nil || isFlat, "\(variant)")
      if let camera = info.cameraPosition, let first = images[0].info.cameraPosition {
        // The generator's true rule: its stage sign says which way the image's axes run.
        let sign = variant.contains("--stage-sign 1,-1") ? (x: 1.0, y: -1.0) : (x: -1.0, y: 1.0)
        let there = truth.points[0]
        #expect(abs(camera.x - first.x - sign.x * (point.x - there.x)) < 1e-6, "\(variant)")
        #expect(abs(camera.y - first.y - sign.y * (point.y - there.y)) < 1e-6, "\(variant)")
      } else {
        Issue.record("\(variant): there is no camera position")
      }
    }
    for (number, frame) in truth.frames.enumerated() {
      let image = images[frame.position]
      #expect(image.frameNumber(timepoint: frame.timepoint, z: frame.z) == number, "\(variant)")
      #expect(image.time(timepoint: frame.timepoint, z: frame.z) == frame.time, "\(variant)")
      let crcs = try #require(frame.crc)
      for channel in 0..<truth.components {
        let found = try ND2Oracle.crc(
          image, channel: channel, timepoint: frame.timepoint, z: frame.z)
        #expect(found == crcs[channel], "\(variant): frame \(number), channel \(channel)")
      }
    }
  }

  @Test func theOtherSignOfTheStageIsTold() throws {
    let folder = try ND2Oracle.generate(["--stage-sign 1,-1", "--stage-sign=-1,1"])
    let cache = PieceCache(capacity: 0)
    let other = try ND2File.images(in: folder("0.nd2"), cache: cache)[0].info.notes
    // Two columns 58 pixels of 0.1625 µm apart, mirrored: twice that; two rows of 43.
    #expect(
      other == [
        "By the orientation of the camera, tiles lie up to 18.8 µm in x and 14.0 µm in y from where the usual "
          + "rule (x negated) puts them: compare both before stitching"
      ])
    #expect(try ND2File.images(in: folder("1.nd2"), cache: cache)[0].info.notes == [])
  }

  @Test func compressedFramesAreInflatedOnceForAllChannels() throws {
    let folder = try ND2Oracle.generate(["--compress --channels 3 --z 4 --no-xy"])
    let cache = PieceCache(capacity: 1 << 20)
    let image = try ND2File.images(in: folder("0.nd2"), cache: cache)[0]
    for channel in 0..<3 {
      let volume = try image.volume(channel: channel, timepoint: 0)
      _ = try volume.block(of: volume.bounds)
      #expect(
        volume.decodedBytes(reading: volume.bounds)
          == 4 * BlockStorage.footprint(of: 64 * 48 * 3 * 2))
      #expect(volume.scratchBytes(reading: volume.size) > 64 * 48 * 3 * 2)
    }
    #expect(cache.decodedPieces == 4)
  }

  @Test func uncompressedFramesOfOneChannelAreLent() throws {
    let folder = try ND2Oracle.generate(["--no-xy"])
    let image = try ND2File.images(in: folder("0.nd2"), cache: PieceCache(capacity: 0))[0]
    let volume = try image.volume(channel: 0, timepoint: 0)
    #expect(volume.scratchBytes(reading: volume.size) == 0)
    #expect(volume.decodedBytes(reading: volume.bounds) == 0)
    var scratch = VoxelBlock()
    var stride = 0
    try volume.withVoxels(of: volume.bounds, scratch: &scratch) { stride = $0.planeStride }
    #expect(stride > 64 * 48 * 2)
    #expect(scratch.byteCount == 0)
  }

  @Test func columnsHoldAValueForEachFrame() throws {
    let folder = try ND2Oracle.generate(["--grid 1x2 --z 2", "--version 2.1 --no-customdata"])
    let cache = PieceCache(capacity: 0)
    let columns = try ND2File.open(folder("0.nd2"), cache: cache)[0].columns()
    #expect(
      columns.map(\.id) == [
        "X", "Y", "Z", "Z1", "Camera_ExposureTime1", "PFS_OFFSET", "PFS_STATUS",
      ])
    #expect(columns[4].values == .numbers([100, 100, 100, 100]))
    #expect(columns[5].values == .numbers([-1, -1, -1, -1]))
    let truth = try ND2Truth(folder("0.nd2"))
    #expect(columns[0].values == .numbers(truth.frames.map { truth.points[$0.position].x }))
    #expect(columns[0].unit == "µm")
    #expect(try ND2File.open(folder("1.nd2"), cache: cache)[0].columns() == [])
  }
}
