import BrickCore
import BrickFiles
import BrickFormats
import BrickJPEG2000
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct JPEG2000TilesTests {
  private let cache = PieceCache(capacity: 1 << 20)

  private func stack(_ size: Index3) -> ArrayVolume {
    ArrayVolume((0..<size.volume).map { UInt16(truncatingIfNeeded: $0 &* 37) }, size: size)
  }

  @Test func aFolderOfSinglePlanesIsOneTile() throws {
    let folder = try TemporaryFolder()
    for (name, number) in [("p10.jp2", 2), ("p9.J2K", 1), ("p1.jpf", 0), (".p2.jp2", 0)] {
      let plane = ArrayVolume([UInt8(number), 7], size: Index3(z: 1, y: 1, x: 2))
      try JPEG2000Writer.write(plane, to: folder(name))
    }
    let tiles = try TileSet.open([folder.path], cache: cache).tiles
    #expect(tiles.count == 1)
    #expect(tiles[0].info.size == Index3(z: 3, y: 1, x: 2))
    let volume = try tiles[0].volume(channel: 0, timepoint: 0)
    #expect(try volume.block(of: volume.bounds).byteArray == [0, 7, 1, 7, 2, 7])
  }

  @Test func aFolderOfStacksIsATileEach() throws {
    let folder = try TemporaryFolder()
    for name in ["t10.jp2", "t2.jp2"] {
      try JPEG2000Writer.write(stack(Index3(z: 3, y: 4, x: 5)), to: folder(name))
    }
    let tiles = try TileSet.open([folder.path], cache: cache)
    #expect(tiles.tileNames == ["t2.jp2", "t10.jp2"])
    try JPEG2000Writer.write(stack(Index3(z: 1, y: 4, x: 5)), to: folder("t3.jp2"))
    #expect(
      sentence { _ = try TileSet.open([folder.path], cache: cache) }
        == "\(folder.path): t3.jp2 has one component, so the folder would be one tile of planes, but t2.jp2 has 3, "
        + "so each file would be a tile. Keep planes and tiles in folders of their own, or name the files"
    )
  }

  @Test func rowsMayBeX() throws {
    let folder = try TemporaryFolder()
    let volume = ArrayVolume([1, 2, 3, 4, 5, 6] as [UInt8], size: Index3(z: 1, y: 2, x: 3))
    try JPEG2000Writer.write(volume, to: folder("a.jp2"))
    var options = OpeningOptions()
    options.rows = .x
    let tile = try TileSet.open([folder("a.jp2")], cache: cache, options).tiles[0]
    let turned = try tile.volume(channel: 0, timepoint: 0)
    #expect(turned.size == Index3(z: 1, y: 3, x: 2))
    #expect(try turned.block(of: turned.bounds).byteArray == [1, 4, 2, 5, 3, 6])
  }

  @Test(arguments: [
    Index3(z: 2, y: 4, x: 4), Index3(z: 1, y: 2, x: 8), Index3(z: 3, y: 6, x: 2),
    Index3(z: 1, y: 64, x: 64),
  ]) func stridesHaveRoundedUpSizesWhateverIsFlipped(factor: Index3) throws {
    let folder = try TemporaryFolder()
    // Flat planes: any way of thinning them out gives the same voxels.
    let size = Index3(z: 5, y: 83, x: 70)
    let flat = ArrayVolume(
      (0..<size.volume).map { UInt16(100 + $0 / (size.y * size.x)) }, size: size)
    try JPEG2000Writer.write(flat, to: folder("a.jp2"))
    let tiles = try TileSet.open([folder("a.jp2")], cache: cache)
    for flip in [[], [.x, .y], [.z, .x]] as [AxisSet] {
      var options = CompositionOptions()
      options.flip = flip
      options.downscale = factor
      let before = cache.decodedPieces
      let volume = try tiles.composition(offsets: nil, options).volume
      #expect(volume.size == size.dividedRoundingUp(by: factor))
      let voxels = try volume.block(of: volume.bounds).values(UInt16.self)
      let plane = volume.size.y * volume.size.x
      let planes = (0..<volume.size.z).map { flip.contains(.z) ? 4 - $0 * factor.z : $0 * factor.z }
      #expect(voxels == planes.flatMap { Array(repeating: UInt16(100 + $0), count: plane) })
      // Planes that are left out are not decoded.
      #expect(cache.decodedPieces - before <= volume.size.z)
    }
  }
}
