public import BrickCore

/// The box that two tiles share, cut into cells whose sums are compared.
///
/// A cell averages noise and small shifts of one tile against the other away, and there are enough cells to tell what most
/// of them say from what a few do: bright things seen by one tile alone, or misplaced ones.
public struct SeamCells: Sendable, Hashable {
  /// The cells, in the order of the grid; places count from the corner of the shared box.
  public let grid: BrickGrid

  /// Cells there are at most, about.
  static let most = 4096
  /// Bytes of the sums of one seam.
  package static let bytes = 2 * most * MemoryLayout<SeamCell>.stride

  /// The cells of a shared box of this size: cubes of 4 voxels, or longer ones along its longest axes.
  public init(size: Index3) {
    var cell = Index3(repeating: 4).minimum(size.maximum(.one))
    while BrickGrid(size: size, brick: cell).count > Self.most {
      let counts = BrickGrid(size: size, brick: cell).counts
      let axis = (0..<3).max { counts[$0] < counts[$1] } ?? 0
      cell[axis] *= 2
    }
    grid = BrickGrid(size: size, brick: cell)
  }
}

/// What two tiles hold in one cell of the box they share, over the voxels that count in both.
public struct SeamCell: Sendable, Hashable {
  /// The cell's place in the grid.
  public var place = 0
  /// Voxels that count.
  public var count = 0
  /// The sum of the first tile's.
  public var first = 0.0
  /// The sum of the second tile's.
  public var second = 0.0

  /// The sums of a cell; of nothing, unless they are given.
  public init(place: Int = 0, count: Int = 0, first: Double = 0, second: Double = 0) {
    self.place = place
    self.count = count
    self.first = first
    self.second = second
  }

  /// The order in which cells are added up, whatever pieces they came in.
  package static func precedes(_ a: SeamCell, _ b: SeamCell) -> Bool { a.place < b.place }
}

extension SeamCells {
  /// The sums of the cells under a piece of the shared box.
  ///
  /// A voxel counts where neither tile holds zero, the largest value of its type, NaN or an infinity. Sums are the same
  /// for any pieces: a cell lies in one of them and is summed in one order.
  ///
  /// - Parameters:
  ///   - first: the first tile's voxels; whole cells, places counted from the corner of the shared box.
  ///   - second: the second one's, of the same type and box.
  public func sums(
    _ first: borrowing VoxelView, _ second: borrowing VoxelView
  ) -> [SeamCell] {
    precondition(first.box == second.box && first.type == second.type, "Both show one box")
    return switch first.type {
    case .uint8: sums(first, second, UInt8.self, UInt8.max)
    case .uint16: sums(first, second, UInt16.self, UInt16.max)
    case .uint32: sums(first, second, UInt32.self, UInt32.max)
    case .uint64: sums(first, second, UInt64.self, UInt64.max)
    case .int8: sums(first, second, Int8.self, Int8.max)
    case .int16: sums(first, second, Int16.self, Int16.max)
    case .int32: sums(first, second, Int32.self, Int32.max)
    case .int64: sums(first, second, Int64.self, Int64.max)
    case .float32: sums(first, second, Float.self, Float.infinity)
    case .float64: sums(first, second, Double.self, Double.infinity)
    }
  }

  private func sums<V: Voxel>(
    _ first: borrowing VoxelView, _ second: borrowing VoxelView, _: V.Type, _ saturated: V
  ) -> [SeamCell] {
    let box = first.box
    let cells = grid.indices(intersecting: box)
    var row = [SeamCell](repeating: SeamCell(), count: cells.size.x)
    var found: [SeamCell] = []
    for cellZ in cells.origin.z..<cells.end.z {
      for cellY in cells.origin.y..<cells.end.y {
        for place in row.indices { row[place] = SeamCell() }
        let own = grid.box(at: Index3(z: cellZ, y: cellY, x: 0)).intersection(
          Box3(
            origin: Index3(z: box.origin.z, y: box.origin.y, x: 0),
            size: Index3(z: box.size.z, y: box.size.y, x: grid.size.x)))
        for z in own.origin.z..<own.end.z {
          for y in own.origin.y..<own.end.y {
            let a = first.row(z: z, y: y, as: V.self)
            let b = second.row(z: z, y: y, as: V.self)
            for cell in row.indices {
              let start = (cells.origin.x + cell) * grid.brick.x - box.origin.x
              var sum = row[cell]
              for x in max(0, start)..<min(a.count, start + grid.brick.x) {
                let (u, v) = (a[x], b[x])
                // Comparisons with NaN fail; −∞ is below every limit and zero is none.
                guard u < saturated, v < saturated, u != V.zero, v != V.zero,
                  u.asDouble > -.infinity, v.asDouble > -.infinity
                else { continue }
                sum.count += 1
                sum.first += u.asDouble
                sum.second += v.asDouble
              }
              row[cell] = sum
            }
          }
        }
        for cell in row.indices where row[cell].count > 0 {
          let index = Index3(z: cellZ, y: cellY, x: cells.origin.x + cell)
          row[cell].place = grid.linearIndex(of: index)
          found.append(row[cell])
        }
      }
    }
    return found
  }
}
