import BrickTestSupport
import Brickwork
import Foundation
import Testing

/// The folder of label tiles, `label_000.tif` and so on, to measure with.
private let dataset = ProcessInfo.processInfo.environment["BRICKWORK_LABEL_DATA"]

/// Prints MB of labels per second of processor time, array to array; not a check, since machines differ.
@Test(.enabled(if: dataset != nil, "set BRICKWORK_LABEL_DATA"))
func speedOfRelabelling() throws {
  let folder = try #require(dataset)
  let names = try Files.names(in: folder).filter { $0.hasPrefix("label_") && $0.hasSuffix(".tif") }
  var tiles: [LabelTile] = []
  for (number, name) in names.enumerated() {
    let image = try TileSet.open([folder + "/" + name], cache: PieceCache(capacity: 0)).tiles[0]
    let volume = try image.volume(channel: 0, timepoint: 0)
    let block = try volume.block(of: volume.bounds)
    tiles.append(
      try LabelTile(
        ArrayVolume(block.values(UInt16.self), size: volume.size), number: number, origin: .zero,
        name: name))
  }
  // New labels as the other programs get them: a permutation of 1…n, moved by the tile's number.
  var largest: [UInt64] = []
  for tile in tiles {
    var collector = LabelCollector()
    var scratch = VoxelBlock()
    let start = clock()
    try tile.volume.withVoxels(of: tile.volume.bounds, scratch: &scratch) {
      try collector.add($0, of: tile)
    }
    let labels = LabelSet(collector.take())
    largest.append(labels.largest)
    report("finding labels", bytes: tile.volume.size.volume * 2, since: start)
  }
  var random = SplitMix64(seed: 0)
  for (name, spread) in [("dense", UInt64(1)), ("sparse", UInt64(1) << 33)] {
    for type in [VoxelType.uint16, .uint32, .uint64] where spread == 1 || type == .uint64 {
      for (tile, most) in zip(tiles, largest) {
        let base = spread == 1 ? tile : try tile.spread(by: spread)
        let map = TileLabelMap(
          LabelSet((1...most).map { $0 * spread }),
          newLabels: PackedLabels(
            (1...most).shuffled(using: &random).map { $0 + UInt64(tile.number) }))
        let view = try RelabeledVolume(base, with: map, type: type)
        let start = clock()
        let block = try view.block(of: view.bounds)
        report(
          "relabelling \(name) to \(type.rawValue), fresh array",
          bytes: view.size.volume * base.volume.type.byteCount, since: start)
        var brick = VoxelBlock()
        let again = clock()
        for z in 0..<view.size.z {
          brick.reshape(
            to: Box3(
              origin: Index3(z: z, y: 0, x: 0), size: Index3(z: 1, y: view.size.y, x: view.size.x)),
            type: type)
          try view.read(into: &brick)
        }
        report(
          "relabelling \(name) to \(type.rawValue), plane by plane",
          bytes: view.size.volume * base.volume.type.byteCount, since: again)
        #expect(block.box == view.bounds)
      }
    }
  }
}

private func report(_ what: String, bytes: Int, since start: clock_t) {
  let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
  print("\(what): \(Int(Double(bytes) / seconds / 1e6)) MB/s of input, \(seconds) s")
}

extension LabelTile {
  /// The same tile with 64-bit labels far apart; a quarter of its planes.
  fileprivate func spread(by factor: UInt64) throws -> LabelTile {
    let size = Index3(z: max(1, volume.size.z / 4), y: volume.size.y, x: volume.size.x)
    let values = try volume.block(of: Box3(size: size)).values(UInt16.self)
    return try LabelTile(
      ArrayVolume(values.map { UInt64($0) * factor }, size: size), number: number, origin: .zero,
      name: name)
  }
}
