import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

/// Voxels in memory, changed and reduced by plain code: what a file has to hold after an update.
struct UpdateOracle {
  var levels: [ArrayVolume]
  let factors: [Index3]
  let method: DownsampleMethod

  /// Changes a box of level 0, and with it those voxels of each level that follow.
  mutating func write(_ box: Box3, _ voxels: ArrayVolume) throws {
    var changed: [Box3] = [box]
    levels[0] = try patched(levels[0], box, voxels)
    for number in factors.indices.dropFirst() {
      let below = factors[..<number].lastIndex { factors[number].isMultiple(of: $0) } ?? 0
      let ratio = factors[number].dividedRoundingDown(by: factors[below])
      let part = Box3(
        from: changed[below].origin.dividedRoundingDown(by: ratio),
        to: changed[below].end.dividedRoundingUp(by: ratio).minimum(levels[number].size))
      changed.append(part)
      guard !part.isEmpty else { continue }
      let coarse = levels[below].downsampled(by: ratio, method: method)
      levels[number] = try patched(
        levels[number], part,
        ArrayVolume(bytes: bytes(of: coarse, part), type: coarse.type, size: part.size))
    }
  }

  private func patched(_ volume: ArrayVolume, _ box: Box3, _ voxels: ArrayVolume) throws
    -> ArrayVolume
  {
    var block = try volume.block(of: volume.bounds)
    let patch = try voxels.block(of: voxels.bounds)
    block.copy(from: VoxelView(patch), offset: box.origin)
    return ArrayVolume(
      bytes: unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }, type: volume.type,
      size: volume.size)
  }

  func check(_ path: String, setup: Int = 0, timepoint: Int = 0) throws {
    let file = try BDVFile(path)
    for (number, wanted) in levels.enumerated() {
      let volume = try #require(
        try file.volume(setup: setup, timepoint: timepoint, level: number))
      #expect(try isSame(volume, wanted), "level \(number)")
    }
  }
}

@Suite struct UpdateTests {
  static let factors: [[Index3]] = [
    [.one, Index3(z: 1, y: 2, x: 2), Index3(z: 2, y: 4, x: 4)],
    [.one, Index3(repeating: 2), Index3(repeating: 3), Index3(repeating: 6)],
    [.one, Index3(z: 1, y: 4, x: 2)], [.one],
  ]

  private func box(in size: Index3, _ random: inout SplitMix64) -> Box3 {
    let origin = size.map { Int.random(in: 0..<$0, using: &random) }
    let end = origin.zip(size) { Int.random(in: $0 + 1...$1, using: &random) }
    return Box3(from: origin, to: end)
  }

