import BrickBDV
import BrickCore
import BrickEngine
import BrickFiles
import BrickTestSupport
import Testing

/// Exports of all kinds, read by other programs: types, conventions, layouts, compressions, ragged sizes, labels.
@Suite(
  .enabled(
    if: BDVEnvironment.hasPython, "needs Python with h5py, npy2bdv, pybdv (BRICKWORK_PYTHON)"))
struct ExportMatrixTests {
  /// Each level equals the reduction of the whole one before, in h5py, npy2bdv and pybdv; numbers lie in the file
  /// as they should.
  static let script = """
    import sys, os, json, shutil, subprocess, numpy as np, h5py, npy2bdv
    from pybdv.metadata import get_affine, get_size, get_data_path
    from pybdv.util import get_key, open_file
    folder = sys.argv[1]

    def mean(v, step):
      # Sums over the voxels that exist, exact in integers; floats in z, y, x order.
      out = [-(-n // f) for n, f in zip(v.shape, step)]
      wide = v.astype(object) if v.dtype.kind != "f" else v.astype(np.float64)
      total = np.zeros(out, dtype=wide.dtype); count = np.zeros(out, dtype=np.int64)
      for z in range(step[0]):
        for y in range(step[1]):
          for x in range(step[2]):
            part = wide[z::step[0], y::step[1], x::step[2]]
            s = tuple(slice(0, n) for n in part.shape)
            total[s] += part; count[s] += 1
      if v.dtype.kind == "f": return (total / count).astype(v.dtype)
      return ((2 * total + count) // (2 * count.astype(object))).astype(v.dtype)

    def majority(v, step):
      out = np.zeros([-(-n // f) for n, f in zip(v.shape, step)], v.dtype)
      for i in np.ndindex(*out.shape):
        block = v[tuple(slice(k * f, (k + 1) * f) for k, f in zip(i, step))]
        labels, counts = np.unique(block[block > 0], return_counts=True)
        if 2 * np.count_nonzero(block) >= block.size: out[i] = labels[np.argmax(counts)]
      return out

    for name in sorted(os.listdir(folder)):
      if not name.endswith(".json"): continue
      case = json.load(open(os.path.join(folder, name)))
      h5 = os.path.join(folder, case["name"] + ".h5"); xml = h5[:-2] + "xml"
      kind, legacy = np.dtype(case["type"]), case["legacy"]
      stored = np.dtype("int16") if legacy else kind
      raw = 0; chunks = 0
      if shutil.which("h5ls"):
        # The library's own tools walk the whole file.
        tools = [subprocess.run(c + [h5], capture_output=True, text=True) for c in (["h5ls", "-r"], ["h5dump", "-pH"])]
        assert all(t.returncode == 0 and not t.stderr for t in tools), (name, tools)
        for setup, shape in enumerate(case["sizes"]):
          row = "/t00000/s%02d/0/cells Dataset {%s}" % (setup, ", ".join(map(str, shape)))
          assert row in " ".join(tools[0].stdout.split()), (name, row, tools[0].stdout)
      elif sys.platform == "linux": print("h5ls and h5dump are not here: skipped")
      editor = npy2bdv.BdvEditor(h5, mode="r")
      with h5py.File(h5) as f, open_file(h5, "r") as p:
        for setup, shape in enumerate(case["sizes"]):
          a = f["s%02d" % setup].attrs.get("dataType")
          a = a.decode() if isinstance(a, bytes) else a
          assert a == (None if legacy else case["type"]), (name, a)
          factors = f["s%02d/resolutions" % setup][...].astype(int)[:, ::-1]
          assert tuple(get_size(xml, setup)) == tuple(shape), name
          x, y, z = case["offsets_xyz"][setup]
          affine = np.eye(4)
          for m in get_affine(xml, setup, 0).values(): affine = affine @ np.vstack([np.reshape(m, (3, 4)), [0, 0, 0, 1]])
          assert np.allclose(affine[:3], [[1, 0, 0, x], [0, 1, 0, y], [0, 0, 2.5, 2.5 * z]]), (name, affine)
          want = np.fromfile(os.path.join(folder, case["name"] + ".%d.bin" % setup), dtype=kind).reshape(shape)
          channel, tile = divmod(setup, case["tiles"])
          for level, factor in enumerate(factors):
            if level: want = (majority if case["labels"] else mean)(want, factor // factors[level - 1])
            d = f["t00000/s%02d/%d/cells" % (setup, level)]
            assert d.dtype == stored and d.shape == want.shape, (name, d.dtype, d.shape)
            assert tuple(d.chunks[::-1]) == tuple(f["s%02d/subdivisions" % setup][level]), name
            assert (d.compression, bool(d.shuffle)) == (case["compression"], case["shuffle"]), (name, d.compression, d.shuffle)
            assert np.array_equal(d[...].view(kind), want), (name, setup, level)
            got = editor.read_view(time=0, channel=channel, tile=tile, ilevel=level)
            assert np.array_equal(got.view(kind), want), (name, "npy2bdv", setup, level)
            got = p[get_key(True, timepoint=0, setup_id=setup, scale=level)][...]
            assert np.array_equal(got.view(kind), want), (name, "pybdv", setup, level)
            for i in range(d.id.get_num_chunks()):
              info = d.id.get_chunk_info(i); chunks += 1
              full = int(np.prod(d.chunks)) * kind.itemsize
              assert info.size <= full, (name, "larger than its voxels")
              if info.filter_mask:
                raw += 1
                assert info.size == full and info.filter_mask == (3 if case["shuffle"] else 1), (name, info)
      assert os.path.samefile(get_data_path(xml, True), h5), name
      assert raw > 0 or not case["raw"], (name, chunks)
      editor._file_object_h5.close()
      print("equal", name)
    """

