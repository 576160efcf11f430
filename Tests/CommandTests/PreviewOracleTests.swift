import BrickTestSupport
import Brickwork
import Testing

/// Previews of random layouts, compared with NumPy pixel by pixel.
@Suite struct PreviewOracleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let script = SharedData.packageRoot + "/Tests/Python/preview_oracle.py"

  @Test(.enabled(if: SharedData.hasPython, "needs Python with NumPy"))
  func pixelsContrastAndGreysAreThoseOfNumPy() async throws {
    var cases: [JSON] = []
    for seed in 0..<120 {
      cases.append(try await makeCase(seed))
    }
    try Files.replace(folder("cases.json"), with: Array(JSON.array(cases).text(pretty: false).utf8))
    try SharedData.runPythonScript(at: Self.script, [folder("cases.json")])
  }

  /// Draws a random section of a random layout, and says of what.
  private func makeCase(_ seed: Int) async throws -> JSON {
    var random = SplitMix64(seed: UInt64(seed))
    let type = VoxelType.allCases[seed % VoxelType.allCases.count]
    let layout = RandomLayout(type: type, using: &random)
    let placement = try TilePlacement(offsets: layout.offsets, sizes: layout.tiles.map(\.size))
    let volume = try StitchedVolume(
      layout.tiles, placement: placement, fusion: .average, order: layout.order)
    let order = layout.order ?? Array(layout.tiles.indices)
    let section = try randomSection(in: volume.size, using: &random)
    let sizes = [0.5, 0.5, 0.5, 0.3, 1, 1.7, 4]
    let spacing = VoxelSize(
      x: sizes.randomElement(using: &random) ?? 1, y: sizes.randomElement(using: &random) ?? 1,
      z: sizes.randomElement(using: &random) ?? 1)
    let most = [0, 1, 3, 7, 20].randomElement(using: &random) ?? 0
    let geometry = try PictureGeometry(
      section, spacing: spacing, fitting: .most(columns: most, rows: most))
    let percentiles =
      [(0.1, 99.9), (0.0, 100.0), (5.0, 80.0)].randomElement(using: &random) ?? (1, 99)
    let coverage = Coverage(
      order.map {
        let (rows, columns) = geometry.pixels(showing: placement.boxes[$0])
        return Coverage.Rectangle(columns: columns, rows: rows)
      })
    let job = try PreviewJob(
      [
        .init(
          try PictureVolume(volume, geometry),
          contrast: .percentiles(low: percentiles.0, high: percentiles.1))
      ],
      coverage: coverage, brick: Bool.random(using: &random) ? Index3(z: 2, y: 3, x: 4) : nil,
      threads: 2, cache: PieceCache(capacity: 0))
    let values = try await job.values()
    let block = try values.block(of: values.bounds)
    let (canvas, summary) = try await job.picture()
    try write(block, "pixels\(seed).bin")
    try Files.replace(
      folder("greys\(seed).bin"),
      with: stride(from: 0, to: canvas.pixels.count, by: 3).map { canvas.pixels[$0] })
    let tiles = try layout.tiles.enumerated().map { number, tile -> JSON in
      let name = "tile\(seed)_\(number).bin"
      try write(try tile.block(of: tile.bounds), name)
      return [
        "path": .string(folder(name)), "type": .string(type.rawValue), "shape": JSON(tile.size),
      ]
    }
    return [
      "tiles": .array(tiles),
      "offsets": .array(layout.offsets.map { [.number($0.x), .number($0.y), .number($0.z)] }),
      "order": .array(order.map { JSON($0) }), "axis": .string(section.axis.name),
      "origin": JSON(section.box.origin), "size": JSON(section.box.size),
      "projection": section.projection.map { .string($0.rawValue) } ?? nil,
      "spacing": [.number(spacing.x), .number(spacing.y), .number(spacing.z)],
      "most": JSON(most), "percentiles": [.number(percentiles.0), .number(percentiles.1)],
      "width": JSON(summary.width), "height": JSON(summary.height),
      "pixels": .string(folder("pixels\(seed).bin")), "greys": .string(folder("greys\(seed).bin")),
      "window": [.number(summary.windows[0].low), .number(summary.windows[0].high)],
    ]
  }

  private func randomSection(
    in size: Index3, using random: inout SplitMix64
  ) throws -> Section {
    var box = Box3(size: size).random(using: &random)
    if box.isEmpty { box = Box3(size: size) }
    let axis = SectionAxis.allCases.randomElement(using: &random) ?? .z
    if Bool.random(using: &random) {
      let planes = box.origin[axis.rawValue]..<box.end[axis.rawValue]
      return try Section(axis, at: .random(in: planes, using: &random), in: box)
    }
    return try Section(
      Projection.allCases.randomElement(using: &random) ?? .max, of: box, along: axis)
  }

  private func write(_ block: borrowing VoxelBlock, _ name: String) throws {
    let bytes = unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
    try Files.replace(folder(name), with: bytes)
  }

  /// Blocks of labels are reduced by majority, however a picture is cut into blocks of work.
  @Test func labelsBecomeTheMostFrequentOne() async throws {
    let volume = ArrayVolume(
      [3, 3, 5, 7] + [3, 5, 5, 0] + [0, 0, 9, 9] as [UInt32], size: Index3(z: 1, y: 3, x: 4))
    let section = try Section(.z, at: 0, in: volume.bounds)
    let geometry = try PictureGeometry(
      section, spacing: .unknown, fitting: .most(columns: 2, rows: 2))
    let picture = try PictureVolume(volume, geometry, areLabels: true)
    let block = try picture.block(of: picture.bounds)
    #expect(block.values(UInt32.self) == [3, 5, 0, 9])
    let floats = ArrayVolume([Float](repeating: 0, count: 12), size: volume.size)
    #expect(throws: BrickworkError.self) { try PictureVolume(floats, geometry, areLabels: true) }
  }

  @Test func aPlaneOfAVolumeIsAPictureInALine() throws {
    let volume = ArrayVolume((0..<24).map { UInt8($0) }, size: Index3(z: 2, y: 3, x: 4))
    let picture = try PictureVolume(volume, z: 1)
    #expect(try picture.block(of: picture.bounds).values(UInt8.self) == Array(12..<24))
    let small = try PictureVolume(volume, z: 0, fitting: .most(columns: 2, rows: 2))
    // (0 + 1 + 4 + 5) / 4 is 2.5, rounded half up.
    #expect(try small.block(of: small.bounds).values(UInt8.self) == [3, 5, 9, 11])
    #expect(throws: BrickworkError.self) { try PictureVolume(volume, z: 2) }
  }

  /// NaN wins a projection and is black; infinities don't decide the contrast.
  @Test func numbersThatAreNoneAreBlack() async throws {
    let values: [Float] = [1, .nan, 2, .infinity, 3, 4, 5, 6]
    let volume = ArrayVolume(values, size: Index3(z: 2, y: 1, x: 4))
    for axis in SectionAxis.allCases {
      let section = try Section(.max, of: volume.bounds, along: axis)
      let geometry = try PictureGeometry(
        section, spacing: .unknown, fitting: .most(columns: 0, rows: 0))
      let picture = try PictureVolume(volume, geometry)
      let block = try picture.block(of: picture.bounds)
      let expected: [Float] =
        switch axis {
        case .z: [3, .nan, 5, .infinity]
        case .y: values
        case .x: [.nan, 6]
        }
      #expect(block.values(Float.self).isSame(as: expected))
    }
    let section = try Section(.max, of: volume.bounds, along: .z)
    let job = try PreviewJob(
      [
        .init(
          try PictureVolume(
            volume, PictureGeometry(section, spacing: .unknown, fitting: .most(columns: 0, rows: 0))
          ),
          contrast: .percentiles(low: 0, high: 100))
      ], cache: PieceCache(capacity: 0))
    let (canvas, summary) = try await job.picture()
    #expect(summary.windows == [ContrastWindow(low: 3, high: 5)])
    #expect((0..<4).map { canvas[$0, 0].red } == [0, 0, 255, 255])
  }
}
