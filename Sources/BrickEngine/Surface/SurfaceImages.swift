internal import BrickCore
internal import BrickSurface
internal import Synchronization

/// The images of one surface while they grow, band by band.
struct SurfaceImages {
  let side: SurfaceSide
  private let intensity: ImageFile
  private let planes: ImageFile
  private let size: Index3
  private var dilation: PlaneDilation
  /// Rows whose dilated planes are complete and written.
  private var done = 0
  private var found = 0
  private var range: ClosedRange<Int>?

  init(_ side: SurfaceSide, of source: any Volume, in folder: String) throws {
    self.side = side
    size = source.size
    intensity = try ImageFile(width: size.x, type: source.type, in: folder)
    planes = try ImageFile(width: size.x, type: .int32, in: folder)
    dilation = PlaneDilation(width: size.x, side: side, reach: SurfaceJob.reach)
  }

  /// The images as far as they are.
  var surface: Surface {
    Surface(
      side: side, intensity: intensity.volume, planes: planes.volume, found: found, range: range)
  }

  /// Dilates the mask of the next band, and takes the voxels of the rows that are then complete.
  mutating func add(_ band: BandPlanes, isLast: Bool, _ reader: ColumnReader) async throws {
    let complete = dilated(band, isLast: isLast)
    guard !complete.isEmpty else { return }
    let rows = BandPlanes(
      rows: done..<done + complete.count / size.x, width: size.x, planes: complete)
    count(rows)
    try planes.append(complete)
    let voxels = try await reader.gather(rows, from: side)
    try intensity.append(voxels.block)
    done = rows.rows.upperBound
  }

  private mutating func dilated(_ band: BandPlanes, isLast: Bool) -> [Int32] {
    var complete: [Int32] = []
    complete.reserveCapacity((band.rows.count + 2 * SurfaceJob.reach) * size.x)
    for y in band.rows {
      if let row = dilation.add(band.row(y)) { complete += row }
    }
    if isLast { for row in dilation.finish() { complete += row } }
    return complete
  }

  private mutating func count(_ rows: BandPlanes) {
    var (least, most) = (Int32.max, Int32.min)
    for plane in rows.planes where plane >= 0 {
      found += 1
      least = min(least, plane)
      most = max(most, plane)
    }
    guard least <= most else { return }
    let own = Int(least)...Int(most)
    range =
      range.map { min($0.lowerBound, own.lowerBound)...max($0.upperBound, own.upperBound) } ?? own
  }
}

extension ColumnReader {
  /// A part of an image that voxels are gathered into.
  private final class Part: Sendable {
    let planes: BandPlanes
    let columns: Box3
    let block: Mutex<VoxelBlock>

    init(_ rows: BandPlanes, columns: Box3, type: VoxelType) {
      self.columns = columns
      let y = columns.origin.y..<columns.end.y
      var own: [Int32] = []
      own.reserveCapacity(columns.size.y * columns.size.x)
      for row in y {
        let all = rows.row(row)
        own += all[all.startIndex + columns.origin.x..<all.startIndex + columns.end.x]
      }
      planes = BandPlanes(rows: y, width: columns.size.x, planes: own)
      var empty = VoxelBlock(columns, type: type)
      empty.clear()
      block = Mutex(empty)
    }

    /// For each slab of so many planes that a column's plane lies in, the box around those voxels.
    func boxes(slab: Int) -> [Int: Box3] {
      var boxes: [Int: (first: Index3, last: Index3)] = [:]
      var place = 0
      for y in columns.origin.y..<columns.end.y {
        for x in columns.origin.x..<columns.end.x {
          let z = Int(planes.planes[place])
          place += 1
          guard z >= 0 else { continue }
          let voxel = Index3(z: z, y: y, x: x)
          let known = boxes[z / slab] ?? (voxel, voxel)
          boxes[z / slab] = (known.first.minimum(voxel), known.last.maximum(voxel))
        }
      }
      return boxes.mapValues { Box3(from: $0.first, to: $0.last + .one) }
    }
  }

  /// The voxels at the planes of some rows, 0 where there is no plane: a block of one plane.
  ///
  /// Only boxes around those voxels are read, slab by slab.
  func gather(_ rows: BandPlanes, from side: SurfaceSide) async throws -> PieceCache.Piece {
    let type = source.type
    // Parts as wide as a brick, so that little is read in vain where a surface is steep.
    let part = Index3(z: 1, y: 64, x: 64)
    let image = Box3(
      from: Index3(z: 0, y: rows.rows.lowerBound, x: 0),
      to: Index3(z: 1, y: rows.rows.upperBound, x: rows.width))
    let grid = BrickGrid(size: Index3(z: 1, y: image.end.y, x: image.end.x), brick: part)
    var parts: [Part] = []
    grid.indices(intersecting: image).forEachPosition { place in
      parts.append(Part(rows, columns: grid.box(at: place).intersection(image), type: type))
    }
    let slab = plan.block.z
    let steps = parts.enumerated().flatMap { place, part in
      part.boxes(slab: slab).map { (slab: $0.key, part: place, box: $0.value) }
    }.sorted { ($0.slab, $0.part) < ($1.slab, $1.part) }
    let all = parts
    try await OrderedPipeline.run(count: steps.count, workers: plan.workers) {
      PartScratch()
    } produce: { [self] worker, number in
      let (_, place, box) = steps[number]
      source.willRead(box)
      try withVoxels(of: box, scratch: &worker.voxels) { view in
        let planes = all[place].planes.planes
        all[place].block.withLock { $0.gather(view, at: planes.span) }
      }
      source.didRead(box)
    } commit: { _, _ in
      nil
    }
    var voxels = VoxelBlock(image, type: type)
    for part in parts { part.block.withLock { voxels.copy(from: VoxelView($0)) } }
    return PieceCache.Piece(voxels)
  }

  private final class PartScratch: @unchecked Sendable {
    // @unchecked: one worker uses it.
    var voxels = VoxelBlock()
  }
}
