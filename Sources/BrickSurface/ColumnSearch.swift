public import BrickCore

/// Where columns of a volume first exceed their thresholds, looked for from one side, some planes at a time.
///
/// Looking (`hits(in:)`) changes nothing, so that several workers may look at different planes at once; what they found is
/// then noted (`note(_:)`) in the order of the planes. A column that was found costs a comparison in vector instructions
/// and nothing else.
public struct ColumnSearch: ~Copyable, Sendable {
  /// A voxel above the threshold of its column.
  public struct Hit: Sendable, Hashable {
    /// The column's place, x fastest.
    public var column: Int32
    /// The plane.
    public var z: Int32
  }

  /// The columns: y and x, and all planes.
  public let box: Box3
  /// From where planes come.
  public let side: SurfaceSide
  /// The plane of each column, x fastest; −1 while none is known.
  public private(set) var planes: [Int32]
  /// Columns of which a plane is still looked for.
  public private(set) var pending: Int
  /// What a voxel has to exceed; nothing exceeds the limit of a column that is found.
  private var limits: VoxelBlock

  /// Bytes for each column.
  public static func bytesPerColumn(type: VoxelType) -> Int { 4 + type.byteCount }

  /// Columns of voxels of `type` whose thresholds are `thresholds`, x fastest.
  ///
  /// A column whose threshold is NaN or infinite has no plane. Comparisons are exact, also for 64-bit integers.
  public init(_ box: Box3, type: VoxelType, side: SurfaceSide, thresholds: [Double]) {
    precondition(thresholds.count == box.size.y * box.size.x, "Each column has its threshold")
    self.box = box
    self.side = side
    planes = Array(repeating: -1, count: thresholds.count)
    pending = thresholds.count
    limits = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: thresholds.count)), type: type)
    let first = Int32(truncatingIfNeeded: side == .bottom ? box.origin.z : box.end.z - 1)
    switch type {
    case .uint8: Self.begin(thresholds, first, &limits, &planes, &pending, UInt8.self)
    case .uint16: Self.begin(thresholds, first, &limits, &planes, &pending, UInt16.self)
    case .uint32: Self.begin(thresholds, first, &limits, &planes, &pending, UInt32.self)
    case .uint64: Self.begin(thresholds, first, &limits, &planes, &pending, UInt64.self)
    case .int8: Self.begin(thresholds, first, &limits, &planes, &pending, Int8.self)
    case .int16: Self.begin(thresholds, first, &limits, &planes, &pending, Int16.self)
    case .int32: Self.begin(thresholds, first, &limits, &planes, &pending, Int32.self)
    case .int64: Self.begin(thresholds, first, &limits, &planes, &pending, Int64.self)
    case .float32: Self.begin(thresholds, first, &limits, &planes, &pending, Float.self)
    case .float64: Self.begin(thresholds, first, &limits, &planes, &pending, Double.self)
    }
  }

  private static func begin<V: SurfaceVoxel>(
    _ thresholds: [Double], _ first: Int32, _ limits: inout VoxelBlock, _ planes: inout [Int32],
    _ pending: inout Int, _: V.Type
  ) {
    var limits = limits.mutableVoxels(as: V.self)
    for (column, threshold) in thresholds.enumerated() {
      switch V.limit(threshold) {
      case .above(let limit): limits[column] = limit
      case .never:
        limits[column] = V.highest
        pending -= 1
      case .always:
        limits[column] = V.highest
        planes[column] = first
        pending -= 1
      }
    }
  }

  /// What voxels have to exceed now, for `hits(in:from:limits:)`; the copy may be used while others note what they found.
  public func copyLimits(into copy: inout VoxelBlock) {
    copy.reshape(to: limits.box, type: limits.type)
    copy.copy(from: VoxelView(limits))
  }

  /// The first plane, seen from `side`, at which each column of `view` exceeds its limit, for those that do.
  ///
  /// - Parameter limits: a copy, in which what was found is marked.
  public static func hits(
    in view: borrowing VoxelView, from side: SurfaceSide, limits: inout VoxelBlock
  ) -> [Hit] {
    precondition(
      limits.box.count == view.box.size.y * view.box.size.x && limits.type == view.type,
      "Each column has its limit")
    return switch view.type {
    case .uint8: hits(view, side, &limits, UInt8.self)
    case .uint16: hits(view, side, &limits, UInt16.self)
    case .uint32: hits(view, side, &limits, UInt32.self)
    case .uint64: hits(view, side, &limits, UInt64.self)
    case .int8: hits(view, side, &limits, Int8.self)
    case .int16: hits(view, side, &limits, Int16.self)
    case .int32: hits(view, side, &limits, Int32.self)
    case .int64: hits(view, side, &limits, Int64.self)
    case .float32: hits(view, side, &limits, Float.self)
    case .float64: hits(view, side, &limits, Double.self)
    }
  }

  private static func hits<V: SurfaceVoxel>(
    _ view: borrowing VoxelView, _ side: SurfaceSide, _ limits: inout VoxelBlock, _: V.Type
  ) -> [Hit] {
    let part = view.box
    let width = part.size.x
    var limits = limits.mutableVoxels(as: V.self)
    var found: [Hit] = []
    for y in part.origin.y..<part.end.y {
      let first = (y - part.origin.y) * width
      for step in 0..<part.size.z {
        let z = side == .bottom ? part.origin.z + step : part.end.z - 1 - step
        let row = view.row(z: z, y: y, as: V.self)
        var start = 0
        while start < width {
          let end = min(start + 64, width)
          let chunk = row.extracting(start..<end)
          if chunk.exceeds(limits.span.extracting(first + start..<first + end)) {
            for place in 0..<chunk.count where chunk[place] > limits[first + start + place] {
              limits[first + start + place] = V.highest
              found.append(
                Hit(
                  column: Int32(truncatingIfNeeded: first + start + place),
                  z: Int32(truncatingIfNeeded: z)))
            }
          }
          start = end
        }
      }
    }
    return found
  }

  /// Notes what was found in the next planes; columns that have a plane keep it.
  public mutating func note(_ hits: [Hit]) {
    switch limits.type {
    case .uint8: Self.note(hits, &limits, &planes, &pending, UInt8.self)
    case .uint16: Self.note(hits, &limits, &planes, &pending, UInt16.self)
    case .uint32: Self.note(hits, &limits, &planes, &pending, UInt32.self)
    case .uint64: Self.note(hits, &limits, &planes, &pending, UInt64.self)
    case .int8: Self.note(hits, &limits, &planes, &pending, Int8.self)
    case .int16: Self.note(hits, &limits, &planes, &pending, Int16.self)
    case .int32: Self.note(hits, &limits, &planes, &pending, Int32.self)
    case .int64: Self.note(hits, &limits, &planes, &pending, Int64.self)
    case .float32: Self.note(hits, &limits, &planes, &pending, Float.self)
    case .float64: Self.note(hits, &limits, &planes, &pending, Double.self)
    }
  }

  // Spans of one property and changes of another need them as arguments.
  private static func note<V: SurfaceVoxel>(
    _ hits: [Hit], _ limits: inout VoxelBlock, _ planes: inout [Int32], _ pending: inout Int,
    _: V.Type
  ) {
    var limits = limits.mutableVoxels(as: V.self)
    for hit in hits where planes[Int(hit.column)] < 0 {
      planes[Int(hit.column)] = hit.z
      limits[Int(hit.column)] = V.highest
      pending -= 1
    }
  }
}