  private struct Case {
    var name: String
    var type: VoxelType
    var options = BDVExportOptions()
    /// A size for each setup, channels of a tile alike.
    var sizes: [Index3]
    var offsets: [Point3]
    var channels = 1
    var labels = false
    /// Noise that deflate can't shrink.
    var isNoise = false
    var chunk: Index3? = Index3(z: 4, y: 16, x: 16)

    var tiles: Int { sizes.count }
  }

  private static let compressions: [(String, BDVExportOptions)] = [
    ("none", BDVExportOptions(deflateLevel: nil)), ("fast", BDVExportOptions()),
    ("plain", BDVExportOptions(shuffle: false)), ("small", BDVExportOptions(deflateLevel: 9)),
  ]

  private static var cases: [Case] {
    let ragged = Index3(z: 9, y: 35, x: 301)
    let places = [Point3.zero, Point3(x: 280.5, y: -1.25, z: 3)]
    var cases: [Case] = []
    for type in VoxelType.allCases {
      for (word, options) in compressions {
        cases.append(
          Case(
            name: "fused-\(type)-\(word)", type: type, options: options, sizes: [ragged],
            offsets: [.zero]))
        cases.append(
          Case(
            name: "views-\(type)-\(word)", type: type, options: options,
            sizes: [Index3(z: 3, y: 17, x: 64), Index3(z: 1, y: 5, x: 270)], offsets: places,
            channels: 2))
      }
    }
    for (word, options) in compressions {
      var legacy = options
      legacy.legacyInt16 = true
      cases.append(
        Case(
          name: "fused-legacy-\(word)", type: .uint16, options: legacy, sizes: [ragged],
          offsets: [.zero]))
      cases.append(
        Case(
          name: "views-legacy-\(word)", type: .uint16, options: legacy,
          sizes: [Index3(z: 3, y: 17, x: 64), Index3(z: 4, y: 16, x: 16)], offsets: places))
    }
    for type in [VoxelType.uint8, .uint16, .uint32, .uint64] {
      cases.append(
        Case(
          name: "labels-fused-\(type)", type: type, sizes: [Index3(z: 3, y: 20, x: 301)],
          offsets: [.zero], labels: true))
      cases.append(
        Case(
          name: "labels-views-\(type)", type: type,
          sizes: [Index3(z: 2, y: 9, x: 265), Index3(z: 3, y: 3, x: 3)], offsets: places,
          labels: true))
    }
    for (shuffle, word) in [(true, "shuffled"), (false, "plain")] {
      cases.append(
        Case(
          name: "noise-\(word)", type: .uint16, options: BDVExportOptions(shuffle: shuffle),
          sizes: [Index3(z: 8, y: 32, x: 64)], offsets: [.zero], isNoise: true))
    }
    return cases
  }

