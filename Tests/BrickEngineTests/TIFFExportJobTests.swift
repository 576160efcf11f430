import BrickCore
import BrickEngine
import BrickFiles
import BrickTIFF
import BrickTestSupport
import Testing

/// A volume whose bricks are compressed, as far as the engine can tell.
private struct Bricked: Volume {
  let base: any Volume
  let brick: Index3
  var type: VoxelType { base.type }
  var size: Index3 { base.size }

  func read(into block: inout VoxelBlock) throws { try base.read(into: &block) }
  func scratchBytes(reading size: Index3) -> Int { 0 }
  func decodedBytes(reading box: Box3) -> Int {
    BrickGrid(size: size, brick: brick).indices(intersecting: box).count * brick.volume
      * type.byteCount
  }
}

@Suite struct TIFFExportJobTests {
  private let folder: TemporaryFolder
  private static let compressions: [TIFFWriter.Compression] = [
    .none, .deflate(level: 1), .deflate(level: 6), .zstd(level: 3), .lzw,
  ]

  init() throws { folder = try TemporaryFolder() }

  /// Two channels at two time points, with planes of zeros among them.
  private func parts(_ type: VoxelType, _ size: Index3, seed: UInt64) -> [ArrayVolume] {
    var random = SplitMix64(seed: seed)
    return (0..<4).map { _ in BDVSample.volume(type: type, size: size, using: &random) }
  }

  private func job(
    _ name: String, _ volumes: ExportedVolumes, tile: Index3? = nil, levels: Int? = nil,
    _ compression: TIFFWriter.Compression = .deflate(level: 1), memory: Int = 512 << 20,
    threads: Int = 2
  ) throws -> TIFFExportJob {
    try TIFFExportJob(
      volumes, path: folder(name), tile: tile, levels: levels, compression: compression,
      budget: MemoryBudget(byteCount: memory), threads: threads, cache: PieceCache(capacity: 0))
  }

  private func bytes(_ name: String) throws -> [UInt8] { try Files.read(folder(name)) }

  /// Levels as SubIFDs, axes, names and values of every type, by an independent reader.
  @Test(.enabled(if: SharedData.hasPython, "no Python with tifffile: set BRICKWORK_PYTHON"))
  func tifffileReadsAllLevelsOfEveryType() async throws {
    let size = Index3(z: 3, y: 75, x: 90)
    for type in VoxelType.allCases {
      let parts = parts(type, size, seed: 7)
      var raw: [UInt8] = []
      for part in parts { raw += try part.block(of: part.bounds).byteArray }
      try Files.replace(folder("\(type).raw"), with: raw)
      let volumes = ExportedVolumes(
        parts: parts, channelNames: ["DAPI", "a & b"], name: "näme",
        voxelSize: VoxelSize(x: 0.16, y: 0.32, z: 0.4), position: Point3(x: 5, y: 6, z: 7))
      for (number, compression) in Self.compressions.enumerated() {
        let job = try job(
          "\(type)-\(number).ome.tif", volumes, tile: Index3(z: 1, y: 32, x: 16), levels: 4,
          compression)
        let summary = try await job.run()
        #expect(summary.levels == 4 && summary.keptPieces == 0)
      }
    }
    try SharedData.runPython(
      """
      import glob, os, sys, numpy as np, tifffile
      def half(plane):
        float_type = plane.dtype.kind == 'f'
        wide = plane.astype('f8' if float_type else object)
        rows, columns = (plane.shape[0] + 1) // 2, (plane.shape[1] + 1) // 2
        total, count = np.zeros((rows, columns), wide.dtype), np.zeros((rows, columns), int)
        for y in (0, 1):
          for x in (0, 1):
            part = wide[y::2, x::2]
            total[:part.shape[0], :part.shape[1]] += part
            count[:part.shape[0], :part.shape[1]] += 1
        count = count.astype(wide.dtype)
        return (total / count if float_type else (2 * total + count) // (2 * count)).astype(plane.dtype)
      paths = sorted(glob.glob(sys.argv[1] + '/*.tif'))
      assert len(paths) == 50, paths
      for path in paths:
        kind = os.path.basename(path).split('-')[0]
        expected = np.fromfile(f'{sys.argv[1]}/{kind}.raw', kind).reshape(2, 2, 3, 75, 90)
        wide = kind in ('int64', 'uint64')
        # ImageJ's hyperstacks have channels next to each other, our OME-TIFF planes.
        planes = (expected.swapaxes(1, 2) if wide else expected).reshape(-1, 75, 90)
        with tifffile.TiffFile(path) as file:
          assert len(file.pages) == 12 and file.pages[0].is_tiled, path
          for page, plane in zip(file.pages, planes):
            levels = [page] + list(page.pages)
            assert len(levels) == 4 and page.subfiletype == 0, path
            for number, level in enumerate(levels):
              assert level.dtype == plane.dtype and (number == 0 or level.is_reduced)
              assert level.asarray().tobytes() == plane.tobytes(), (path, number)
              plane = half(plane)
          assert len(file.series) == 1
          series = file.series[0]
          if wide:
            assert file.imagej_metadata['channels'] == 2 and file.imagej_metadata['frames'] == 2
            continue
          assert series.axes == 'TCZYX' and series.asarray().tobytes() == expected.tobytes(), path
          assert [level.shape[-2:] for level in series.levels] == [(75, 90), (38, 45), (19, 23), (10, 12)]
          assert series.levels[2].axes == 'TCZYX'
          pixels = tifffile.xml2dict(file.ome_metadata)['OME']['Image']['Pixels']
          assert [pixels['PhysicalSize' + a] for a in 'XYZ'] == [0.16, 0.32, 0.4]
          assert [channel['Name'] for channel in pixels['Channel']] == ['DAPI', 'a & b']
          assert [pixels['Plane']['Position' + a] for a in 'XYZ'] == [5, 6, 7]
      """, [folder.path])
  }

