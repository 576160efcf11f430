internal import BrickBDV
internal import BrickCore
internal import BrickZarr

/// How fast bricks are encoded and decoded, in memory.
struct CodecProbe: Sendable {
  let probe: RateProbe
  /// Voxels of a brick.
  let brick: Index3
  /// More bricks than the caches of a core hold, and few enough for the smallest budget.
  private static let bricks = 12

  /// Bytes that the probe holds: bricks of labels are the largest, decoded and encoded, and an encoder a thread.
  static func memory(brick: Index3, threads: Int) -> Int {
    let bytes = BlockStorage.footprint(of: brick.volume * VoxelType.uint32.byteCount)
    return 2 * bricks * bytes + threads * (6 * bytes + (2 << 20))
  }

  /// The codecs of stores and exports.
  func run(camera: any Volume, meter: ProgressMeter) async throws -> [MachineReport.Codec] {
    let labels = SphereLabels(size: Index3(z: brick.z, y: brick.y, x: brick.x * Self.bricks))
    let intensities = try bricks(of: camera, meter)
    let codec = BrickCodec.automatic(for: camera.type)
    var found = [try await zarr(codec, .camera, intensities, meter)]
    found.append(try await zarr(.zstd(level: 1), .labels, try bricks(of: labels, meter), meter))
    found.append(try await deflate(intensities, meter))
    return found
  }

  /// Some bricks of a volume, from its middle, all along x and then y.
  private func bricks(of volume: any Volume, _ meter: ProgressMeter) throws -> [PieceCache.Piece] {
    let whole = volume.size.dividedRoundingDown(by: brick)
    return try (0..<Self.bricks).map { number in
      try Task.checkCancellation()
      let (row, column) = number.quotientAndRemainder(dividingBy: max(1, whole.x))
      let place = Index3(z: whole.z / 2, y: row % max(1, whole.y), x: column)
      var block = try volume.block(
        of: Box3(origin: place * brick, size: brick).intersection(volume.bounds))
      block.move(to: .zero)
      return PieceCache.Piece(block)
    }
  }

  /// A worker that takes a set of bricks one after the other.
  private final class Turns<Tool> {
    let tool: Tool
    private var next: Int
    var encoded: [UInt8] = []
    var decoded = VoxelBlock()

    init(_ tool: Tool, start: Int) {
      self.tool = tool
      next = start
    }

    func take(of count: Int) -> Int {
      next = (next + 1) % count
      return next
    }
  }

  private func zarr(
    _ codec: BrickCodec, _ voxels: MachineReport.Voxels, _ bricks: [PieceCache.Piece],
    _ meter: ProgressMeter
  ) async throws -> MachineReport.Codec {
    let type = bricks[0].block.type
    let brick = brick
    let encoding = try await probe.rates {
      Turns(try BrickEncoder(codec: codec, type: type, brick: brick), start: $0 * 5)
    } step: { worker in
      let piece = bricks[worker.take(of: bricks.count)]
      worker.encoded.removeAll(keepingCapacity: true)
      _ = try Self.encode(piece.block, worker.tool, into: &worker.encoded)
      meter.add(voxelBytes: piece.block.byteCount)
      return piece.block.byteCount
    }
    let encoder = try BrickEncoder(codec: codec, type: type, brick: brick)
    let stored = try bricks.map { piece -> [UInt8] in
      var bytes: [UInt8] = []
      _ = try Self.encode(piece.block, encoder, into: &bytes)
      return bytes
    }
    let decoding = try await probe.rates {
      Turns(try EncodedBrickReader(codec: codec), start: $0 * 5)
    } step: { worker in
      let number = worker.take(of: stored.count)
      worker.decoded.reshape(to: Box3(size: brick), type: type)
      try Self.decode(stored[number], worker.tool, &worker.decoded)
      meter.add(voxelBytes: worker.decoded.byteCount)
      return worker.decoded.byteCount
    }
    let whole = bricks.reduce(0) { $0 + $1.block.byteCount }
    return MachineReport.Codec(
      name: codec.name, voxels: voxels, brick: brick, encoding: encoding, decoding: decoding,
      ratio: Double(whole) / Double(max(1, stored.reduce(0) { $0 + $1.count })))
  }

  // Blocks come as parameters, because a span can't be borrowed from a class's property.
  private static func encode(
    _ block: borrowing VoxelBlock, _ encoder: BrickEncoder, into bytes: inout [UInt8]
  ) throws -> Range<Int>? {
    try encoder.encode(VoxelView(block), into: &bytes)
  }

  private static func encode(_ block: borrowing VoxelBlock, _ encoder: BDVChunkEncoder) throws
    -> EncodedChunk?
  {
    try encoder.encode(VoxelView(block), level: 0)
  }

  private static func decode(
    _ stored: [UInt8], _ reader: EncodedBrickReader, _ block: inout VoxelBlock
  ) throws {
    try unsafe reader.read(stored.span.bytes, into: &block)
  }

  private func deflate(
    _ bricks: [PieceCache.Piece], _ meter: ProgressMeter
  ) async throws -> MachineReport.Codec {
    let type = bricks[0].block.type
    let (brick, options) = (brick, BDVExportOptions())
    let encoding = try await probe.rates {
      Turns(
        try BDVChunkEncoder(chunk: brick, type: type, options: options), start: $0 * 5)
    } step: { worker in
      let piece = bricks[worker.take(of: bricks.count)]
      _ = try Self.encode(piece.block, worker.tool)
      meter.add(voxelBytes: piece.block.byteCount)
      return piece.block.byteCount
    }
    let one = try BDVChunkEncoder(chunk: brick, type: type, options: options)
    let stored = try bricks.reduce(0) {
      $0 + (try Self.encode($1.block, one)?.bytes.count ?? 0)
    }
    let whole = bricks.reduce(0) { $0 + $1.block.byteCount }
    return MachineReport.Codec(
      name: "deflate", voxels: .camera, brick: brick, encoding: encoding, decoding: nil,
      ratio: Double(whole) / Double(max(1, stored)))
  }
}
