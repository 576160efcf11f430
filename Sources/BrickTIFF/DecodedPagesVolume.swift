internal import BrickCore
internal import BrickFiles

/// Pages that libtiff decodes: only the strips or tiles a box touches, through the shared cache.
///
/// Axes are z (the order of `pages`, each with its planes), y, x.
struct DecodedPagesVolume: Volume {
  let type: VoxelType
  let size: Index3
  private let source: TIFFSource
  /// The source's page for each plane, or each group of planes where a page has a depth.
  private let pages: [Int]
  /// Planes of each page.
  private let depth: Int

  /// What a decoder keeps besides a piece: dictionaries of LZMA are the largest.
  private static let decoderBytes = 1 << 20

  /// All pages have the size and type of the first; how they are cut and compressed may differ.
  init(source: TIFFSource, pages: [Int], layout: PageLayout) {
    self.source = source
    self.pages = pages
    depth = layout.size.z
    type = layout.type
    size = Index3(z: pages.count * depth, y: layout.size.y, x: layout.size.x)
  }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    guard !block.box.isEmpty else { return }
    let box = block.box
    // Neighbouring blocks want the same pieces: what another thread is decoding is left for the end, so that the
    // threads share the work instead of waiting for each other.
    var busy: [(number: Int, box: Box3, page: Int, start: Index3)] = []
    for place in box.origin.z / depth...(box.end.z - 1) / depth {
      let page = pages[place]
      let start = Index3(z: place * depth, y: 0, x: 0)
      let layout = try source.layout(ofPage: page)
      let wanted = box.translated(by: .zero - start)
        .intersection(Box3(size: layout.size))
      try layout.forEachPiece(in: wanted) { number, pieceBox in
        if let piece = try source.pieceUnlessBusy(number, box: pieceBox, ofPage: page) {
          copy(piece.block, at: pieceBox.translated(by: start), to: &block)
        } else {
          busy.append((number, pieceBox, page, start))
        }
      }
    }
    for rest in busy {
      let piece = try source.piece(rest.number, box: rest.box, ofPage: rest.page)
      copy(piece.block, at: rest.box.translated(by: rest.start), to: &block)
    }
  }

  /// Copies the voxels of a piece whose box in the volume is `box`.
  private func copy(_ piece: borrowing VoxelBlock, at box: Box3, to block: inout VoxelBlock) {
    let row = box.size.x * type.byteCount
    block.copy(
      from: VoxelView(
        piece.bytes, box: box, type: type, rowStride: row, planeStride: row * box.size.y))
  }

  /// The pieces of the first page that the box touches, for each page: pages may differ, but rarely do.
  func decodedBytes(reading box: Box3) -> Int {
    guard !box.isEmpty, let layout = source.layouts.first else { return 0 }
    var bytes = 0
    let onPage = Box3(
      origin: Index3(z: 0, y: box.origin.y, x: box.origin.x),
      size: Index3(z: depth, y: box.size.y, x: box.size.x))
    layout.forEachPiece(in: onPage.intersection(Box3(size: layout.size))) { _, _ in
      bytes += BlockStorage.footprint(of: layout.pieceBytes)
    }
    return bytes * ((box.end.z - 1) / depth - box.origin.z / depth + 1)
  }

  func scratchBytes(reading size: Index3) -> Int {
    let largest = source.layouts.map(\.pieceBytes).max() ?? 0
    return BlockStorage.footprint(of: largest) + Self.decoderBytes
  }
}
