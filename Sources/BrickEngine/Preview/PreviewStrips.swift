internal import BrickCore
internal import BrickPicture

/// A picture's rows in memory.
final class PreviewStrip: @unchecked Sendable {
  // @unchecked: workers' blocks are copied in one at a time, and it is read after all of them.
  var block: VoxelBlock

  init(_ box: Box3, type: VoxelType) { block = VoxelBlock(box, type: type) }

  /// Lends the pixels.
  func withView<Result>(_ body: (borrowing VoxelView) throws -> Result) rethrows -> Result {
    try lend(block, body)
  }
}

/// Lends a block's voxels: what a class holds can be borrowed only for a call.
private func lend<Result>(
  _ block: borrowing VoxelBlock, _ body: (borrowing VoxelView) throws -> Result
) rethrows -> Result { try body(VoxelView(block)) }

/// Reads pictures strip by strip, each strip in blocks on all workers; a picture of one strip is read once.
final class PreviewStrips {
  private let volumes: [PictureVolume]
  private let plan: PreviewPlan
  private let meter: ProgressMeter
  private var kept: [Int: PreviewStrip] = [:]

  init(_ volumes: [PictureVolume], _ plan: PreviewPlan, _ meter: ProgressMeter) {
    self.volumes = volumes
    self.plan = plan
    self.meter = meter
  }

  /// The rows of the strips, from the top down.
  var rows: [Range<Int>] {
    let height = volumes[0].size.y
    return stride(from: 0, to: height, by: plan.stripRows).map {
      $0..<min($0 + plan.stripRows, height)
    }
  }

  /// The pixels of a layer in some rows.
  func strip(_ layer: Int, _ rows: Range<Int>) async throws -> PreviewStrip {
    if let kept = kept[layer] { return kept }
    let volume = volumes[layer]
    let box = Box3(
      from: Index3(z: 0, y: rows.lowerBound, x: 0),
      to: Index3(z: 1, y: rows.upperBound, x: volume.size.x))
    let strip = PreviewStrip(box, type: volume.type)
    let grid = BrickGrid(size: box.size, brick: plan.block)
    let meter = meter
    try await OrderedPipeline.run(count: grid.count, workers: plan.workers) {
    } produce: { _, place in
      let part = grid.box(at: grid.index(at: place)).translated(by: box.origin)
      let piece = PreviewStrip(part, type: volume.type)
      volume.willRead(part)
      defer { volume.didRead(part) }
      try volume.read(into: &piece.block)
      return piece
    } commit: { _, piece in
      piece.withView { strip.block.copy(from: $0) }
      meter.add(voxels: piece.block.box.count, voxelBytes: piece.block.byteCount, items: 1)
      return nil
    }
    if rows.count == volume.size.y { kept[layer] = strip }
    return strip
  }
}