  private func volume(_ test: Case, _ size: Index3, _ random: inout SplitMix64) -> ArrayVolume {
    if test.isNoise {
      let bytes = (0..<size.volume * test.type.byteCount).map { _ in
        UInt8.random(in: 1...255, using: &random)
      }
      return ArrayVolume(bytes: bytes, type: test.type, size: size)
    }
    // Pieces of labels, or small numbers that shrink, and empty chunks among them.
    var bytes: [UInt8] = []
    Box3(size: size).forEachPosition { place in
      let word = random.next()
      let isEmpty = place.x / 16 % 5 == 2
      let value =
        test.labels
        ? UInt8(truncatingIfNeeded: (place.x / 3 + place.y / 2) % 4)
        : UInt8(truncatingIfNeeded: word % 16)
      for byte in 0..<test.type.byteCount {
        // Floats and signed numbers get a high byte as well; the rest would be too small to tell.
        let isTop = byte == test.type.byteCount - 1 && !test.labels
        bytes.append(isEmpty ? 0 : isTop ? (test.type.isFloat ? 0x40 : value << 4) : value)
      }
    }
    return ArrayVolume(bytes: bytes, type: test.type, size: size)
  }

  private func write(_ test: Case, to folder: TemporaryFolder) async throws {
    var random = SplitMix64(seed: UInt64(test.name.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 0xFFFF))
    let voxelSize = VoxelSize(x: 0.16, y: 0.16, z: 0.4)
    var sizes: [JSON] = []
    let volumes = test.sizes.map { size in
      (0..<test.channels).map { _ in volume(test, size, &random) }
    }
    let images = try volumes.enumerated().map { tile, own in
      try ExportImage(
        name: "tile \(tile)", channelNames: own.indices.map { "c\($0)" }, volumes: own,
        voxelSize: voxelSize, offset: test.offsets[tile], chunk: test.chunk,
        reduction: test.labels ? .majority : .mean)
    }
    for channel in 0..<test.channels {
      for tile in volumes.indices {
        let volume = volumes[tile][channel]
        let block = try volume.block(of: volume.bounds)
        try Files.replace(
          folder("\(test.name).\(sizes.count).bin"),
          with: unsafe block.bytes.withUnsafeBytes { unsafe Array($0) })
        sizes.append(JSON(volume.size))
      }
    }
    _ = try await ExportJob(
      path: folder("\(test.name).h5"), images: images, options: test.options,
      budget: MemoryBudget(byteCount: 128 << 20), threads: 2, cache: PieceCache(capacity: 0)
    ).run()
    let isShuffled =
      test.options.shuffle && test.options.deflateLevel != nil && test.type.byteCount > 1
    let offsets = (0..<test.channels).flatMap { _ in
      test.offsets.map { [.number($0.x), .number($0.y), .number($0.z)] as JSON }
    }
    let document: JSON = [
      "name": .string(test.name), "type": .string(test.type.rawValue),
      "legacy": .bool(test.options.legacyInt16), "sizes": .array(sizes), "tiles": JSON(test.tiles),
      "offsets_xyz": .array(offsets), "labels": .bool(test.labels), "raw": .bool(test.isNoise),
      "compression": test.options.deflateLevel == nil ? nil : "gzip", "shuffle": .bool(isShuffled),
    ]
    try Files.replace(
      folder("\(test.name).json"), with: Array(document.text(pretty: false).utf8))
  }

  @Test func h5pyAndNpy2bdvAndPybdvReadEveryKindOfExport() async throws {
    let folder = try TemporaryFolder()
    let cases = Self.cases
    for test in cases { try await write(test, to: folder) }
    let result = try BDVEnvironment.run(["-c", Self.script, folder.path])
    #expect(result.status == 0, "\(result.output)")
    #expect(
      result.output.split(separator: "\n").count { $0.hasPrefix("equal") } == cases.count,
      "\(result.output)")
  }
}
