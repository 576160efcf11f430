import BrickCore
import BrickFiles
import BrickLabels
import BrickTestSupport
import Dispatch
import Testing

/// One label's numbers as a dictionary gathers them, voxel by voxel.
private struct Gathered {
  var voxels = 0
  var sums = (z: Int128(0), y: Int128(0), x: Int128(0))
  var box = Box3(size: .zero)
}

/// The table by its definition.
private func gather<V: Voxel & FixedWidthInteger>(
  _ voxels: [V], size: Index3, origin: Index3
) -> [ObjectRecord] {
  var objects: [UInt64: Gathered] = [:]
  var place = 0
  Box3(origin: origin, size: size).forEachPosition { at in
    let label = UInt64(truncatingIfNeeded: voxels[place])
    place += 1
    guard label != 0 else { return }
    var object = objects[label] ?? Gathered()
    object.voxels += 1
    object.sums.z += Int128(at.z)
    object.sums.y += Int128(at.y)
    object.sums.x += Int128(at.x)
    object.box = object.box.union(Box3(origin: at, size: .one))
    objects[label] = object
  }
  return objects.map { label, object in
    ObjectRecord(
      label: label, voxels: object.voxels, sumZ: object.sums.z, sumY: object.sums.y,
      sumX: object.sums.x, box: object.box)
  }.sorted { $0.label < $1.label }
}

/// Labels as segmentations have them: runs of few labels, or noise of many, up to the type's largest.
private func labels<V: Voxel & FixedWidthInteger>(
  _ count: Int, using random: inout SplitMix64
) -> [V] {
  let kinds = [2, 5, 40].randomElement(using: &random) ?? 2
  let palette =
    [0, 0, 1, V.max, V.max - 1]
    + (0..<kinds).map { _ in V.random(in: 0...V.max, using: &random) }
  let change = [1, 3, 30].randomElement(using: &random) ?? 1
  var last: V = 0
  return (0..<count).map { _ in
    if Int.random(in: 0..<change, using: &random) == 0 {
      last = palette[Int.random(in: 0..<palette.count, using: &random)]
    }
    return last
  }
}

/// Shows the collector all blocks of a grid in a random order, some of them at the same time.
private func show(
  _ volume: any Volume, at origin: Index3, brick: Index3, to collector: ObjectCollector,
  concurrently: Bool, using random: inout SplitMix64
) throws {
  let grid = BrickGrid(size: volume.size, brick: brick)
  let order = (0..<grid.count).shuffled(using: &random)
  @Sendable func add(_ place: Int) throws {
    var scratch = VoxelBlock()
    try volume.withVoxels(of: grid.box(at: grid.index(at: place)), scratch: &scratch) {
      try collector.add($0.translated(by: origin))
    }
  }
  if concurrently {
    DispatchQueue.concurrentPerform(iterations: order.count) { try? add(order[$0]) }
  } else {
    for place in order { try add(place) }
  }
}

private func forInteger(
  _ type: VoxelType, _ body: (any (Voxel & FixedWidthInteger).Type) throws -> Void
) rethrows {
  if let integer = type.swiftType as? any (Voxel & FixedWidthInteger).Type { try body(integer) }
}

@Suite struct ObjectTableTests {
  static let integers = VoxelType.allCases.filter { !$0.isFloat }
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func collector(_ type: VoxelType, limit: Int = 1 << 20, memory: Int = 4 << 20) throws
    -> ObjectCollector
  {
    try ObjectCollector(
      type: type, memory: memory, scratchFolder: folder.path, recordLimit: limit)
  }

  @Test(arguments: integers) func tablesEqualADictionaryWhateverTheBlocks(type: VoxelType) throws {
    func run<V: Voxel & FixedWidthInteger>(_: V.Type) throws {
      var random = SplitMix64(seed: 21)
      for round in 0..<80 {
        var size = Index3.random(in: 1...12, using: &random)
        if round % 3 == 0 { size.x = Int.random(in: 1...200, using: &random) }
        let voxels: [V] = labels(size.volume, using: &random)
        // Far from zero now and then, where sums pass 64 bits, and before it.
        let far = [0, 0, 1 << 40, -(1 << 33)].randomElement(using: &random) ?? 0
        let origin = Index3.random(in: 0...9, using: &random) + Index3(repeating: far)
        // 1 label in memory at least; runs beyond the fan-in of two at 1 byte of memory.
        let limit = [1, 2, 3, 10, 1000].randomElement(using: &random) ?? 1
        let memory = [1, 1 << 20].randomElement(using: &random) ?? 1
        let collector = try self.collector(type, limit: limit, memory: memory)
        try show(
          ArrayVolume(voxels, size: size), at: origin,
          brick: .random(in: 1...9, using: &random), to: collector, concurrently: round % 2 == 0,
          using: &random)
        let table = try collector.finish()
        let expected = gather(voxels, size: size, origin: origin)
        #expect(try table.records() == expected, "round \(round)")
        #expect((table.spilledBytes > 0) == (expected.count > limit), "round \(round)")
        #expect(table.spilledBytes > 0 || table.count == expected.count)
        // A second walk gives the same, and the collector starts anew.
        #expect(try table.records() == expected)
        #expect(try collector.finish().records().isEmpty)
      }
    }
    try forInteger(type) { try run($0) }
  }

