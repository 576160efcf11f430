internal import BrickCore

/// Makes the rows of a preview from bands of the plane; small previews are kept, so that finding the contrast
/// and writing the picture read the volume once.
struct RowReader {
  private let preview: PlanePreview
  private let rowsPerBand: Int
  private var band: Range<Int> = 0..<0
  private var means: [Float] = []
  private var kept: [[Float]?]
  private var scratch = Scratch()

  /// A block that survives between bands.
  private final class Scratch {
    var block = VoxelBlock()
  }

  init(_ preview: PlanePreview) {
    self.preview = preview
    rowsPerBand = max(1, PlanePreview.bandRows / preview.factor)
    let isSmall = preview.width * preview.height <= PlanePreview.sampledPixels
    kept = isSmall ? Array(repeating: nil, count: preview.height) : []
  }

  /// The means of row `y` of the picture.
  mutating func row(_ y: Int) throws -> [Float] {
    if !kept.isEmpty, let row = kept[y] { return row }
    if !band.contains(y) {
      let first = y / rowsPerBand * rowsPerBand
      try read(first..<min(first + rowsPerBand, preview.height))
    }
    let width = preview.width
    if !kept.isEmpty {
      for other in band {
        let start = (other - band.lowerBound) * width
        kept[other] = Array(means[start..<start + width])
      }
    }
    let start = (y - band.lowerBound) * width
    return Array(means[start..<start + width])
  }

  private mutating func read(_ rows: Range<Int>) throws {
    let (volume, factor) = (preview.volume, preview.factor)
    var sums = [Double](repeating: 0, count: rows.count * preview.width)
    let end = min(rows.upperBound * factor, volume.size.y)
    for y in stride(from: rows.lowerBound * factor, to: end, by: PlanePreview.bandRows) {
      for x in stride(from: 0, to: volume.size.x, by: PlanePreview.bandColumns) {
        let box = Box3(
          from: Index3(z: preview.z, y: y, x: x),
          to: Index3(
            z: preview.z + 1, y: min(y + PlanePreview.bandRows, end),
            x: min(x + PlanePreview.bandColumns, volume.size.x)))
        volume.willRead(box)
        try volume.withVoxels(of: box, scratch: &scratch.block) { view in
          addVoxels(
            of: view, to: &sums, width: preview.width, factor: factor, firstRow: rows.lowerBound)
        }
        volume.didRead(box)
      }
    }
    means = sums.indices.map { place in
      let (y, x) = (rows.lowerBound + place / preview.width, place % preview.width)
      let count =
        min(factor, volume.size.y - y * factor) * min(factor, volume.size.x - x * factor)
      return Float(sums[place] / Double(count))
    }
    band = rows
  }
}

/// Adds the voxels of one plane to the sums of their pixels.
func addVoxels(
  of view: borrowing VoxelView, to sums: inout [Double], width: Int, factor: Int, firstRow: Int
) {
  // One switch per band: the loop below is specialised for each type in this module.
  switch view.type {
  case .uint8: add(view, UInt8.self, &sums, width, factor, firstRow)
  case .uint16: add(view, UInt16.self, &sums, width, factor, firstRow)
  case .uint32: add(view, UInt32.self, &sums, width, factor, firstRow)
  case .uint64: add(view, UInt64.self, &sums, width, factor, firstRow)
  case .int8: add(view, Int8.self, &sums, width, factor, firstRow)
  case .int16: add(view, Int16.self, &sums, width, factor, firstRow)
  case .int32: add(view, Int32.self, &sums, width, factor, firstRow)
  case .int64: add(view, Int64.self, &sums, width, factor, firstRow)
  case .float32: add(view, Float.self, &sums, width, factor, firstRow)
  case .float64: add(view, Double.self, &sums, width, factor, firstRow)
  }
}

private func add<V: Voxel>(
  _ view: borrowing VoxelView, _: V.Type, _ sums: inout [Double], _ width: Int, _ factor: Int,
  _ firstRow: Int
) {
  let box = view.box
  for y in box.origin.y..<box.end.y {
    let row = view.row(z: box.origin.z, y: y, as: V.self)
    let start = (y / factor - firstRow) * width
    var i = 0
    while i < row.count {
      let pixel = (box.origin.x + i) / factor
      let end = min(row.count, (pixel + 1) * factor - box.origin.x)
      var sum = 0.0
      while i < end {
        sum += row[i].asDouble
        i += 1
      }
      sums[start + pixel] += sum
    }
  }
}
