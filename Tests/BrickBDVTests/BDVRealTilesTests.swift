import BrickBDV
import BrickCore
import BrickFiles
import BrickHDF5
import BrickTestSupport
import Testing

/// The real HDF5 files of the catalogue, against what h5py reads.
@Suite(
  .enabled(
    if: SharedData.isThere && SharedData.hasPython, "needs ../shared/data and Python with h5py"))
struct BDVRealTilesTests {
  /// Prints into a file: dataset, shape, SHA-256 of the 16-bit patterns.
  static let script = """
    import sys, hashlib, numpy as np, h5py
    with h5py.File(sys.argv[1]) as f, open(sys.argv[2], 'w') as out:
      def note(name, d):
        if isinstance(d, h5py.Dataset) and d.ndim == 3:
          v = d[()]; v = np.ascontiguousarray(v.astype(v.dtype.newbyteorder('<')))
          print(name, *v.shape, hashlib.sha256(v.tobytes()).hexdigest(), file=out)
      f.visititems(note)
    """

  static func expected(_ name: String) throws -> [String: [Substring]] {
    let folder = try TemporaryFolder()
    try SharedData.runPython(script, [SharedData.path(name), folder("e.txt")])
    let lines = String(decoding: try Files.read(folder("e.txt")), as: UTF8.self)
    return Dictionary(
      lines.split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        return (String(words[0]), Array(words[1...]))
      }, uniquingKeysWith: { first, _ in first })
  }

  @Test(arguments: [
    "bdv/mri-stack", "bdv/mri-stack-multilevel", "bdv/pybdv/example", "bdv/elephant/sample",
    "bdv/tiny/tiny-dataset",
  ])
  func everyViewAndLevelHasTheVoxelsThatH5pyReads(name: String) throws {
    let expected = try Self.expected(name + ".h5")
    var compared = 0
    var random = SplitMix64(seed: 2)
    for path in [".xml", ".h5"].map({ SharedData.path(name + $0) }) {
      let images = try BDVTiles.images(in: path, cache: PieceCache(capacity: 16 << 20))
      let image = try #require(images[0] as? BDVImage)
      #expect(images.count == 1)
      #expect(image.info.type == .uint16)
      for timepoint in 0..<image.info.timepoints {
        for level in image.levels.indices {
          let volume = try image.volume(channel: 0, timepoint: timepoint, level: level)
          let digits = String(timepoint)
          let dataset =
            "t" + String(repeating: "0", count: 5 - digits.count) + digits + "/s00/\(level)/cells"
          let words = try #require(expected[dataset])
          #expect(volume.size.components.map(String.init) == words[0..<3].map(String.init))
          #expect(sha256(try volume.block(of: volume.bounds).byteArray) == words[3])
          compared += 1
        }
      }
      try checkVolumeLaws(
        of: try image.volume(channel: 0, timepoint: 0), using: &random, boxes: 2)
    }
    #expect(compared == 2 * expected.count)
  }

  @Test func positionsFollowTheRecordedAffines() throws {
    for (name, project) in try BDVEnvironment.expectedProjects() where name.hasPrefix("bdv/") {
      let images = try BDVTiles.images(
        in: SharedData.path(name), cache: PieceCache(capacity: 0))
      #expect(images.count == project.setups.count)
      let first = try #require(project.registrations.first)
      let m = first.affine_3x4_rowmajor
      let info = images[0].info
      let size = info.voxelSize ?? .unknown
      // A diagonal affine: the offset in voxels is the translation divided by the scale.
      let wanted = Point3(
        x: m[3] / m[0] * size.x, y: m[7] / m[5] * size.y, z: m[11] / m[10] * size.z)
      let found = try #require(info.position)
      for (a, b) in [(found.x, wanted.x), (found.y, wanted.y), (found.z, wanted.z)] {
        #expect(abs(a - b) < 1e-6 * max(1, abs(b)), "\(name)")
      }
      if let voxels = project.setups.values.first?.size {
        #expect([info.size.x, info.size.y, info.size.z] == voxels, "\(name)")
      }
    }
  }

  @Test func rawAndLabelsOfATissueAreTilesWithTheirVoxelSize() throws {
    let expected = try Self.expected("labels/sample_ovule.h5")
    let images = try HDF5Tiles.images(
      in: SharedData.path("labels/sample_ovule.h5"), cache: PieceCache(capacity: 4 << 20))
    #expect(images.map(\.info.name) == ["label", "raw"])
    #expect(images.map(\.info.type) == [.uint16, .uint8])
    #expect(images.allSatisfy { $0.info.voxelSize?.isValid == true })
    for image in images {
      let volume = try image.volume(channel: 0, timepoint: 0)
      #expect(
        sha256(try volume.block(of: volume.bounds).byteArray)
          == expected[image.info.name]?[3].description)
    }
  }

  @Test func aFileThatIsCutShortFailsWithASentence() {
    let path = SharedData.path("truncated/70_mri-stack.h5")
    for open in [
      { try BDVTiles.images(in: path, cache: PieceCache(capacity: 0)) },
      { try HDF5Tiles.images(in: path, cache: PieceCache(capacity: 0)) },
    ] {
      let error = #expect(throws: BrickworkError.self) { try open() }
      #expect(error?.code == .damagedInput)
      #expect(error?.description.contains("truncated") == true, "\(error?.description ?? "")")
    }
  }
}
