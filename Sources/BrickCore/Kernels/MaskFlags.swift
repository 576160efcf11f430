/// Which voxels of a mask are inside: 1 for any value but 0 (NaN too), 0 for 0 and for what lies beyond the mask.
struct MaskFlags {
  /// The mask's voxels that are known, some perhaps beyond its end.
  let box: Box3
  /// One byte for each, x fastest.
  private var flags: [UInt8]
  private(set) var insideCount = 0

  /// Flags of a box, all outside.
  init(_ box: Box3) {
    self.box = box
    flags = [UInt8](repeating: 0, count: box.count)
  }

  var isEmpty: Bool { insideCount == 0 }
  var isFull: Bool { insideCount == flags.count }

  /// Takes the voxels of a view, whose box lies in this one and comes once.
  mutating func add(_ view: borrowing VoxelView) {
    precondition(box.contains(view.box), "The box \(view.box) does not lie in \(box)")
    switch view.type {
    case .uint8: mark(view, UInt8.self)
    case .uint16: mark(view, UInt16.self)
    case .uint32: mark(view, UInt32.self)
    case .uint64: mark(view, UInt64.self)
    case .int8: mark(view, Int8.self)
    case .int16: mark(view, Int16.self)
    case .int32: mark(view, Int32.self)
    case .int64: mark(view, Int64.self)
    case .float32: mark(view, Float.self)
    case .float64: mark(view, Double.self)
    }
  }

  private mutating func mark<V: Voxel>(_ view: borrowing VoxelView, _: V.Type) {
    let (part, width) = (view.box, view.box.size.x)
    guard !part.isEmpty else { return }
    var total = 0
    var taken = flags
    flags = []
    var target = taken.mutableSpan
    for z in part.origin.z..<part.end.z {
      for y in part.origin.y..<part.end.y {
        let row = view.row(z: z, y: y, as: V.self)
        let start = Self.start(box, z, y) + part.origin.x - box.origin.x
        var flagRow = target._mutatingExtracting(start..<start + width)
        mapRow(row, into: &flagRow) { $0 == V.zero ? 0 as UInt8 : 1 }
        var inside = 0
        for i in 0..<width { inside += Int(flagRow[i]) }
        total += inside
      }
    }
    flags = taken
    insideCount += total
  }

  /// Sets the voxels of `block` to 0 whose centres lie outside.
  func apply(_ scale: MaskScale, to block: inout VoxelBlock) {
    let type = block.type
    switch type.byteCount {
    case 1: clear(&block, .uint8, UInt8.self, scale)
    case 2: clear(&block, .uint16, UInt16.self, scale)
    case 4: clear(&block, .uint32, UInt32.self, scale)
    default: clear(&block, .uint64, UInt64.self, scale)
    }
    block.reinterpret(as: type)
  }

  /// +0 of every type is a voxel without bits.
  private func clear<V: Voxel & FixedWidthInteger>(
    _ block: inout VoxelBlock, _ type: VoxelType, _: V.Type, _ scale: MaskScale
  ) {
    block.reinterpret(as: type)
    let part = block.box
    guard !part.isEmpty else { return }
    let places = (part.origin.x..<part.end.x).map { scale.place(of: $0, axis: 2) - box.origin.x }
    let isStraight = scale.mask.x == scale.volume.x
    let flags = flags.span
    let place = places.span
    for z in part.origin.z..<part.end.z {
      for y in part.origin.y..<part.end.y {
        let start = Self.start(box, scale.place(of: z, axis: 0), scale.place(of: y, axis: 1))
        let flagRow = flags.extracting(start..<start + box.size.x)
        var row = block.mutableRow(z: z, y: y, x: part.origin.x..<part.end.x, as: V.self)
        if isStraight {
          precondition(flagRow.count == row.count, "Both rows are equally long")
          for i in 0..<row.count {
            let (voxel, flag) = (row[i], flagRow[i])
            row[i] = flag == 0 ? 0 : voxel
          }
        } else {
          for i in 0..<row.count {
            let (voxel, flag) = (row[i], flagRow[place[i]])
            row[i] = flag == 0 ? 0 : voxel
          }
        }
      }
    }
  }

  private static func start(_ box: Box3, _ z: Int, _ y: Int) -> Int {
    ((z - box.origin.z) * box.size.y + y - box.origin.y) * box.size.x
  }
}
