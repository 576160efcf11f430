import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import BrickZarr
import Testing

/// A small random image with time points and channels.
private struct SeriesCase: Sendable, CustomStringConvertible {
  var seed: UInt64
  var leading: LeadingAxes
  var type: VoxelType
  var size: Index3
  var brick: Index3
  var shard: Index3
  var levels: LevelCount
  var volumes: [ArrayVolume]

  init(seed: UInt64) {
    self.seed = seed
    var random = SplitMix64(seed: seed &+ 1000)
    func pick(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    let sizes: [Int?] = [nil, 1, 2, 3]
    leading = LeadingAxes(timepoints: sizes[pick(0...3)], channels: sizes[Int(seed) % 4])
    let type = VoxelType.allCases[Int(seed) % VoxelType.allCases.count]
    let size = Index3(z: pick(1...16), y: pick(1...20), x: pick(1...24))
    self.type = type
    self.size = size
    brick = Index3(z: pick(1...3), y: pick(1...3), x: pick(1...3))
    shard = brick * Index3(z: pick(1...4), y: pick(2...4), x: pick(2...4))
    levels = .exactly(pick(1...4))
    var volumes: [ArrayVolume] = []
    for _ in 0..<leading.count {
      volumes.append(RandomLayout.tile(type, size, using: &random).0)
    }
    self.volumes = volumes
  }

  var description: String {
    "\(leading.sizes) \(type) \(size) brick \(brick) shard \(shard) seed \(seed)"
  }

  func plan(_ path: String, _ leading: LeadingAxes) throws -> StorePlan {
    try StorePlan(
      path: path, size: size, type: type, voxelSize: .unknown, brick: brick, shard: shard,
      levels: levels, leading: leading)
  }

  func job(
    _ path: String, sources: [any Volume]? = nil, threads: Int = 3, memory: Int = 256 << 20
  ) throws -> StoreJob {
    StoreJob(
      path: path, sources: sources ?? volumes, plan: try plan(path, leading),
      description: StoreDescription(
        name: "s", voxelSize: .unknown,
        channelNames: (0..<(leading.channels ?? 1)).map { "channel name \($0)" },
        source: ["seed": .integer(Int64(seed))]),
      budget: MemoryBudget(byteCount: memory), threads: threads, cache: PieceCache(capacity: 0))
  }
}

private func shards(of store: String) throws -> [String: [UInt8]] {
  try contents(of: store).filter { $0.key.contains("/c/") }
}

/// A part has the files that a store of its volume alone has, byte for byte, one folder or two further down.
@Test(arguments: 0..<24)
func aPartIsStoredAsAVolumeOfItsOwn(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = SeriesCase(seed: seed)
  _ = try await c.job(folder("all.zarr")).run()
  let all = try shards(of: folder("all.zarr"))
  var expected: [String: [UInt8]] = [:]
  for (part, volume) in c.volumes.enumerated() {
    let path = folder("\(part).zarr")
    _ = try await StoreJob(
      path: path, source: volume, plan: try c.plan(path, .none),
      description: StoreDescription(
        name: "s", voxelSize: .unknown, channelName: "", source: [:]),
      budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0)
    ).run()
    let channels = c.leading.channels ?? 1
    let time = c.leading.timepoints == nil ? "" : "\(part / channels)/"
    let channel = c.leading.channels == nil ? "" : "\(part % channels)/"
    for (key, bytes) in try shards(of: path) {
      expected[key.replacing("/c/", with: "/c/\(time)\(channel)")] = bytes
    }
  }
  #expect(all.keys.sorted() == expected.keys.sorted(), "\(c)")
  for (key, bytes) in expected { #expect(all[key] == bytes, "\(key) of \(c)") }
}

@Test(arguments: 0..<16)
func channelsAndTimePointsReadBackByNumber(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = SeriesCase(seed: seed)
  let path = folder("s.zarr")
  let job = try c.job(path)
  _ = try await job.run()
  let image = try OMEZarrImage(path, cache: PieceCache(capacity: 1 << 20))
  #expect(image.info.timepoints == c.leading.timepoints ?? 1)
  #expect(image.info.channelNames == (0..<(c.leading.channels ?? 1)).map { "channel name \($0)" })
  for part in 0..<c.leading.count {
    let channel = c.leading.channel(of: part)
    let volume = try image.volume(channel: channel, timepoint: c.leading.timepoint(of: part))
    let block = try volume.block(of: volume.bounds)
    let source = try c.volumes[part].block(of: volume.bounds)
    let isSame = block.hasSameBytes(as: source)
    #expect(isSame, "part \(part) of \(c)")
  }
  let levels = job.plan.levels.count
  for level in 0..<levels {
    let array = try ArrayMetadata("\(path)/\(level)")
    #expect(array.dimensionNames == c.leading.names + ["z", "y", "x"])
    let ones = c.leading.sizes.map { _ in 1 }
    #expect(Array(array.fileShape.prefix(ones.count)) == ones)
    #expect(Array(array.brickShape.prefix(ones.count)) == ones)
    #expect(Array(array.shape.prefix(ones.count)) == c.leading.sizes)
  }
}

@Test(arguments: 0..<12)
func aSeriesDependsNeitherOnThreadsNorOnTheBudget(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = SeriesCase(seed: seed)
  _ = try await c.job(folder("a.zarr"), threads: 1, memory: 110 << 20).run()
  _ = try await c.job(folder("b.zarr"), threads: 7, memory: 2 << 30).run()
  let (a, b) = (try contents(of: folder("a.zarr")), try contents(of: folder("b.zarr")))
  #expect(a.keys.sorted() == b.keys.sorted())
  for (path, bytes) in a { #expect(b[path] == bytes, "\(path) of \(c)") }
}

@Test(arguments: 0..<12)
func anInterruptedSeriesContinues(seed: UInt64) async throws {
  let folder = try TemporaryFolder()
  let c = SeriesCase(seed: seed)
  _ = try await c.job(folder("a.zarr")).run()
  let store = folder("b.zarr")
  var random = SplitMix64(seed: seed)
  var attempts = 0
  while true {
    attempts += 1
    let reads = attempts > 6 ? Int.max : Int.random(in: 0...60, using: &random)
    let failing = FailingReads(after: reads)
    let before = (try? writingTimes(of: store)) ?? [:]
    do {
      _ = try await c.job(store, sources: c.volumes.map { failing.volume($0) }).run()
      let after = try writingTimes(of: store)
      for (path, time) in before where path.contains("/c/") && !path.hasPrefix("__") {
        #expect(after[path] == time, "\(path) was written again")
      }
      break
    } catch let error as BrickworkError where error.reason == "the disk is gone" {}
  }
  let (a, b) = (try contents(of: folder("a.zarr")), try contents(of: store))
  #expect(a.keys.sorted() == b.keys.sorted())
  for (path, bytes) in a { #expect(b[path] == bytes, "\(path) of \(c)") }
}

/// Each channel is shown between its own percentiles, taken over all time points.
@Test(arguments: [VoxelType.uint16, .float32])
func eachChannelHasItsOwnContrast(type: VoxelType) async throws {
  let folder = try TemporaryFolder()
  let size = Index3(z: 3, y: 10, x: 10)
  let leading = LeadingAxes(timepoints: 2, channels: 2)
  // 600 voxels per channel: 0, 1, 2 … in the first, 1000, 1001, … in the second.
  let volumes = (0..<4).map { part -> ArrayVolume in
    let first = part % 2 * 1000 + part / 2 * 300
    return type == .uint16
      ? ArrayVolume((0..<300).map { UInt16(first + $0) }, size: size)
      : ArrayVolume((0..<300).map { Float(first + $0) }, size: size)
  }
  let path = folder("s.zarr")
  _ = try await StoreJob(
    path: path, sources: volumes,
    plan: StorePlan(
      path: path, size: size, type: type, voxelSize: .unknown, brick: Index3(repeating: 4),
      leading: leading),
    description: StoreDescription(
      name: "s", voxelSize: .unknown, channelNames: ["DAPI", "GFP"], source: [:]),
    budget: MemoryBudget(byteCount: 256 << 20), threads: 2, cache: PieceCache(capacity: 0)
  ).run()
  let ome = try OMEZarrImage(path, cache: PieceCache(capacity: 0)).attributes["ome"]
  let channels = try #require(ome?["omero"]?["channels"]?.arrayValue)
  #expect(channels.map { $0["label"] } == ["DAPI", "GFP"])
  #expect(channels.map { $0["color"] } == ["FF00FF", "00FF00"])
  for (number, channel) in channels.enumerated() {
    let low = channel["window"]?["start"]?.doubleValue ?? -1
    let high = channel["window"]?["end"]?.doubleValue ?? -1
    // NumPy's percentiles of 0...599: linear between ranks.
    #expect(abs(low - (Double(number) * 1000 + 5.99)) < 1e-9)
    #expect(abs(high - (Double(number) * 1000 + 598.401)) < 1e-9)
  }
}
