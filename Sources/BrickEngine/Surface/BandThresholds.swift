internal import BrickCore

/// The thresholds of a band's columns, x fastest.
struct BandThresholds: Sendable {
  private(set) var values: [Double]
  /// Whether a voxel of the column is above its threshold, as far as that is known: others need not be searched.
  private(set) var mayBeExceeded: [Bool]

  /// Thresholds that were not made of the volume.
  init(given values: [Double]) {
    self.values = values
    mayBeExceeded = Array(repeating: true, count: values.count)
  }

  /// Thresholds put together from those of blocks, in their order.
  init(_ grid: ColumnGrid, _ blocks: (_ place: Int) -> (values: [Double], areExceeded: [Bool])) {
    let columns = grid.band.size.y * grid.band.size.x
    values = Array(repeating: 0, count: columns)
    mayBeExceeded = Array(repeating: false, count: columns)
    for (place, box) in grid.blocks.enumerated() {
      let found = blocks(place)
      for y in 0..<box.size.y {
        let start = (box.origin.y - grid.band.origin.y + y) * grid.band.size.x + box.origin.x
        for x in 0..<box.size.x {
          values[start + x] = found.values[y * box.size.x + x]
          mayBeExceeded[start + x] = found.areExceeded[y * box.size.x + x]
        }
      }
    }
  }

  /// Those of a block's columns; NaN, which nothing exceeds, where no search is needed.
  func searched(_ box: Box3, of band: Box3) -> [Double] {
    var found: [Double] = []
    found.reserveCapacity(box.size.y * box.size.x)
    for y in box.origin.y..<box.end.y {
      let start = (y - band.origin.y) * band.size.x
      for place in start + box.origin.x..<start + box.end.x {
        found.append(mayBeExceeded[place] ? values[place] : .nan)
      }
    }
    return found
  }
}
