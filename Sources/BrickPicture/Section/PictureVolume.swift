public import BrickCore

/// The values of a picture's pixels, as a volume of one plane: rows are y and columns x.
///
/// Planes are projected, then blocks averaged, integers rounded half up once: the mean over planes and blocks is one
/// step. Blocks of labels become the label that most of their voxels have, as in a pyramid of labels. Each box reads the
/// voxels under its pixels and no others.
public struct PictureVolume: Volume {
  /// The volume below reduced to blocks; along the section's axis it has a size of 1.
  private let reduced: any Volume
  /// Where pixels lie.
  public let geometry: PictureGeometry

  /// The picture of a section of `volume`.
  ///
  /// - Parameter areLabels: whether blocks are reduced by majority, for integers.
  /// - Throws: `BrickworkError` with code `.badRequest` if labels are floats, or would be averaged.
  public init(_ volume: any Volume, _ geometry: PictureGeometry, areLabels: Bool = false) throws {
    if areLabels && volume.type.isFloat {
      throw BrickworkError(
        .badRequest, reason: "labels are integers, and these voxels are \(volume.type.rawValue)",
        remedy: "Show them without --labels")
    }
    if areLabels && geometry.section.projection == .mean {
      throw BrickworkError(
        .badRequest, reason: "labels can't be averaged", remedy: "Use --project max, or one plane")
    }
    self.geometry = geometry
    let section = geometry.section
    var shown = volume.cropped(to: section.box)
    switch section.projection {
    case .max: shown = ExtremeVolume(shown, along: section.axis.rawValue, maximum: true)
    case .min: shown = ExtremeVolume(shown, along: section.axis.rawValue, maximum: false)
    case .mean, nil: break
    }
    reduced = shown.downsampled(
      by: geometry.reduction, method: areLabels ? .majority : .mean)
  }

  /// The picture of plane `z` of a volume of cubic voxels, about 1500 pixels long unless another size is given.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such plane.
  public init(_ volume: any Volume, z: Int, fitting fit: PictureFit = .about(1500)) throws {
    try self.init(
      volume,
      PictureGeometry(
        Section(.z, at: z, in: volume.bounds), spacing: .unknown, fitting: fit))
  }

  /// The volume's type.
  public var type: VoxelType { reduced.type }
  /// One plane of the picture's rows and columns.
  public var size: Index3 { Index3(z: 1, y: geometry.height, x: geometry.width) }

  /// Reads the blocks under the box's pixels.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    guard !block.box.isEmpty else { return }
    let source = source(of: block.box)
    var scratch = VoxelBlock(source, type: type)
    try reduced.read(into: &scratch)
    // Along its axis the section has one voxel: rows follow one another as the picture's do.
    let box = block.box
    if geometry.rows.isEven && geometry.columns.isEven {
      let row = box.size.x * type.byteCount
      block.copy(
        from: VoxelView(
          scratch.bytes, box: box, type: type, rowStride: row, planeStride: row * box.size.y))
      return
    }
    let (rows, columns) = (geometry.rows, geometry.columns)
    let (top, left) = (rows.group(of: box.origin.y), columns.group(of: box.origin.x))
    let places = Places(
      rows: (box.origin.y..<box.end.y).map { rows.group(of: $0) - top },
      columns: (box.origin.x..<box.end.x).map { columns.group(of: $0) - left },
      width: columns.groups(of: box.origin.x..<box.end.x).count)
    switch type.byteCount {
    case 1: pick(places, from: &scratch, .uint8, UInt8.self, into: &block)
    case 2: pick(places, from: &scratch, .uint16, UInt16.self, into: &block)
    case 4: pick(places, from: &scratch, .uint32, UInt32.self, into: &block)
    default: pick(places, from: &scratch, .uint64, UInt64.self, into: &block)
    }
  }

  /// The groups that the rows and columns of a box show, counted from the first one.
  private struct Places {
    var rows: [Int]
    var columns: [Int]
    /// Groups from one row of them to the next.
    var width: Int
  }

  /// Moves voxels, of which the width alone matters.
  private func pick<V: Voxel>(
    _ places: Places, from scratch: inout VoxelBlock, _ twin: VoxelType, _: V.Type,
    into block: inout VoxelBlock
  ) {
    scratch.reinterpret(as: twin)
    block.reinterpret(as: twin)
    let source = scratch.voxels(as: V.self)
    var target = block.mutableVoxels(as: V.self)
    var place = 0
    for row in places.rows {
      for column in places.columns {
        target[place] = source[row * places.width + column]
        place += 1
      }
    }
    block.reinterpret(as: type)
  }

  /// The box of the reduced volume under the pixels of a box.
  private func source(of box: Box3) -> Box3 {
    guard !box.isEmpty else { return Box3(size: .zero) }
    let rows = geometry.rows.groups(of: box.origin.y..<box.end.y)
    let columns = geometry.columns.groups(of: box.origin.x..<box.end.x)
    var source = Box3(size: .one)
    source.origin[geometry.section.axis.rows] = rows.lowerBound
    source.size[geometry.section.axis.rows] = rows.count
    source.origin[geometry.section.axis.columns] = columns.lowerBound
    source.size[geometry.section.axis.columns] = columns.count
    return source
  }

  /// The blocks under the largest such box, and what reading them takes.
  public func scratchBytes(reading size: Index3) -> Int {
    guard size.volume > 0 else { return 0 }
    // A box elsewhere may show one more group along each side.
    func groups(_ axis: PictureAxis, _ count: Int) -> Int {
      min(axis.groups, axis.groups(of: 0..<min(count, axis.pixels)).count + (axis.isEven ? 0 : 1))
    }
    var groupsRead = Index3.one
    groupsRead[geometry.section.axis.rows] = groups(geometry.rows, size.y)
    groupsRead[geometry.section.axis.columns] = groups(geometry.columns, size.x)
    return reduced.bytesLending(groupsRead) + 16 * (size.y + size.x)
  }

  /// What the volume decodes for the blocks.
  public func decodedBytes(reading box: Box3) -> Int {
    reduced.decodedBytes(reading: source(of: box))
  }
  /// Tells the volume that the blocks will be read.
  public func willRead(_ box: Box3) { reduced.willRead(source(of: box)) }
  /// Tells the volume that the blocks are not needed for now.
  public func didRead(_ box: Box3) { reduced.didRead(source(of: box)) }
}
