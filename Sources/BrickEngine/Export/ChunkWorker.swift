internal import BrickBDV
internal import BrickCore

/// A chunk of an export, and its place.
struct PlacedChunk: Sendable {
  let level: Int
  /// The place in its level's grid of chunks.
  let index: Index3
  /// Nil where all voxels are zero.
  let chunk: EncodedChunk?
}

/// What one worker keeps between steps: an encoder, a block, and the coarser ones that follow from it.
final class ChunkWorker {
  private let encoder: BDVChunkEncoder
  private var block = VoxelBlock()
  private var coarse = VoxelBlock()
  private var coarser = VoxelBlock()

  init(encoder: BDVChunkEncoder) { self.encoder = encoder }

  /// Reads the block at `box` and encodes all chunks that follow from it.
  func encode(
    _ box: Box3, of source: any Volume, _ image: ExportImage, _ pass: ExportPass, setup: Int
  ) throws -> [PlacedChunk] {
    block.reshape(to: box, type: image.type)
    try source.read(into: &block)
    var chunks: [PlacedChunk] = []
    if pass.written.contains(pass.read) {
      try encode(block, image, pass.read, setup, into: &chunks)
    }
    let made = (pass.read + 1)..<pass.written.upperBound
    for number in made {
      let step = image.levels[number].step
      if number == made.lowerBound {
        block.reduced(by: step, image.reduction, into: &coarse)
      } else {
        coarse.reduced(by: step, image.reduction, into: &coarser)
        swap(&coarse, &coarser)
      }
      try encode(coarse, image, number, setup, into: &chunks)
    }
    return chunks
  }

  private func encode(
    _ block: borrowing VoxelBlock, _ image: ExportImage, _ number: Int, _ setup: Int,
    into chunks: inout [PlacedChunk]
  ) throws {
    let grid = image.levels[number].grid
    let view = VoxelView(block)
    let inside = grid.indices(intersecting: block.box)
    for z in inside.origin.z..<inside.end.z {
      for y in inside.origin.y..<inside.end.y {
        for x in inside.origin.x..<inside.end.x {
          // A slow codec may take a second for a chunk, and Ctrl-C should not.
          try Task.checkCancellation()
          let index = Index3(z: z, y: y, x: x)
          let chunk = try encoder.encode(
            view.cropped(to: grid.box(at: index)), level: number, setup: setup)
          chunks.append(PlacedChunk(level: number, index: index, chunk: chunk))
        }
      }
    }
  }
}
