import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Foundation
import Testing

private let fine = VoxelSize(x: 0.16, y: 0.16, z: 0.4)

private func writePyramid(_ folder: TemporaryFolder) throws -> [OMEZarrLevel] {
  var random = SplitMix64(seed: 1)
  var levels: [OMEZarrLevel] = []
  for (number, factor) in [Index3.one, Index3(z: 1, y: 2, x: 2), Index3(z: 2, y: 4, x: 4)]
    .enumerated()
  {
    let size = Index3(z: 6, y: 15, x: 17).dividedRoundingUp(by: factor)
    levels.append(.averaged(path: "\(number)", size: size, voxelSize: fine, factor: factor))
    let array = ZarrArray(
      path: folder("\(number)"), size: size, type: .uint16, brick: Index3(repeating: 4),
      shard: Index3(repeating: 8), codec: .automatic(for: .uint16))
    try store(
      ArrayVolume(bytes: pictureBytes(.uint16, size, using: &random), type: .uint16, size: size),
      as: array)
  }
  try OMEZarrWriting.writeImage(
    path: folder.path, name: "fused", type: "mean", method: "block mean, half up", levels: levels,
    window: (0, 65535, 1, 200), channelName: "DAPI", color: "0000FF", extra: ["version": "0.1"])
  return levels
}

@Test func aPyramidReadsBackAsWritten() throws {
  let folder = try TemporaryFolder()
  let levels = try writePyramid(folder)
  let image = try OMEZarrImage(folder.path, cache: PieceCache(capacity: 1 << 20))
  #expect(image.levels == levels)
  #expect(image.info.voxelSize == fine && image.info.position == nil)
  #expect(image.info.name == "fused" && image.info.channelNames == ["DAPI"])
  #expect(image.info.format == "OME-Zarr (sharded)")
  #expect(image.factor(level: 2) == Index3(z: 2, y: 4, x: 4))
  #expect(image.attributes["brickwork"]?["version"] == "0.1")
  let level = try image.volume(level: 1, channel: 0, timepoint: 0)
  #expect(level.size == Index3(z: 6, y: 8, x: 9))
  #expect(
    try bytes(of: level) == bytes(of: ZarrVolume(folder("1"), cache: PieceCache(capacity: 0))))
  #expect(throws: BrickworkError.self) { try image.volume(channel: 1, timepoint: 0) }
  #expect(throws: BrickworkError.self) { try image.volume(level: 3, channel: 0, timepoint: 0) }
  #expect(levels[1].translation == Point3(x: 0.08, y: 0.08, z: 0))
}

@Test func theGroupHasTheShapeOtherReadersWant() throws {
  let folder = try TemporaryFolder()
  _ = try writePyramid(folder)
  let json = try JSON(parsing: try Files.read(folder("zarr.json")), path: "zarr.json")
  let ome = json["attributes"]?["ome"]
  #expect(ome?["version"] == "0.5")
  let image = ome?["multiscales"]?[0]
  #expect(image?["axes"]?[0] == ["name": "z", "type": "space", "unit": "micrometer"])
  #expect(
    image?["datasets"]?[0]
      == [
        "path": "0", "coordinateTransformations": [["type": "scale", "scale": [0.4, 0.16, 0.16]]],
      ])
  #expect(
    image?["datasets"]?[1]?["coordinateTransformations"]?[1]
      == ["type": "translation", "translation": [0.0, 0.08, 0.08]])
  #expect(
    ome?["omero"]?["channels"]?[0]?["window"] == [
      "min": 0.0, "max": 65535.0, "start": 1.0, "end": 200.0,
    ])
}

@Test(.enabled(if: python != nil, "needs Python: set BRICKWORK_PYTHON"))
func theImageIsValidForOMEZarrModels() throws {
  let folder = try TemporaryFolder()
  _ = try writePyramid(folder)
  let (status, output) = try runPython("zarr_interop.py", ["image", folder.path])
  #expect(status == 0 && output.hasSuffix("0 6 15 17\n1 6 8 9\n2 3 4 5\n"), "\(output)")
}