  @Test(arguments: BDVCase.all) func boxesInAnyOrderAndWhatFollowsFromThem(_ test: BDVCase) throws {
    let seed = UInt64(test.size.volume + test.chunk.volume)
    var random = SplitMix64(seed: seed)
    let folder = try TemporaryFolder()
    var test = test
    test.factors = Self.factors[Int(random.next() % 4)]
    let method: DownsampleMethod =
      !test.type.isFloat && Bool.random(using: &random) ? .majority : .mean
    let path = folder("a.h5")
    var oracle = UpdateOracle(
      levels: try test.write(to: path), factors: test.factors, method: method)
    for _ in 0..<2 {
      let updater = try BDVFileUpdater(path, method: method)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let box = box(in: test.size, &random)
        let voxels = BDVSample.volume(type: test.type, size: box.size, using: &random)
        let block = try voxels.block(of: voxels.bounds)
        try updater.write(block, at: box.origin)
        try oracle.write(box, voxels)
        let back = try updater.volume()
        #expect(try isSame(back, oracle.levels[0]), "seed \(seed)")
      }
      try updater.finish()
    }
    try oracle.check(path)
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
  }

  @Test func anUpdateSaysHowMuchItWroteAndWithoutOneNothingChanges() throws {
    let folder = try TemporaryFolder()
    let test = BDVCase(
      type: .uint16, options: BDVExportOptions(), chunk: Index3(repeating: 8),
      size: Index3(repeating: 32), factors: [.one, Index3(repeating: 2)])
    _ = try test.write(to: folder("a.h5"))
    let stamp = Files.identity(folder("a.h5"))
    let nothing = try BDVFileUpdater(folder("a.h5"))
    #expect(try nothing.finish().writtenChunks.isEmpty)
    #expect(Files.identity(folder("a.h5")) == stamp)
    let updater = try BDVFileUpdater(folder("a.h5"))
    let one = ArrayVolume([UInt16](repeating: 7, count: 512), size: Index3(repeating: 8))
    try updater.write(try one.block(of: one.bounds), at: Index3(z: 8, y: 8, x: 16))
    let summary = try updater.finish()
    #expect(summary.writtenChunks == [1, 1] && summary.storedChunks <= 64 + 8)
    #expect(throws: BrickworkError.self) { try updater.finish() }
  }

  @Test func aFileThatIsReadInThisProcessIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let path = folder("a.h5")
    let export = StoppedExport()
    try export.run(try export.writer(path))
    do {
      let reader = try BDVFile(path)
      let updater = try BDVFileUpdater(path)
      try updater.write(VoxelBlock(Box3(size: .one), type: .uint16))
      #expect(throws: BrickworkError.self) { try updater.finish() }
      #expect(try reader.levels(of: 0).count == 2)
    }
    try export.check(path)
    #expect(try !Files.names(in: folder.path).contains("a.h5.update"))
    // What lazy tiles have open does not matter.
    let tile = try BDVTiles.images(in: path, cache: PieceCache(capacity: 1 << 20))[0]
    _ = try tile.volume(channel: 0, timepoint: 0).block(of: Box3(size: .one))
    let updater = try BDVFileUpdater(path)
    try updater.write(VoxelBlock(Box3(size: .one), type: .uint16))
    #expect(try updater.finish().writtenChunks.first == 1)
  }

  @Test func whatLeavesTheVolumeOrHasAnotherTypeIsRefused() throws {
    let folder = try TemporaryFolder()
    let test = BDVCase(
      type: .uint16, options: BDVExportOptions(), chunk: Index3(repeating: 8),
      size: Index3(repeating: 9), factors: [.one])
    _ = try test.write(to: folder("a.h5"))
    let updater = try BDVFileUpdater(folder("a.h5"))
    #expect(throws: BrickworkError.self) {
      try updater.write(VoxelBlock(Box3(size: .one), type: .uint16), at: Index3(repeating: 9))
    }
    #expect(throws: BrickworkError.self) {
      try updater.write(VoxelBlock(Box3(size: .one), type: .uint8))
    }
    #expect(throws: BrickworkError.self) {
      try updater.write(VoxelBlock(Box3(size: .one), type: .uint16), setup: 3)
    }
    // Two can't change one file, nor can an export replace it meanwhile.
    #expect { try BDVFileUpdater(folder("a.h5")) } throws: {
      ($0 as? BrickworkError)?.code == .outputExists
    }
    updater.discard()
    #expect(try Files.names(in: folder.path) == ["a.h5", "a.xml"])
  }

  /// An update that was stopped while the file was changed: its metadata may be anything.
  @Test func anInterruptedChangeIsFinishedWhenTheFileIsNextOpened() throws {
    for seed in 0..<8 {
      var random = SplitMix64(seed: UInt64(seed))
      let folder = try TemporaryFolder()
      let path = folder("a.h5")
      let test = BDVCase(
        type: .uint16, options: BDVExportOptions(), chunk: Index3(repeating: 8),
        size: Index3(z: 30, y: 30, x: 41), factors: [.one, Index3(repeating: 2)])
      var oracle = UpdateOracle(
        levels: try test.write(to: path), factors: test.factors, method: .mean)
      let box = box(in: test.size, &random)
      let voxels = BDVSample.volume(type: .uint16, size: box.size, using: &random)
      do {
        let updater = try BDVFileUpdater(path)
        try updater.write(try voxels.block(of: voxels.bounds), at: box.origin)
        // The file can't be moved to where a folder is: the log stays behind.
        try Files.makeFolder(path + ".partial/in the way")
        #expect(throws: BrickworkError.self) { try updater.finish() }
        try Files.remove(path + ".partial")
      }
      #expect(Files.exists(path + ".update") && Files.exists(path))
      if seed % 2 == 0 {
        // Killed before the file was touched: it stays as it was.
        #expect(try BDVFileUpdater(path).finishedEarlierUpdate == false)
        try oracle.check(path)
        continue
      }
      // Killed in the middle: metadata and replaced chunks are torn, the end has grown.
      let log = try Files.read(path + ".update")
      try oracle.write(box, voxels)
      let number = Files.number(path)
      try Files.rename(path, to: path + ".partial")
      let file = try RandomAccessFile(path + ".partial")
      try file.write([UInt8](repeating: 0xA5, count: 100), at: 0)
      try file.write([UInt8](repeating: 0x5A, count: 3000), at: file.count)
      #expect(Files.number(path + ".partial") == number && log.count > 0)
      if seed == 5 {
        // A file of another kind that would take its place finishes it first, too.
        let error = #expect(throws: BrickworkError.self) {
          _ = try PlainHDF5Writer(
            path, type: .uint16,
            datasets: [
              PlainHDF5Writer.Dataset(
                name: "/data", size: .one, chunk: .one, voxelSize: nil, levelOf: nil)
            ], options: BDVExportOptions(), fingerprint: "plain", overwrite: false)
        }
        #expect(error?.code == .outputExists)
      } else if seed == 7 {
        // A log that can't be read is no reason to delete what may be the only copy.
        try Files.replace(path + ".update", with: Array(log.dropLast(9)))
        let error = #expect(throws: BrickworkError.self) { try BDVFileUpdater(path) }
        #expect(error?.code == .damagedInput && Files.exists(path + ".partial"))
        try Files.replace(path + ".update", with: log)
        #expect(try BDVFileUpdater(path).finishedEarlierUpdate)
      } else if seed % 4 == 1 {
        #expect(try BDVFileUpdater(path).finishedEarlierUpdate)
      } else {
        // An export that would replace the file finishes the update first.
        let error = #expect(throws: BrickworkError.self) { try test.write(to: path) }
        #expect(error?.code == .outputExists)
      }
      try oracle.check(path)
      #expect(!Files.exists(path + ".update") && !Files.exists(path + ".partial"))
    }
  }

  @Test(arguments: [true, false]) func aRecordIsWorthlessOnceTheFileWasChanged(_ updates: Bool)
    throws
  {
    let folder = try TemporaryFolder()
    let path = folder("a.h5")
    let export = StoppedExport()
    do {
      let writer = try export.writer(path)
      writer.setRecord([1, 2, 3])
      try export.run(writer)
    }
    #expect(try BDVFileRecord.read(path) == [1, 2, 3])
    if updates {
      let updater = try BDVFileUpdater(path)
      updater.setRecord([4, 5, 6])
      try updater.finish()
      #expect(try BDVFileRecord.read(path) == [4, 5, 6])
    }
    try export.check(path)
    let updater = try BDVFileUpdater(path)
    try updater.write(VoxelBlock(Box3(size: .one), type: .uint16))
    try updater.finish()
    #expect { try BDVFileRecord.read(path) } throws: {
      ($0 as? BrickworkError)?.code == .verificationFailed
    }
  }

  static let script = """
    import sys, os, numpy as np, h5py, npy2bdv
    from pybdv import make_bdv
    folder, what = sys.argv[1:3]
    rng = np.random.default_rng(4)
    if what == "make":
      a = rng.integers(0, 30000, (21, 35, 50), dtype="uint16")
      make_bdv(a, folder + "/pybdv.h5", downscale_factors=[[1, 2, 2], [2, 2, 2]])
      w = npy2bdv.BdvWriter(folder + "/npy2bdv.h5", subsamp=((1, 1, 1), (2, 2, 2)), blockdim=((8, 16, 16), (8, 16, 16)),
        compression="gzip", overwrite=True)
      w.append_view(a); w.write_xml(); w.close()
      for name, options in (("odd", dict(compression="gzip", scaleoffset=0)), ("sum", dict(compression="gzip", fletcher32=True)), ("raw", {}),
          ("big", dict(compression="gzip", shuffle=True)), ("latest", dict(compression="gzip"))):
        with h5py.File(folder + "/%s.h5" % name, "w", libver=("v110", "v110") if name == "latest" else "earliest") as f:
          f["s00/resolutions"] = np.array([[1., 1, 1], [2, 2, 2]]); f["s00/subdivisions"] = np.array([[16, 8, 8]] * 2, "i4")
          kind = ">i2" if name == "big" else "<i2"
          f.create_dataset("t00000/s00/0/cells", data=a.view("int16").astype(kind), chunks=(8, 8, 16), **options)
          f.create_dataset("t00000/s00/1/cells", data=a[::2, ::2, ::2].view("int16").astype(kind), chunks=(8, 8, 16), **options)
      with h5py.File(folder + "/flat.h5", "w") as f:
        f["s00/resolutions"] = np.array([[1., 1, 1]]); f["s00/subdivisions"] = np.array([[16, 8, 8]], "i4")
        f["t00000/s00/0/cells"] = a.view("int16")
      np.save(folder + "/a.npy", a)
    else:
      a = np.load(folder + "/a.npy"); a[3:9, 5:20, 7:31] = 1234
      for name in ("pybdv", "npy2bdv", "odd", "sum", "raw", "big", "latest"):
        with h5py.File(folder + "/%s.h5" % name) as f:
          got = f["t00000/s00/0/cells"][...].astype("int16").view("uint16")
          assert np.array_equal(got, a), name
          coarse = f["t00000/s00/1/cells"][...].astype("int16").view("uint16")
          z, y, x = 2 if name not in ("pybdv",) else 1, 2, 2
          inner = coarse[(3 + z - 1) // z:9 // z, 3:10, 4:15]
          assert (inner == 1234).all() and (coarse != 1234).sum() > 0, name
      e = npy2bdv.BdvEditor(folder + "/npy2bdv.h5")
      assert np.array_equal(e.read_view(time=0, ilevel=0).view("uint16"), a); e.finalize()
    print("equal")
    """

  @Test(.enabled(if: BDVEnvironment.hasPython, "needs Python with h5py, npy2bdv, pybdv"))
  func filesOfOtherProgramsAreUpdated() throws {
    let folder = try TemporaryFolder()
    let made = try BDVEnvironment.run(["-c", Self.script, folder.path, "make"])
    #expect(made.status == 0, "\(made.output)")
    let box = Box3(origin: Index3(z: 3, y: 5, x: 7), size: Index3(z: 6, y: 15, x: 24))
    let voxels = ArrayVolume([UInt16](repeating: 1234, count: box.count), size: box.size)
    for name in ["pybdv", "npy2bdv", "odd", "sum", "raw", "big", "latest"] {
      let updater = try BDVFileUpdater(folder("\(name).h5"))
      try updater.write(try voxels.block(of: voxels.bounds), at: box.origin)
      try updater.finish()
    }
    let checked = try BDVEnvironment.run(["-c", Self.script, folder.path, "check"])
    #expect(checked.status == 0 && checked.output.contains("equal"), "\(checked.output)")
    let error = #expect(throws: BrickworkError.self) {
      try BDVFileUpdater(folder("flat.h5")).write(VoxelBlock(Box3(size: .one), type: .uint16))
    }
    #expect(error?.code == .unsupportedInput)
  }
}
