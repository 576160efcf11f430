import BrickBDV
import BrickCore
import BrickEngine
import BrickFiles
import BrickHDF5
import BrickTestSupport
import Testing

@Suite struct HDF5ExportJobTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func parts(_ type: VoxelType, _ size: Index3, count: Int) -> [ArrayVolume] {
    var random = SplitMix64(seed: 5)
    return (0..<count).map { _ in BDVSample.volume(type: type, size: size, using: &random) }
  }

  private func job(
    _ name: String, _ volumes: ExportedVolumes, coarser: [HDF5ExportJob.Level] = [],
    chunk: Index3? = Index3(z: 4, y: 4, x: 4), options: BDVExportOptions = BDVExportOptions(),
    threads: Int = 2
  ) -> HDF5ExportJob {
    HDF5ExportJob(
      volumes, coarser: coarser, path: folder(name), chunk: chunk, options: options,
      budget: MemoryBudget(byteCount: 256 << 20), threads: threads, cache: PieceCache(capacity: 0))
  }

  private func level(_ volumes: ExportedVolumes, _ factor: Index3) -> HDF5ExportJob.Level {
    HDF5ExportJob.Level(
      factor: factor, parts: volumes.parts.map { $0.downsampled(by: factor, method: .mean) })
  }

  @Test(.enabled(if: SharedData.hasPython, "no Python with h5py: set BRICKWORK_PYTHON"))
  func h5pyReadsEveryTypeAndFilter() async throws {
    let size = Index3(z: 5, y: 13, x: 10)
    let filters = [
      BDVExportOptions(), BDVExportOptions(deflateLevel: 6, shuffle: false),
      BDVExportOptions(deflateLevel: nil),
    ]
    for type in VoxelType.allCases {
      let parts = parts(type, size, count: 4)
      var raw: [UInt8] = []
      for part in parts { raw += try part.block(of: part.bounds).byteArray }
      try Files.replace(folder("\(type).raw"), with: raw)
      for (number, options) in filters.enumerated() {
        let all = ExportedVolumes(
          parts: parts, channelNames: ["a", "b"], voxelSize: VoxelSize(x: 0.1, y: 0.2, z: 0.5))
        let factor = Index3(z: 1, y: 2, x: 3)
        let summary = try await job(
          "\(type)-\(number).h5", all, coarser: [level(all, factor)], options: options
        ).run()
        #expect(summary.levels == 2 && summary.totalPieces == 4 * (2 * 4 * 3 + 2 * 2 * 1))
        let single = ExportedVolumes(parts: [parts[0]])
        _ = try await job("one-\(type)-\(number).h5", single, options: options).run()
      }
    }
    try SharedData.runPython(
      """
      import glob, os, sys, h5py, numpy as np
      paths = glob.glob(sys.argv[1] + '/*.h5')
      assert len(paths) == 60
      for path in paths:
        name = os.path.basename(path)
        is_one = name.startswith('one-')
        kind, number = name[:-3].split('-')[-2:]
        expected = np.fromfile(f'{sys.argv[1]}/{kind}.raw', kind).reshape(2, 2, 5, 13, 10)
        with h5py.File(path) as file:
          names = []
          file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
          if is_one:
            assert names == ['data'] and 'element_size_um' not in file['data'].attrs, names
            assert file['data'][:].tobytes() == expected[0, 0].tobytes()
            continue
          assert sorted(names) == sorted(f'{s}t{t}/channel{c}' for s in ('', 's1/') for t in (0, 1) for c in (0, 1))
          for t in (0, 1):
            for c in (0, 1):
              data = file[f't{t}/channel{c}']
              assert data.dtype == kind and data.chunks == (4, 4, 4)
              assert (data.compression, data.shuffle) == [('gzip', data.dtype.itemsize > 1), ('gzip', False), (None, False)][int(number)]
              assert data[:].tobytes() == expected[t, c].tobytes(), path
              assert list(data.attrs['element_size_um']) == [0.5, 0.2, 0.1] and data.attrs['axes'] == b'zyx'
              coarse = file[f's1/t{t}/channel{c}']
              assert coarse.shape == (5, 7, 4) and coarse.attrs['level_of'] == f'/t{t}/channel{c}'.encode()
              assert np.allclose(coarse.attrs['element_size_um'], [0.5, 0.4, 0.3])
      """, [folder.path])
  }

  @Test func ourReaderFindsTheVolumesAndNotTheirLevels() async throws {
    let volumes = ExportedVolumes(
      parts: parts(.int16, Index3(z: 5, y: 13, x: 10), count: 1),
      voxelSize: VoxelSize(x: 0.1, y: 0.2, z: 0.5))
    let coarser = [
      level(volumes, Index3(z: 2, y: 2, x: 2)), level(volumes, Index3(z: 4, y: 4, x: 4)),
    ]
    _ = try await job("a.h5", volumes, coarser: coarser).run()
    let images = try HDF5Tiles.images(in: folder("a.h5"), cache: PieceCache(capacity: 0))
    #expect(images.count == 1 && images[0].info.voxelSize == volumes.voxelSize)
    let read = try images[0].volume(channel: 0, timepoint: 0)
    #expect(
      try read.block(of: read.bounds).byteArray
        == volumes.parts[0].block(of: read.bounds).byteArray)
    let chosen = try HDF5Tiles.images(
      in: folder("a.h5"), HDF5Tiles.Choice(datasets: "s2/data"), cache: PieceCache(capacity: 0))
    #expect(chosen[0].info.size == Index3(z: 2, y: 4, x: 3))
  }

  @Test func whatWasBegunGoesOnAndThreadsDontMatter() async throws {
    let parts = parts(.uint16, Index3(z: 17, y: 30, x: 22), count: 2)
    let whole = ExportedVolumes(parts: parts, channelNames: ["", ""])
    _ = try await job("one.h5", whole, threads: 1).run()
    _ = try await job("a.h5", whole, threads: 3).run()
    #expect(try Files.read(folder("a.h5")) == Files.read(folder("one.h5")))
    let failing = FailingReads(after: 200)
    let broken = ExportedVolumes(
      parts: parts.map { failing.volume($0) }, channelNames: ["", ""])
    let error = await #expect(throws: BrickworkError.self) {
      try await job("b.h5", broken, threads: 1).run()
    }
    #expect(error?.reason == "the disk is gone" && !Files.exists(folder("b.h5")))
    let summary = try await job("b.h5", whole).run()
    // Where the library put something of its own before a chunk, the chunk is made again.
    #expect((180...200).contains(summary.keptPieces), "\(summary.keptPieces)")
    #expect(summary.totalPieces == 2 * 5 * 8 * 6)
    #expect(try Files.names(in: folder.path) == ["a.h5", "b.h5", "one.h5"])
    let images = try HDF5Tiles.images(in: folder("b.h5"), cache: PieceCache(capacity: 0))
    for (image, part) in zip(images, parts) {
      let read = try image.volume(channel: 0, timepoint: 0)
      #expect(
        try read.block(of: read.bounds).byteArray == part.block(of: part.bounds).byteArray)
    }
    await #expect(throws: BrickworkError.self) { try await job("b.h5", whole).run() }
    _ = try await job("b.h5", whole).run(overwrite: true)
  }
}