  @Test func largestLabelsAndSumsBeyond64BitsAreExact() throws {
    let collector = try self.collector(.uint64)
    let origin = Index3(z: 1 << 40, y: (1 << 40) - 7, x: 1 << 39)
    let size = Index3(z: 1, y: 256, x: 256)
    let labels: [UInt64] = [1 << 63, UInt64(UInt32.max), .max, 1]
    let slices = 1 << 9
    for (place, label) in labels.enumerated() {
      let block = VoxelBlock(
        [UInt64](repeating: label, count: size.volume),
        box: Box3(origin: origin + Index3(z: 0, y: 0, x: place * size.x), size: size))
      for slice in 0..<slices {
        try collector.add(
          VoxelView(block).translated(by: Index3(z: slice * size.z, y: 0, x: 0)))
      }
    }
    let records = try collector.finish().records()
    #expect(records.map(\.label) == [1, UInt64(UInt32.max), 1 << 63, .max])
    for record in records {
      #expect(record.voxels == slices * size.volume)
      let planes = Int128(slices * size.z)
      let sum = Int128(size.y * size.x) * (planes * Int128(origin.z) + planes * (planes - 1) / 2)
      #expect(record.sumZ == sum)
      #expect(sum > Int128(UInt64.max))
      #expect(record.centroid.z == Double(origin.z) + Double(slices * size.z - 1) / 2)
      #expect(record.box.size == Index3(z: slices * size.z, y: 256, x: 256))
    }
  }

  @Test func noiseOfMoreLabelsThanABlockHoldsIsComplete() throws {
    // 40 000 labels in one block: its table is handed on in the middle of a row.
    let size = Index3(z: 2, y: 2, x: 10_000)
    let voxels = (0..<size.volume).map { UInt32($0 * 2_654_435_761 & 0xFFFF_FFFF) | 1 }
    let collector = try self.collector(.uint32, limit: 777)
    let volume = ArrayVolume(voxels, size: size)
    var scratch = VoxelBlock()
    try volume.withVoxels(of: volume.bounds, scratch: &scratch) { try collector.add($0) }
    #expect(try collector.finish().records() == gather(voxels, size: size, origin: .zero))
  }

  @Test func recordsOfSeveralCollectorsAddUp() throws {
    var random = SplitMix64(seed: 22)
    let size = Index3(z: 8, y: 9, x: 10)
    let voxels: [UInt16] = labels(size.volume, using: &random)
    let volume = ArrayVolume(voxels, size: size)
    let whole = try collector(.uint16, limit: 3)
    for z in 0..<size.z {
      let part = try collector(.uint16)
      var scratch = VoxelBlock()
      let plane = Box3(
        origin: Index3(z: z, y: 0, x: 0), size: Index3(z: 1, y: size.y, x: size.x))
      try volume.withVoxels(of: plane, scratch: &scratch) { try part.observe($0) }
      try whole.add(try part.finish().records())
    }
    #expect(try whole.finish().records() == gather(voxels, size: size, origin: .zero))
  }

  @Test func negativeLabelsAndFloatsAreRefusedWithTheirPlace() throws {
    for type in [VoxelType.float32, .float64] {
      let error = #expect(throws: BrickworkError.self) { try self.collector(type) }
      #expect(error?.code == .badRequest)
    }
    let collector = try self.collector(.int16)
    let block = VoxelBlock([0, 5, 5, -300] as [Int16], box: Box3(size: Index3(z: 1, y: 2, x: 2)))
    let error = #expect(throws: BrickworkError.self) {
      try collector.add(VoxelView(block).translated(by: Index3(z: 7, y: 0, x: 0)))
    }
    #expect(error?.reason == "the label -300 is negative")
    #expect(error?.place == "voxel (z 7, y 1, x 1)")
    let positive = VoxelBlock([0, Int64.max], box: Box3(size: Index3(z: 1, y: 1, x: 2)))
    let wide = try self.collector(.int64)
    try wide.add(VoxelView(positive))
    #expect(try wide.finish().records().map(\.label) == [UInt64(Int64.max)])
  }

  @Test func aMissingScratchFolderIsAnErrorAndNoFileStaysBehind() throws {
    let missing = try ObjectCollector(
      type: .uint8, memory: 1, scratchFolder: folder("nowhere"), recordLimit: 1)
    let block = VoxelBlock([1, 2, 3] as [UInt8], box: Box3(size: Index3(z: 1, y: 1, x: 3)))
    #expect(throws: BrickworkError.self) { try missing.add(VoxelView(block)) }
    let spilling = try collector(.uint8, limit: 1)
    try spilling.add(VoxelView(block))
    let table = try spilling.finish()
    #expect(table.spilledBytes > 0)
    #expect(try Files.names(in: folder.path).isEmpty)
    #expect(try table.records().count == 3)
  }
}
