import Brickwork
import CYardsticks

/// Relabelling, pairs of labels, sums of coordinates.
var labelContests: [() throws -> Contest] {
  var contests: [() throws -> Contest] = []
  for type in VoxelType.allCases where type.isUnsigned {
    contests.append { try relabeling(type) }
    contests.append { try counting(type) }
    contests.append { try summing(type) }
  }
  for type in [VoxelType.uint32, .uint64] { contests.append { try relabelingSparse(type) } }
  return contests
}

private func tile(_ bytes: Bytes, _ type: VoxelType, number: Int = 0) throws -> LabelTile {
  let array = Array(UnsafeRawBufferPointer(start: bytes.start, count: bytes.count))
  return try LabelTile(
    ArrayVolume(bytes: array, type: type, size: size), number: number, origin: .zero,
    name: "tile \(number)")
}

private func relabeling(_ type: VoxelType) throws -> Contest {
  let source = blobs(type, seed: 10)
  let map = TileLabelMap(
    LabelSet(1...200), newLabels: PackedLabels((1...200).map { $0 * 7 + 100_000 }))
  let volume = try RelabeledVolume(try tile(source, type), with: map, type: .uint32)
  let to = Brick(size, .uint32)
  let expected = Bytes(size.volume * 4)
  var table = [UInt32](repeating: 0, count: 256)
  for label in 1...200 { table[label] = UInt32(label * 7 + 100_000) }
  return Contest(
    kernel: "relabel", variant: "\(type) dense", byteCount: source.count,
    ours: { try volume.read(into: &to.block) },
    yardstick: {
      yard_relabel(
        type.number, source.start, expected.start.assumingMemoryBound(to: UInt32.self), table,
        size.volume)
    },
    difference: { expected.difference(from: to.block) })
}

private func relabelingSparse(_ type: VoxelType) throws -> Contest {
  let source = blobs(type, seed: 11, spreadLabels: true)
  let labels = (1...200).map { UInt64($0) * 20_000_003 }
  let map = TileLabelMap(LabelSet(labels), newLabels: PackedLabels((1...200).map { $0 + 5 }))
  let volume = try RelabeledVolume(try tile(source, type), with: map, type: .uint32)
  let to = Brick(size, .uint32)
  let expected = Bytes(size.volume * 4)
  let slots = 512
  let table = Bytes(slots * 16)
  let entries = table.start.bindMemory(to: UInt64.self, capacity: slots * 2)
  for (number, label) in labels.enumerated() {
    yard_table_insert(entries, slots, label, UInt64(number + 6))
  }
  return Contest(
    kernel: "relabel", variant: "\(type) sparse", byteCount: source.count,
    ours: { try volume.read(into: &to.block) },
    yardstick: {
      yard_relabel_hashed(
        type.number, source.start, expected.start.assumingMemoryBound(to: UInt32.self),
        table.start.assumingMemoryBound(to: UInt64.self), slots, size.volume)
    },
    difference: { expected.difference(from: to.block) })
}

private final class Pairs {
  var count = 0
  var voxels = 0
  var counter = OverlapCounter()
}

private func counting(_ type: VoxelType) throws -> Contest {
  let (a, b) = (blobs(type, seed: 12), blobs(type, seed: 13))
  let tiles = (first: try tile(a, type), second: try tile(b, type, number: 1))
  let (first, second) = (Brick(size, type, a), Brick(size, type, b))
  let ours = Pairs()
  let slots = 1 << 12
  let table = Bytes(slots * 24)
  let theirs = Pairs()
  return Contest(
    kernel: "pairs", variant: type.rawValue, byteCount: 2 * a.count,
    ours: {
      try first.read { first in
        try second.read { second in
          try ours.counter.add(VoxelView(first), VoxelView(second), of: tiles)
        }
      }
    },
    yardstick: {
      theirs.count += yard_pairs(
        type.number, a.start, b.start, table.start.assumingMemoryBound(to: UInt64.self), slots,
        size.volume)
    },
    // How often either ran is not known, so the pairs are counted anew.
    difference: {
      let clean = Bytes(slots * 24)
      let expected = yard_pairs(
        type.number, a.start, b.start, clean.start.assumingMemoryBound(to: UInt64.self), slots,
        size.volume)
      let found = ours.counter.take()
      _ = found
      return theirs.count == expected ? nil : "\(theirs.count) pairs, not \(expected)"
    })
}

private func summing(_ type: VoxelType) throws -> Contest {
  let source = blobs(type, seed: 14)
  let from = Brick(size, type, source)
  let collector = try ObjectCollector(type: type, memory: 64 << 20, scratchFolder: "/tmp")
  let rows = Bytes(256 * 4 * 8)
  return Contest(
    kernel: "centroids", variant: type.rawValue, byteCount: source.count,
    ours: { try from.read { try collector.add(VoxelView($0)) } },
    yardstick: {
      yard_centroids(
        type.number, source.start, rows.start.assumingMemoryBound(to: UInt64.self), 256, 64, 64, 64)
    },
    difference: {
      let expected = rows.start.assumingMemoryBound(to: UInt64.self)
      guard let records = try? collector.finish().records() else { return "no table" }
      for record in records {
        let row = expected.advanced(by: 4 * Int(record.label))
        guard record.voxels == Int(row[0]), record.sumZ == Int128(row[1]),
          record.sumY == Int128(row[2]), record.sumX == Int128(row[3])
        else { return "label \(record.label): \(record), not \(row[0]) voxels" }
      }
      return nil
    })
}
