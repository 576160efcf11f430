import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

/// What BigStitcher's loader wants of a store: ours has it, and what lacks it is refused by name.
@Suite struct BigStitcherCheckTests {
  private let folder: TemporaryFolder

  /// The metadata of an image of three levels at a place, with an axis for channels.
  init() throws {
    folder = try TemporaryFolder()
    try write(codec: .bloscZstd(level: 1))
  }

  private func write(codec: BrickCodec, position: Point3? = Point3(x: 5, y: -3, z: 0.25)) throws {
    let leading = LeadingAxes(channels: 2)
    let voxel = VoxelSize(x: 0.16, y: 0.16, z: 0.4)
    let factors = [Index3.one, Index3(z: 1, y: 2, x: 2), Index3(z: 2, y: 4, x: 4)]
    var levels: [OMEZarrLevel] = []
    for (number, factor) in factors.enumerated() {
      let size = Index3(z: 40, y: 50, x: 61).dividedRoundingUp(by: factor)
      try ZarrArray(
        path: folder("a.zarr/\(number)"), size: size, type: .uint16, brick: Index3(repeating: 16),
        shard: Index3(repeating: 64), codec: codec, leading: leading
      ).writeMetadata(dimensionNames: ["c", "z", "y", "x"], dimensionUnits: nil)
      levels.append(.averaged(path: "\(number)", size: size, voxelSize: voxel, factor: factor))
    }
    try OMEZarrWriting.writeImage(
      path: folder("a.zarr"), name: "a", type: "mean", method: "mean", leading: leading,
      levels: levels, position: position, channels: [], extra: .null)
  }

  private func notes() throws -> [String] {
    try OMEZarrImage(folder("a.zarr"), cache: PieceCache(capacity: 0)).checkForBigStitcher()
  }

  private func change(_ file: String, _ old: String, _ new: String) throws {
    let path = folder("a.zarr/\(file)")
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    #expect(text.contains(old), "\(text)")
    try Files.replace(path, with: Array(text.replacing(old, with: new).utf8))
  }

  private func reason() -> String {
    do { return "\(try notes())" } catch {
      return (error as? BrickworkError)?.description ?? "\(error)"
    }
  }

  @Test func ourStoresHaveAllOfIt() throws {
    for codec in [BrickCodec.bloscZstd(level: 1), .zstd(level: 3), .none] {
      for position in [nil, Point3(x: 5, y: -3, z: 0.25)] {
        try write(codec: codec, position: position)
        #expect(try notes() == [])
      }
    }
  }

  @Test func levelsHaveToBeNamedByTheirNumbers() throws {
    try Files.rename(folder("a.zarr/1"), to: folder("a.zarr/half"))
    try change("zarr.json", "\"path\": \"1\"", "\"path\": \"half\"")
    #expect(
      reason().contains("a.zarr/zarr.json: BigStitcher can't read it: level 1 is named half, not 1")
    )
  }

  @Test func coarserLevelsHaveToLieHalfAVoxelFurther() throws {
    // 0.08 µm beyond the position of 5 µm is half a voxel.
    try change("zarr.json", "5.08", "5.0")
    #expect(reason().contains("level 1 is moved along x by 0.0 voxels of level 0, not by 0.5"))
  }

  @Test func levelsWithoutATranslationAreWarnedOf() throws {
    let path = folder("a.zarr/zarr.json")
    var json = try JSON(parsing: Files.read(path), path: path)
    let entries = (json["attributes"]?["ome"]?["multiscales"]?[0]?["datasets"]?.arrayValue ?? [])
      .map {
        [
          "path": $0["path"] ?? nil,
          "coordinateTransformations": .array([$0["coordinateTransformations"]?[0] ?? nil]),
        ] as JSON
      }
    let axes = json["attributes"]?["ome"]?["multiscales"]?[0]?["axes"] ?? nil
    json["attributes"] = [
      "ome": ["version": "0.5", "multiscales": [["axes": axes, "datasets": .array(entries)]]]
    ]
    try Files.replace(path, with: Array(json.text(pretty: true).utf8))
    #expect(try notes() == ["2 levels have no translation: BigStitcher takes them as averaged"])
  }

  @Test(
    arguments: [
      ("level", "zstd"), ("checksum", "zstd"), ("clevel", "blosc"), ("typesize", "blosc"),
      ("blocksize", "blosc"), ("cname", "blosc"), ("shuffle", "blosc"),
      ("index_codecs", "sharding_indexed"),
    ])
  func aCodecWithoutAParameterIsNamed(_ parameter: String, _ codec: String) throws {
    try write(codec: codec == "zstd" ? .zstd(level: 1) : .bloscZstd(level: 1))
    try change("2/zarr.json", "\"\(parameter)\":", "\"other_\(parameter)\":")
    let reason = reason()
    // The shard's own list is needed by our reader as well.
    #expect(
      reason.contains(
        "2/zarr.json: BigStitcher can't read it: the codec \(codec) does not say \"\(parameter)\"")
        || (codec == "sharding_indexed" && reason.contains("2/zarr.json")), "\(reason)")
  }

  @Test func aBareNameOfACodecIsRefused() throws {
    let path = folder("a.zarr/0/zarr.json")
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    let bare = text.filter { !$0.isWhitespace }.replacing(
      "{\"name\":\"crc32c\"}", with: "\"crc32c\"")
    try Files.replace(path, with: Array(bare.utf8))
    #expect(
      reason().contains("0/zarr.json: BigStitcher can't read it: a codec is written as a bare name")
    )
  }

  @Test func otherAxesAreRefused() throws {
    try change("zarr.json", "\"name\": \"c\"", "\"name\": \"angle\"")
    #expect(reason().contains("its axes are angle, z, y, x"))
  }

  @Test func anImageOfVersion2IsRefused() throws {
    let store = folder("v2.zarr")
    let array = """
      {"zarr_format": 2, "shape": [2, 3, 4], "chunks": [2, 3, 4], "dtype": "<u2", "compressor": null,
       "fill_value": 0, "order": "C", "filters": null}
      """
    let group = """
      {"multiscales": [{"version": "0.4", "axes": [{"name": "z", "type": "space"}, {"name": "y", "type": "space"},
        {"name": "x", "type": "space"}], "datasets": [{"path": "0"}]}]}
      """
    try Files.makeFolder(store + "/0")
    try Files.replace(store + "/0/.zarray", with: Array(array.utf8))
    try Files.replace(store + "/.zgroup", with: Array("{\"zarr_format\": 2}".utf8))
    try Files.replace(store + "/.zattrs", with: Array(group.utf8))
    let image = try OMEZarrImage(store, cache: PieceCache(capacity: 0))
    #expect { try image.checkForBigStitcher() } throws: { error in
      let error = error as? BrickworkError
      return error?.code == .unsupportedInput && error?.reason.contains("Zarr version 2") == true
    }
  }
}