@Test func aBareArrayIsAnImageOfOneLevel() throws {
  let folder = try TemporaryFolder()
  _ = try writePyramid(folder)
  let image = try OMEZarrImage(folder("0"), cache: PieceCache(capacity: 0))
  #expect(image.levels.count == 1 && image.info.voxelSize == nil && image.info.name == "0")
  #expect(image.info.size == Index3(z: 6, y: 15, x: 17))
}

@Test func unitsAndTransformationsCombine() throws {
  let folder = try TemporaryFolder()
  let array = ZarrArray(
    path: folder("0"), size: .one, type: .uint8, brick: .one, shard: .one, codec: .none)
  try array.writeMetadata(dimensionNames: ["z", "y", "x"], dimensionUnits: nil)
  let axes: JSON = .array(
    [("z", "millimeter"), ("y", "nanometer"), ("x", "micron")].map {
      ["name": .string($0.0), "type": "space", "unit": .string($0.1)]
    })
  let group: JSON = [
    "zarr_format": 3, "node_type": "group",
    "attributes": [
      "ome": [
        "version": "0.5",
        "multiscales": [
          [
            "axes": axes,
            "datasets": [
              [
                "path": "0",
                "coordinateTransformations": [
                  ["type": "scale", "scale": [0.5, 500, 3]],
                  ["type": "translation", "translation": [1, 2000, 5]],
                ],
              ]
            ],
            "coordinateTransformations": [["type": "scale", "scale": [2, 2, 2]]],
          ]
        ],
      ]
    ],
  ]
  try Files.replace(folder("zarr.json"), with: Array(group.text(pretty: true).utf8))
  let image = try OMEZarrImage(folder.path, cache: PieceCache(capacity: 0))
  #expect(image.info.voxelSize == VoxelSize(x: 6, y: 1, z: 1000))
  #expect(image.info.position == Point3(x: 10, y: 4, z: 2000))
}

@Test(
  arguments: [
    ("kilometer", 0.25e9), (nil, 0.25), ("micrometer", 0.25), ("furlong", nil), ("pixel", nil),
  ] as [(String?, Double?)]) func aUnitThatIsNoLengthGivesNoVoxelSize(_ unit: String?, _ x: Double?)
  throws
{
  let folder = try TemporaryFolder()
  try FiveDimensionalStore.write(folder("a"), spaceUnit: unit)
  let image = try OMEZarrImage(folder("a"), cache: PieceCache(capacity: 0))
  #expect(image.info.voxelSize?.x == x)
  // Levels keep their ratios: the finest has voxels of 1.
  if x == nil { #expect(image.levels[0].voxelSize == .unknown) }
  #expect(image.factor(level: 0) == .one)
}

@Test func aGroupWithoutAnImageSaysWhatToName() throws {
  let folder = try TemporaryFolder()
  let group: JSON = [
    "zarr_format": 3, "node_type": "group",
    "attributes": ["ome": ["version": "0.5", "bioformats2raw.layout": 3]],
  ]
  try Files.replace(folder("zarr.json"), with: Array(group.text(pretty: true).utf8))
  do {
    _ = try OMEZarrImage(folder.path, cache: PieceCache(capacity: 0))
    Issue.record("a collection was opened")
  } catch let error as BrickworkError {
    #expect(error.remedy == "Name one image, such as \(folder.path)/0")
  }
}

private let sample: String? = {
  let shared =
    ProcessInfo.processInfo.environment["BRICKWORK_SHARED"]
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared").path
  let path = shared + "/data/omezarr"
  return FileManager.default.fileExists(atPath: path) ? path : nil
}()

@Test(.enabled(if: sample != nil, "needs the shared data: set BRICKWORK_SHARED"))
func neuroglancersSampleReads() throws {
  let image = try OMEZarrImage(try #require(sample), cache: PieceCache(capacity: 1 << 20))
  #expect(image.levels.count >= 2)
  for level in image.levels.indices {
    let volume = try image.volume(level: level, channel: 0, timepoint: 0)
    #expect(try bytes(of: volume).count == volume.size.volume * volume.type.byteCount)
  }
}
