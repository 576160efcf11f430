import BrickCore
import BrickFiles
import BrickHDF5
import BrickTestSupport
import Testing

/// Files made by h5py equal what h5py reads from them.
@Suite(.enabled(if: SharedData.hasPython, "needs Python with h5py (BRICKWORK_PYTHON)"))
struct HDF5LayoutTests {
  @Test func everyTypeLayoutFilterAndByteOrderReadsAsH5pyReadsIt() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(H5pyMatrix.script, [folder.path])
    let text = String(decoding: try Files.read(folder("expected.txt")), as: UTF8.self)
    let expected = text.split(separator: "\n").compactMap(H5pyMatrix.Expected.init)
    #expect(expected.count > 300)
    var random = SplitMix64(seed: 11)
    for (file, datasets) in Dictionary(grouping: expected, by: \.file) {
      let images = try HDF5Tiles.images(in: folder(file), cache: PieceCache(capacity: 1 << 20))
      let found = Dictionary(
        images.map { ($0.info.name, $0) }, uniquingKeysWith: { first, _ in first })
      #expect(found.count == datasets.count, "\(file)")
      for wanted in datasets {
        let place = "\(file), \(wanted.name)"
        let image = try #require(found[wanted.name], "\(place)")
        let volume = try image.volume(channel: 0, timepoint: 0)
        #expect(image.info.type.rawValue == wanted.type, "\(place)")
        #expect(volume.size.components == wanted.size, "\(place)")
        let bytes = try volume.block(of: volume.bounds).byteArray
        #expect(sha256(bytes) == wanted.sha256, "\(place)")
        #expect(throws: Never.self, "\(place)") {
          try checkVolumeLaws(of: volume, using: &random, boxes: 3)
        }
      }
    }
  }

  static let dimensions = """
    import sys, numpy as np, h5py
    v = np.arange(2*3*4*5*6, dtype='u2').reshape(2, 3, 4, 5, 6)
    with h5py.File(sys.argv[1], 'w') as f:
      for name, more in {'mapped': {}, 'chunks': dict(chunks=(1, 2, 3, 2, 2), compression=1)}.items():
        f.create_dataset(name + '/tczyx', data=v, **more)
        f.create_dataset(name + '/tzyxc', data=v.transpose(0, 2, 3, 4, 1), **more)
        f.create_dataset(name + '/xyzct', data=v.transpose(4, 3, 2, 1, 0), **more)
        f.create_dataset(name + '/plane', data=v[1, 2, 3], chunks=None if not more else (2, 4))
        f.create_dataset(name + '/single', data=v[:1, :1])
        f[name + '/tczyx'].attrs['element_size_um'] = [0.5, 0.25, 0.125]
    """

  @Test(arguments: ["mapped", "chunks"])
  func axesBecomeChannelsAndTimePointsInAnyOrder(layout: String) throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.dimensions, [folder("a.h5")])
    var random = SplitMix64(seed: 3)
    for axes in ["tczyx", "tzyxc", "xyzct"] {
      let image = try #require(
        try HDF5Tiles.images(
          in: folder("a.h5"), .init(datasets: "\(layout)/\(axes)", axes: axes),
          cache: PieceCache(capacity: 1 << 20)
        ).first)
      #expect(image.info.channelNames.count == 3)
      #expect(image.info.timepoints == 2)
      #expect(image.info.size == Index3(z: 4, y: 5, x: 6))
      if axes == "tczyx" {
        #expect(image.info.voxelSize == VoxelSize(x: 0.125, y: 0.25, z: 0.5))
      }
      for channel in 0..<3 {
        for timepoint in 0..<2 {
          let volume = try image.volume(channel: channel, timepoint: timepoint)
          let first = (timepoint * 3 + channel) * 120
          let values = try volume.block(of: volume.bounds).values(UInt16.self)
          #expect(values == (first..<first + 120).map { UInt16($0) }, "\(axes)")
          try checkVolumeLaws(of: volume, using: &random, boxes: 3)
        }
      }
      let error = #expect(throws: BrickworkError.self) {
        try image.volume(channel: 3, timepoint: 0)
      }
      #expect(error?.code == .badRequest)
    }
    let fixed = try HDF5Tiles.images(
      in: folder("a.h5"), .init(datasets: "/\(layout)/tczyx", axes: "[1][2]zyx"),
      cache: PieceCache(capacity: 0))
    let volume = try fixed[0].volume(channel: 0, timepoint: 0)
    #expect(try volume.block(of: volume.bounds).values(UInt16.self)[0] == 600)
  }

  @Test func whatHasNoThreeDimensionsNeedsAxes() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.dimensions, [folder("a.h5")])
    func images(_ datasets: String?, _ axes: String? = nil) throws -> [any TileImage] {
      try HDF5Tiles.images(
        in: folder("a.h5"), .init(datasets: datasets, axes: axes), cache: PieceCache(capacity: 0))
    }
    #expect(
      try images("**/plane").map(\.info.size)
        == Array(repeating: Index3(z: 1, y: 5, x: 6), count: 2))
    #expect(try images("*/single").map(\.info.size.components) == [[4, 5, 6], [4, 5, 6]])
    #expect(try images(nil, "tczyx").count == 8)
    for (datasets, axes, words) in [
      ("*/tczyx", nil, "nothing says what they are"), ("nosuch*", nil, "/chunks/plane"),
      ("*/tczyx", "zyx", "has 5 dimensions, but 3 axes"), ("*/tczyx", "[9]czyx", "fixed at 9"),
      ("*/tczyx", "tqzyx", "letter q"), ("*/tczyx", "zzyx", "twice"), ("*/tczyx", "tcz", "lack"),
      ("*/tczyx", "[axzy", "bracket"),
    ] as [(String, String?, String)] {
      let error = #expect(throws: BrickworkError.self) { try images(datasets, axes) }
      #expect(error?.code == .badRequest)
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  static let oddities = """
    import sys, os, numpy as np, h5py
    os.chdir(sys.argv[1])
    v = np.arange(24, dtype='u2').reshape(2, 3, 4)
    with h5py.File('b.h5', 'w') as f: f['there/t10'] = v; f['there/t9'] = v + 1
    with h5py.File('a.h5', 'w') as f:
      f['g/t2'] = v; f['g/t10'] = v + 2; f['g/t1'] = v + 3
      f['same'] = f['g/t2']; f['again'] = h5py.SoftLink('/g/t1'); f['loop'] = h5py.SoftLink('/'); f['g/up'] = f['g']
      f['other'] = h5py.ExternalLink('b.h5', '/there'); f['gone'] = h5py.ExternalLink('no.h5', '/')
      f['dangling'] = h5py.SoftLink('/nowhere')
    with h5py.File('c.h5', 'w') as f:
      f['compound'] = np.zeros((2, 3, 4), [('a', 'u1'), ('b', 'f4')]); f['complex'] = np.zeros((2, 3, 4), 'c8')
      f['bool'] = np.zeros((2, 3, 4), bool); f['text'] = np.full((2, 3, 4), b'abc')
    with h5py.File('x.h5', 'w') as f: f['me'] = h5py.ExternalLink('y.h5', '/'); f['v'] = v
    with h5py.File('y.h5', 'w') as f: f['you'] = h5py.ExternalLink('x.h5', '/'); f['me'] = h5py.ExternalLink('./y.h5', '/'); f['w'] = v
    """

  @Test func groupsAndLinksAreFollowedOnceInNaturalOrder() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.oddities, [folder.path])
    let cache = PieceCache(capacity: 1 << 20)
    let images = try HDF5Tiles.images(in: folder("a.h5"), cache: cache)
    // A dataset of two names keeps the first that is met.
    #expect(images.map(\.info.name) == ["again", "g/t10", "other/t9", "other/t10", "same"])
    #expect(images[0].info.notes.contains { $0.contains("/dangling") && $0.contains("/gone") })
    let values = try images.map { image in
      let volume = try image.volume(channel: 0, timepoint: 0)
      return try volume.block(of: volume.bounds).values(UInt16.self)[0]
    }
    #expect(values == [3, 2, 1, 0, 0])
    // Files that name each other end.
    #expect(try HDF5Tiles.images(in: folder("x.h5"), cache: cache).count < 100)
  }

  @Test func whatHoldsNoNumbersIsRefusedWithTheReason() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.oddities, [folder.path])
    for (name, words) in [
      ("compound", "compounds"), ("complex", "complex"), ("bool", "bool"), ("text", "text"),
    ] {
      let error = #expect(throws: BrickworkError.self) {
        try HDF5Tiles.images(
          in: folder("c.h5"), .init(datasets: name), cache: PieceCache(capacity: 0))
      }
      #expect(error?.code == .unsupportedInput)
      #expect(error?.reason.contains(words) == true)
    }
    #expect { try HDF5Tiles.images(in: folder("c.h5"), cache: PieceCache(capacity: 0)) } throws: {
      ($0 as? BrickworkError)?.code == .unsupportedInput
    }
    #expect { try HDF5Tiles.images(in: folder("n.h5"), cache: PieceCache(capacity: 0)) } throws: {
      ($0 as? BrickworkError)?.code == .missingInput
    }
  }

  @Test func patternsAreGlobs() {
    #expect(HDF5Tiles.Choice(datasets: "a", axes: "zyx") != HDF5Tiles.Choice())
    #expect(HDF5Tiles.looksLikeHDF5([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]))
    #expect(!HDF5Tiles.looksLikeHDF5([0x49, 0x49]))
  }
}