  @Test(
    .enabled(if: SharedData.hasPython, "no Python with tifffile: set BRICKWORK_PYTHON"),
    arguments: compressions)
  func largeTilesOfNoiseComeBack(_ compression: TIFFWriter.Compression) async throws {
    var random = SplitMix64(seed: 3)
    let size = Index3(z: 2, y: 1100, x: 704)
    // Long runs and plain noise: the tables of LZW fill up and are emptied.
    let voxels = (0..<size.volume).map { place in
      UInt16(truncatingIfNeeded: place / 1000 % 2 == 0 ? 7 : random.next() & 0xFFF)
    }
    let volumes = ExportedVolumes(parts: [ArrayVolume(voxels, size: size)])
    _ = try await job("a.ome.tif", volumes, levels: 3, compression).run()
    let image = try TIFFFile.images(in: folder("a.ome.tif"), cache: PieceCache(capacity: 0))[0]
    let volume = try image.volume(channel: 0, timepoint: 0)
    #expect(try volume.block(of: volume.bounds).values(UInt16.self) == voxels)
    try SharedData.runPython(
      """
      import sys, tifffile
      series = tifffile.TiffFile(sys.argv[1]).series[0]
      levels = [level.asarray() for level in series.levels]
      for fine, coarse in zip(levels, levels[1:]):
        total = sum(fine[:, y::2, x::2].astype(int) for y in (0, 1) for x in (0, 1))
        assert ((total + 2) // 4 == coarse).all()
      """, [folder("a.ome.tif")])
  }

  @Test func labelsGetTheirMajority() async throws {
    let size = Index3(z: 1, y: 32, x: 32)
    let labels = (0..<1024).map { UInt32($0 % 2 == 0 || $0 / 32 % 2 == 0 ? 5 : 900) }
    var volumes = ExportedVolumes(parts: [ArrayVolume(labels, size: size)])
    volumes.reduction = .majority
    let job = try job("a.tif", volumes, tile: Index3(z: 1, y: 16, x: 16), levels: 2, .none)
    _ = try await job.run()
    // The last tile of an uncompressed file is the coarser level.
    let tail = try bytes("a.tif").suffix(1024)
    #expect(Array(tail) == (0..<256).flatMap { _ in [5, 0, 0, 0] as [UInt8] })
  }

  @Test func threadsAndMemoryDontChangeTheFile() async throws {
    let size = Index3(z: 24, y: 1500, x: 1500)
    let voxels = (0..<size.volume).map { UInt8(truncatingIfNeeded: $0 / 50) }
    let volume = Bricked(
      base: ArrayVolume(voxels, size: size), brick: Index3(z: 32, y: 64, x: 64))
    let volumes = ExportedVolumes(parts: [volume])
    var smallest = 0
    for (number, (memory, threads)) in [(1 << 30, 1), (1 << 30, 3), (112, 1), (150, 2)]
      .enumerated()
    {
      let bytes = memory < 1 << 20 ? memory << 20 : memory
      let job = try job("\(number).tif", volumes, memory: bytes, threads: threads)
      smallest = try job.forecast().plannedBytes
      #expect(smallest <= bytes)
      _ = try await job.run()
    }
    let whole = try bytes("0.tif")
    for number in 1...3 { #expect(try bytes("\(number).tif") == whole, "\(number)") }
    let error = #expect(throws: BrickworkError.self) {
      try job("x.tif", volumes, memory: 64 << 20).forecast()
    }
    #expect(error?.code == .outOfBudget && error?.reason.contains("takes at least") == true)
  }

