import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

/// What zarr-python wrote: images of versions 0.1 to 0.4, and collections.
private func withImages(_ body: (TemporaryFolder, [UInt8]) throws -> Void) throws {
  let folder = try TemporaryFolder()
  let (status, output) = try runPython("zarr_interop.py", ["images", folder.path])
  try #require(status == 0, "\(output)")
  try body(folder, try Files.read(folder("five.raw")))
}

private let size = Index3(z: 6, y: 10, x: 12)

@Test(.enabled(if: python != nil, "needs Python: set BRICKWORK_PYTHON"))
func olderImagesReadTheSame() throws {
  try withImages { folder, raw in
    let cache = PieceCache(capacity: 1 << 20)
    let plane = size.volume * 2
    for name in ["v01", "v03", "v04"] {
      let image = try OMEZarrImage(folder("\(name).zarr"), cache: cache)
      #expect(image.info.timepoints == 2 && image.info.size == size, "\(name)")
      #expect(image.info.channelNames == ["DAPI", "GFP", "Cy5"])
      #expect(image.info.format == "OME-Zarr (Zarr v2)")
      #expect(image.factor(level: 1) == Index3(z: 1, y: 2, x: 2), "\(name)")
      for timepoint in 0..<2 {
        for channel in 0..<3 {
          let volume = try image.volume(channel: channel, timepoint: timepoint)
          let start = (timepoint * 3 + channel) * plane
          #expect(try bytes(of: volume) == Array(raw[start..<start + plane]), "\(name)")
        }
      }
    }
    let four = try OMEZarrImage(folder("v04.zarr"), cache: cache).info
    #expect(four.voxelSize == VoxelSize(x: 0.25, y: 0.25, z: 0.5) && four.name == "four")
    #expect(four.position == Point3(x: 30, y: 20, z: 1))
    // 0.3 and before have no lengths.
    let three = try OMEZarrImage(folder("v03.zarr"), cache: cache).info
    #expect(three.voxelSize == nil && three.position == nil && three.name == "v03")
    let common = try OMEZarrImage(folder("v04-common.zarr"), cache: cache).info
    #expect(common.voxelSize == VoxelSize(x: 0.25, y: 0.25, z: 0.5) && common.timepoints == 1)
    #expect(common.position == Point3(x: 30, y: 20, z: 1))
  }
}

@Test(.enabled(if: python != nil, "needs Python: set BRICKWORK_PYTHON"))
func collectionsOpenAsSeveralImages() throws {
  try withImages { folder, raw in
    let cache = PieceCache(capacity: 1 << 20)
    func open(_ name: String) throws -> [TileInfo] {
      try OMEZarrImages.images(in: folder(name), cache: cache).map(\.info)
    }
    func xs(_ infos: [TileInfo]) -> [Double?] { infos.map { $0.position?.x } }
    let series = try open("series2.zarr")
    #expect(series.map(\.path) == [folder("series2.zarr/0"), folder("series2.zarr/1")])
    // The first lies at the origin, which counts because the other lies elsewhere.
    #expect(xs(series) == [0, 3])
    let listed = try open("listed2.zarr/")
    #expect(listed.map(\.name) == ["b", "a"] && xs(listed) == [0, 3])
    // The own attribute counts more than the translation.
    let three = try open("series3.zarr")
    #expect(xs(three) == [0, 3, 6] && three.allSatisfy { $0.size == size })
    let plate = try open("plate.zarr")
    #expect(
      plate.map(\.path) == ["A/1/0", "A/1/1", "B/2/0", "B/2/1"].map { folder("plate.zarr/\($0)") })
    #expect(try open("v04.zarr").count == 1 && open("v04.zarr/0").count == 1)
    let second = try OMEZarrImages.images(in: folder("series2.zarr"), cache: cache)[1]
    let first = Array(raw[0..<size.volume * 2])
    let values = try bytes(of: second.volume(channel: 0, timepoint: 0))
    #expect(
      zip(stride(from: 0, to: first.count, by: 2), 0...).allSatisfy { place, _ in
        UInt16(values[place]) | UInt16(values[place + 1]) << 8
          == (UInt16(first[place]) | UInt16(first[place + 1]) << 8) + 1
      })
  }
}

@Test func aCollectionThatNamesNobodySaysSo() throws {
  let folder = try TemporaryFolder()
  func open(_ zattrs: String) throws -> BrickworkError? {
    try Files.replace(folder(".zattrs"), with: Array(zattrs.utf8))
    do {
      _ = try OMEZarrImages.images(in: folder.path, cache: PieceCache(capacity: 0))
      return nil
    } catch { return error as? BrickworkError }
  }
  #expect(try open(#"{"bioformats2raw.layout": 3}"#)?.code == .missingInput)
  #expect(try open(#"{"plate": {"wells": [{"path": "../A"}]}}"#)?.code == .damagedInput)
  #expect(try open(#"{"plate": {"wells": [{"path": "A/1"}]}}"#)?.code == .missingInput)
  #expect(try open(#"{"plate": {}}"#)?.code == .damagedInput)
  #expect(try open(#"{"labels": ["cells"]}"#)?.code == .unsupportedInput)
  #expect(try open(#"[1]"#)?.code == .damagedInput)
  #expect(try open(#"{"a": "#)?.code == .damagedInput)
  try Files.makeFolder(folder("OME"))
  try Files.replace(folder("OME/.zattrs"), with: Array(#"{"series": ["5"]}"#.utf8))
  let missing = try open(#"{"bioformats2raw.layout": 3}"#)
  #expect(missing?.code == .missingInput && missing?.path == folder("5"))
  try Files.replace(folder("OME/.zattrs"), with: Array(#"{"series": [5]}"#.utf8))
  #expect(try open(#"{"bioformats2raw.layout": 3}"#)?.code == .damagedInput)
}
