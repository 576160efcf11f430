import BrickTestSupport
import Brickwork
import Foundation
import Testing

/// The folder of label tiles, `label_000.tif` and so on, to measure with.
private let dataset = ProcessInfo.processInfo.environment["BRICKWORK_LABEL_DATA"]

/// A tile in memory, in large pages where the system has some: as NumPy's arrays are.
private final class LoadedVolume: Volume, @unchecked Sendable {
  // @unchecked: the block is never written to again.
  private let block: VoxelBlock

  init(_ volume: any Volume) throws {
    SystemMemory.reuseFreedMemory()
    block = try volume.block(of: volume.bounds)
  }

  var type: VoxelType { block.type }
  var size: Index3 { block.box.size }

  func read(into target: inout VoxelBlock) throws { Self.copy(block, into: &target) }

  private static func copy(_ block: borrowing VoxelBlock, into target: inout VoxelBlock) {
    target.copy(from: VoxelView(block))
  }

  private static func lend(
    _ box: Box3, of block: borrowing VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    let view = VoxelView(block)
    try body(view.cropped(to: box))
  }

  func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws { try Self.lend(box, of: block, body) }

  func scratchBytes(reading size: Index3) -> Int { 0 }
}

/// All label tiles as arrays, at the places that `dataset.json` gives.
private func loadedTiles() throws -> [LabelTile] {
  let folder = try #require(dataset)
  let document = try JSON(parsing: Files.read(folder + "/dataset.json"), path: "dataset.json")
  let places = try #require(document["offsets_px_xyz"]?.arrayValue)
  let offsets = places.compactMap(\.intArrayValue)
  let names = try Files.names(in: folder).filter { $0.hasPrefix("label_") && $0.hasSuffix(".tif") }
  return try names.enumerated().map { number, name in
    let image = try TileSet.open([folder + "/" + name], cache: PieceCache(capacity: 0)).tiles[0]
    let volume = try image.volume(channel: 0, timepoint: 0)
    return try LabelTile(
      LoadedVolume(volume), number: number,
      origin: Index3(z: offsets[number][2], y: offsets[number][1], x: offsets[number][0]),
      name: name)
  }
}

/// Prints seconds of processor time for finding, comparing and joining the labels of arrays, with one thread.
@Test(.enabled(if: dataset != nil, "set BRICKWORK_LABEL_DATA"))
func speedOfJoining() async throws {
  let tiles = try loadedTiles()
  let job = LabelJob(tiles: tiles, budget: MemoryBudget(byteCount: 16 << 30), threads: 1)
  let bytes = tiles.reduce(0) { $0 + $1.volume.size.volume * 2 }
  for _ in 0..<3 {
    var start = clock()
    let labels = try await job.labels()
    report("labels of all tiles: \(labels.reduce(0) { $0 + $1.count })", bytes: bytes, since: start)
    start = clock()
    let overlaps = try await job.overlaps()
    report(
      "overlaps: \(overlaps.reduce(0) { $0 + $1.pairs.count }) pairs",
      bytes: overlaps.reduce(0) { $0 + $1.tiles.box.count * 4 }, since: start)
    start = clock()
    let result = try await job.deduplicate()
    report("dedup: \(result.report.groups) objects", bytes: bytes, since: start)
  }
}

/// Prints MB of labels per second of processor time, array to array; not a check, since machines differ.
@Test(.enabled(if: dataset != nil, "set BRICKWORK_LABEL_DATA"))
func speedOfRelabelling() throws {
  let tiles = try loadedTiles()
  var largest: [UInt64] = []
  for tile in tiles {
    var collector = LabelCollector()
    var scratch = VoxelBlock()
    try tile.volume.withVoxels(of: tile.volume.bounds, scratch: &scratch) {
      try collector.add($0, of: tile)
    }
    largest.append(LabelSet(collector.take()).largest)
  }
  // New labels as the other programs get them: a permutation of 1…n, moved by the tile's number.
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
    let block = try volume.block(of: Box3(size: size))
    let voxels = block.voxels(as: UInt16.self)
    var values: [UInt64] = []
    values.reserveCapacity(voxels.count)
    for i in 0..<voxels.count { values.append(UInt64(voxels[i]) * factor) }
    return try LabelTile(
      ArrayVolume(values, size: size), number: number, origin: .zero, name: name)
  }
}