  @Test(arguments: compressions)
  func whatWasBegunGoesOn(_ compression: TIFFWriter.Compression) async throws {
    let size = Index3(z: 6, y: 100, x: 130)
    let tile = Index3(z: 1, y: 16, x: 32)
    let parts = parts(.uint16, size, seed: 11)
    let whole = ExportedVolumes(parts: parts)
    _ = try await job("whole.tif", whole, tile: tile, compression).run()
    for reads in [0, 1, 7, 40] {
      let failing = FailingReads(after: reads)
      let broken = ExportedVolumes(parts: parts.map { failing.volume($0) })
      let error = await #expect(throws: BrickworkError.self) {
        try await job("a.tif", broken, tile: tile, compression, threads: 1).run()
      }
      #expect(error?.reason == "the disk is gone")
      #expect(!Files.exists(folder("a.tif")) && Files.exists(folder("a.tif.partial")))
      if reads == 7 {
        // A loss of power leaves a record without its bytes.
        var partial = try bytes("a.tif.partial")
        partial[partial.count - 3] ^= 0x10
        try Files.replace(folder("a.tif.partial"), with: partial)
      }
      let summary = try await job("a.tif", whole, tile: tile, compression, threads: 3).run()
      #expect(summary.keptPieces > 0 || reads <= 1)
      #expect(try bytes("a.tif") == bytes("whole.tif"))
      #expect(try Files.names(in: folder.path) == ["a.tif", "whole.tif"])
      try Files.remove(folder("a.tif"))
    }
  }

  @Test func otherSettingsDontContinueAFile() async throws {
    let size = Index3(z: 6, y: 100, x: 130)
    let parts = parts(.uint8, size, seed: 11)
    let failing = FailingReads(after: 3)
    let broken = ExportedVolumes(parts: parts.map { failing.volume($0) })
    await #expect(throws: BrickworkError.self) { try await job("a.tif", broken, levels: 1).run() }
    var other = ExportedVolumes(parts: parts)
    let error = await #expect(throws: BrickworkError.self) {
      try await job("a.tif", other, levels: 1, .lzw).run()
    }
    #expect(error?.code == .outputExists && error?.reason.contains("compression") == true)
    other.provenance = ["path": "another"]
    await #expect(throws: BrickworkError.self) { try await job("a.tif", other, levels: 1).run() }
    _ = try await job("a.tif", other, levels: 1, .lzw).run(overwrite: true)
    #expect(try Files.names(in: folder.path) == ["a.tif"])
  }

  @Test func aCancelledExportLeavesNoFileOfThatName() async throws {
    let volumes = ExportedVolumes(parts: parts(.uint8, Index3(z: 9, y: 200, x: 200), seed: 1))
    let job = try job("a.tif", volumes)
    let task = Task {
      // Cancelled before it begins: how far it would come otherwise is chance.
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return try await job.run()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(!Files.exists(folder("a.tif")))
    _ = try await job.run()
    #expect(try Files.names(in: folder.path) == ["a.tif"])
  }

  @Test(.enabled(if: SharedData.hasPython, "no Python with NumPy: set BRICKWORK_PYTHON"))
  func numPyMapsItsArrays() throws {
    let size = Index3(z: 3, y: 5, x: 7)
    for type in VoxelType.allCases {
      let parts = parts(type, size, seed: 2)
      var raw: [UInt8] = []
      for part in parts { raw += try part.block(of: part.bounds).byteArray }
      try Files.replace(folder("\(type).raw"), with: raw)
      let volumes = ExportedVolumes(parts: parts, channelNames: ["", ""])
      let count = try NPYExport.write(volumes, to: folder("\(type).npy"))
      #expect(count == Files.size(folder("\(type).npy")))
    }
    try SharedData.runPython(
      """
      import glob, os, sys, numpy as np
      paths = glob.glob(sys.argv[1] + '/*.npy')
      assert len(paths) == 10
      for path in paths:
        kind = os.path.basename(path)[:-4]
        array = np.load(path, mmap_mode='r')
        assert array.dtype == kind and array.shape == (2, 2, 3, 5, 7), (array.dtype, array.shape)
        assert array.tobytes() == open(path[:-4] + '.raw', 'rb').read()
      """, [folder.path])
  }
}
