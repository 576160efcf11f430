internal import BrickCore
internal import BrickFiles
internal import BrickStitch
internal import BrickTIFF

/// The tiles of a benchmark: overlapping pictures of one made-up sample, with a known truth.
struct BenchmarkScene: Sendable {
  let tileSize: Index3
  let placement: TilePlacement
  let fusion: Fusion
  /// The tiles, stored nowhere.
  private let pictures: [CameraVolume]

  static let voxelSize = VoxelSize(x: 0.16, y: 0.16, z: 0.4)
  private static let edges = stride(from: 2048, through: 64, by: -64)
  private static let mostPlanes = 512

  /// Tiles of at most `byteCount` bytes of voxels, and not much less: four or more, in rows that overlap by a tenth.
  init(byteCount: Int) throws {
    let voxels = max(1, byteCount / VoxelType.uint16.byteCount)
    let edge = Self.edges.first { $0 * $0 * $0 <= voxels } ?? 64
    let count = max(4, voxels / (edge * edge * Self.mostPlanes))
    let rows = max(2, Int(Double(count).squareRoot()))
    let columns = (count + rows - 1) / rows
    tileSize = Index3(z: max(1, voxels / (rows * columns * edge * edge)), y: edge, x: edge)
    var offsets: [Point3] = []
    for row in 0..<rows {
      for column in 0..<columns {
        // A stage never goes quite where it should.
        let error = (row * 7 + column * 3) % 5
        offsets.append(
          Point3(
            x: Double(column * edge * 9 / 10 + error), y: Double(row * edge * 9 / 10 + 4 - error),
            z: Double(error % 3)))
      }
    }
    let size = tileSize
    placement = try TilePlacement(offsets: offsets, sizes: offsets.map { _ in size })
    fusion = .linear(BlendWidth.automatic(for: placement.boxes))
    pictures = placement.boxes.enumerated().map {
      CameraVolume(size: size, origin: $1.origin, exposure: $0)
    }
  }

  var tileCount: Int { pictures.count }
  /// Bytes of the voxels of all tiles.
  var byteCount: Int { tileCount * tileSize.volume * VoxelType.uint16.byteCount }

  func path(ofTile number: Int, in folder: String) -> String {
    Files.join(folder, "tile_\(number).tif")
  }

  /// The stitched volume of tiles that lie in files, or of those that lie nowhere.
  func stitched(from folder: String?, cache: PieceCache) throws -> StitchedVolume {
    let volumes: [any Volume] = try pictures.enumerated().map { number, picture in
      guard let folder else { return picture }
      let images = try TIFFFile.images(in: path(ofTile: number, in: folder), cache: cache)
      return try images[0].volume(channel: 0, timepoint: 0)
    }
    return try StitchedVolume(volumes, placement: placement, fusion: fusion)
  }

  /// Bytes of voxels that are made and written at once.
  private static let slabBytes = 4 << 20
  /// What writing one tile takes: the slab, its strips as bytes, which grow by doubling, and rows.
  private static let writerBytes = 4 * slabBytes

  /// Writes the tiles as uncompressed TIFF files.
  func writeTiles(in folder: String, threads: Int, budget: MemoryBudget, meter: ProgressMeter)
    async throws
  {
    let share = try budget.share(wanted: threads, perWorker: Self.writerBytes, shared: 0)
    var options = TIFFWriter.Options()
    options.voxelSize = Self.voxelSize
    options.slabBytes = Self.slabBytes
    let (scene, settings) = (self, options)
    let plane = tileSize.y * tileSize.x
    try await OrderedPipeline.run(count: tileCount, workers: share.workers) {
    } produce: { _, number in
      var settings = settings
      let origin = scene.placement.boxes[number].origin
      settings.position = Point3(
        x: Double(origin.x) * Self.voxelSize.x, y: Double(origin.y) * Self.voxelSize.y,
        z: Double(origin.z) * Self.voxelSize.z)
      try TIFFWriter.write(
        scene.pictures[number], to: scene.path(ofTile: number, in: folder), settings
      ) { _ in
        try Task.checkCancellation()
        meter.add(voxels: plane, voxelBytes: plane * 2, written: plane * 2)
      }
      meter.add(items: 1)
    } commit: { _, _ in
      nil
    }
  }

  /// What a voxel of the stitched volume is, by the definition of linear fusion.
  ///
  /// - Returns: the voxel, and whether one tile alone covers it, so that it is exact; nil where no tile does.
  func truth(z: Int, y: Int, x: Int) throws -> (voxel: Double, isExact: Bool)? {
    guard case .linear(let width) = fusion else { return nil }
    let place = Index3(z: z, y: y, x: x)
    var (sum, weights, count, last) = (0.0, 0.0, 0, 0.0)
    for (picture, box) in zip(pictures, placement.boxes)
    where box.contains(Box3(origin: place, size: .one)) {
      let own = place - box.origin
      func weight(_ i: Int, _ size: Int, _ width: Double) -> Double {
        width > 0 ? min(1, Double(min(i, size - 1 - i) + 1) / (width + 1)) : 1
      }
      let weight =
        weight(own.z, tileSize.z, width.z) * weight(own.y, tileSize.y, width.y)
        * weight(own.x, tileSize.x, width.x)
      let block = try picture.block(of: Box3(origin: own, size: .one))
      last = Double(block.voxels(as: UInt16.self)[0])
      sum += weight * last
      weights += weight
      count += 1
    }
    // What one tile alone covers is copied as it is.
    return count == 0 ? nil : count == 1 ? (last, true) : (sum / weights, false)
  }
}
