public import BrickCore

/// Finds the labels that occur in boxes of a tile.
///
/// Labels below eight million set a bit, of at most 1 MiB; larger ones go into a hash table of 8 to 11 bytes a label.
/// A run of equal labels is looked at once.
public struct LabelCollector: Sendable {
  /// A bit for each small label; bit 0 says that there is background.
  private var bits = [UInt64](repeating: 0, count: 16)
  private var large = LabelHashSet()
  private static let smallLabels: UInt64 = 1 << 23

  /// A collector that has seen nothing.
  public init() {}

  /// Bytes it takes now.
  package var byteCount: Int { bits.count * 8 + large.byteCount }

  /// Bytes it takes at most for `voxels` voxels.
  package static func byteCount(voxels: Int) -> Int {
    var slots = 64
    while slots * 3 < voxels * 4 { slots *= 2 }
    return Int(smallLabels / 8) + slots * 8 * 3 / 2
  }

  /// Takes in the labels of `view`, a box of `tile` in the tile's own coordinates.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput`, naming tile, voxel and value, if a label is negative.
  public mutating func add(_ view: borrowing VoxelView, of tile: LabelTile) throws {
    switch view.type.byteCount {
    case 1: try addRows(view, UInt8.self, tile)
    case 2: try addRows(view, UInt16.self, tile)
    case 4: try addRows(view, UInt32.self, tile)
    default: try addRows(view, UInt64.self, tile)
    }
  }

  @inline(__always)
  private mutating func addRows<V: FixedWidthInteger & BitwiseCopyable>(
    _ view: borrowing VoxelView, _: V.Type, _ tile: LabelTile
  ) throws {
    let box = view.box
    guard !box.isEmpty else { return }
    let limit = largestLabel(view.type)
    var last: V?
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let row = Span<V>(_bytes: view.bytes.extracting(view.rowRange(z: z, y: y)))
        let count = row.count
        var i = 0
        while i < count {
          let value = row[i]
          if value != last {
            let label = UInt64(value)
            if label > limit {
              throw tile.negativeLabel(
                signedValue(label, view.type), at: Index3(z: z, y: y, x: box.origin.x + i))
            }
            insert(label)
            last = value
          }
          i = runEnd(row, from: i + 1, of: value)
        }
      }
    }
  }

  /// Takes in one label.
  @inline(__always)
  package mutating func insert(_ label: UInt64) {
    let word = Int(truncatingIfNeeded: label >> 6)
    if label < Self.smallLabels {
      if word >= bits.count { grow(to: word) }
      bits[word] |= 1 << (label & 63)
    } else {
      large.insert(label)
    }
  }

  private mutating func grow(to word: Int) {
    var count = bits.count
    while count <= word { count *= 2 }
    bits += [UInt64](repeating: 0, count: count - bits.count)
  }

  /// Takes in labels that another collector found.
  package mutating func insert(_ labels: [UInt64]) { for label in labels { insert(label) } }

  /// Hands out all labels, background included, ascending, and starts again.
  public mutating func take() -> [UInt64] {
    var labels: [UInt64] = []
    for word in bits.indices {
      var left = bits[word]
      while left != 0 {
        labels.append(UInt64(word * 64 + left.trailingZeroBitCount))
        left &= left - 1
      }
    }
    // A large label once seen need not be paid for by each small box that follows.
    let used = bits.lastIndex { $0 != 0 } ?? 0
    var count = bits.count
    while count > 16 && used * 8 < count { count /= 2 }
    bits = [UInt64](repeating: 0, count: count)
    labels += large.take().sorted()
    return labels
  }
}
