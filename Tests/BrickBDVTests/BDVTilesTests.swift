import BrickBDV
import BrickCore
import BrickFiles
import BrickHDF5
import BrickTestSupport
import Testing

/// Projects made by h5py, with partitions, missing views, channels and odd ids.
@Suite(.enabled(if: SharedData.hasPython, "needs Python with h5py (BRICKWORK_PYTHON)"))
struct BDVTilesTests {
  /// A project of setups 3, 7, 120 and 1234 and time points 2 and 123456, with an XML; `kind` chooses among
  /// conventions.
  static let script = """
    import sys, os, numpy as np, h5py
    os.chdir(sys.argv[1]); kind = sys.argv[2]
    latest = dict(libver=('v110', 'v110')) if 'latest' in kind else {}
    S = [3, 7, 120, 1234]; T = [2, 123456]; shape = (5, 6, 7)
    def voxels(t, s): return ((np.arange(210).reshape(shape) * 311 + t + s) % 65536).astype('u2')
    def stored(v):
      if 'native' in kind or 'attr' in kind: return v
      if 'float' in kind: return v.astype('f4')
      return v.view('i2')
    def tables(f, s):
      a, b = ('f4', 'i8') if 'odd' in kind else ('f8', 'i4')
      f['s%02d/resolutions' % s] = np.array([[1, 1, 1], [2, 2, 1]], a); f['s%02d/subdivisions' % s] = np.array([[4, 4, 4], [4, 4, 4]], b)
      if 'attr' in kind: f['s%02d' % s].attrs['dataType'] = np.bytes_('uint16') if 'fixed' in kind else 'uint16'
    def cells(f, t, s):
      v = stored(voxels(t, s)); more = {} if 'contiguous' in kind else dict(chunks=(4, 4, 4), compression=1, shuffle=True)
      if 'scale' in kind: more['scaleoffset'] = 0; more.pop('shuffle')
      if 'unlimited' in kind: more['maxshape'] = (None,) * 3
      f.create_dataset('t%05d/s%02d/0/cells' % (t, s), data=v, **more)
      f.create_dataset('t%05d/s%02d/1/cells' % (t, s), data=v[:, :6:2, :6:2], chunks=(4, 3, 3))
    with h5py.File('a.h5', 'w', **latest) as f:
      for s in S: tables(f, s)
      for t in T:
        for s in S:
          if (t, s) == (123456, 7): continue
          if 'split' in kind:
            os.makedirs('parts', exist_ok=True); name = 'parts/a-%d-%d.h5' % (t, s)
            with h5py.File(name, 'w', **latest) as p: tables(p, s); cells(p, t, s)
            f['t%05d/s%02d/0/cells' % (t, s)] = h5py.ExternalLink(name, '/t%05d/s%02d/0/cells' % (t, s))
            f['t%05d/s%02d/1/cells' % (t, s)] = h5py.ExternalLink(name, '/t%05d/s%02d/1/cells' % (t, s))
          else: cells(f, t, s)
    x = '<?xml version="1.0"?>\\n<!-- a comment -->\\n<SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>'
    x += '<ImageLoader format="bdv.hdf5"><hdf5 type="%s">%s</hdf5></ImageLoader><ViewSetups>' % (('absolute', '/gone/a.h5') if 'absolute' in kind else ('relative', 'a.h5'))
    for s, tile, channel in zip(S, [0, 0, 1, 1], [0, 1, 0, 1]):
      x += '<ViewSetup><id>%d</id><name>tile%d</name><size>7 6 5</size><voxelSize><unit>um</unit><size>0.5 0.5 2</size></voxelSize>' % (s, tile)
      x += '<attributes><channel>%d</channel><tile>%d</tile><angle>0</angle><illumination>0</illumination></attributes></ViewSetup>' % (channel, tile)
    x += '<Attributes name="channel"><Channel><id>0</id><name>DAPI</name></Channel><Channel><id>1</id><name>GFP</name></Channel></Attributes></ViewSetups>'
    x += '<Timepoints type="list"><Timepoint><id>2</id></Timepoint><Timepoint><id>123456</id></Timepoint></Timepoints>'
    x += '<MissingViews><MissingView timepoint="123456" setup="7"/></MissingViews></SequenceDescription><ViewRegistrations>'
    for t in T:
      for s, shift in zip(S, [0, 0, 10, 10]):
        x += '<ViewRegistration timepoint="%d" setup="%d"><ViewTransform type="affine"><affine>1 0 0 %d 0 1 0 -1.5\\n 0 0 1 8</affine></ViewTransform>' % (t, s, shift)
        x += '<ViewTransform type="affine"><affine>1 0 0 0 0 1 0 0 0 0 4 0</affine></ViewTransform></ViewRegistration>'
    open('a.xml', 'w').write(x + '</ViewRegistrations></SpimData>')
    """

  private func made(_ kind: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.script, [folder.path, kind])
    return folder
  }

  private func voxels(_ timepoint: Int, _ setup: Int) -> [UInt16] {
    (0..<210).map { UInt16(($0 * 311 + timepoint + setup) % 65536) }
  }

  private func values(_ volume: any Volume) throws -> [UInt16] {
    let volume = volume.converted(to: .uint16)
    return try volume.block(of: volume.bounds).values(UInt16.self)
  }

  @Test(arguments: [
    "int16", "native", "attr", "attr fixed scale", "float", "split", "split latest attr odd",
    "contiguous", "contiguous attr split", "unlimited latest scale", "absolute odd",
  ])
  func aProjectOfAnyConventionGivesItsVoxels(kind: String) throws {
    let folder = try made(kind)
    var random = SplitMix64(seed: 5)
    for name in ["a.xml", "a.h5"] {
      let cache = PieceCache(capacity: 1 << 20)
      let images = try BDVTiles.images(in: folder(name), cache: cache)
      #expect(images.map(\.info.name) == ["tile0", "tile1"])
      for (image, setups) in zip(images, [[3, 7], [120, 1234]]) {
        let info = image.info
        #expect(info.type == (kind == "float" ? .float32 : .uint16))
        #expect(info.size == Index3(z: 5, y: 6, x: 7))
        #expect(info.channelNames == ["DAPI", "GFP"])
        #expect(info.timepoints == 2)
        #expect(info.voxelSize == VoxelSize(x: 0.5, y: 0.5, z: 2))
        #expect(info.position == Point3(x: setups[0] == 3 ? 0 : 5, y: -0.75, z: 4))
        #expect(info.notes.count == (setups[0] == 3 ? 1 : 0), "\(info.notes)")
        for (channel, setup) in setups.enumerated() {
          for (place, timepoint) in [2, 123456].enumerated() {
            let volume = try image.volume(channel: channel, timepoint: place)
            let isMissing = (timepoint, setup) == (123456, 7)
            #expect(
              try values(volume)
                == (isMissing ? Array(repeating: 0, count: 210) : voxels(timepoint, setup)))
            try checkVolumeLaws(of: volume, using: &random, boxes: 4)
          }
        }
        let bdv = try #require(image as? BDVImage)
        #expect(bdv.levels.map(\.factor) == [.one, Index3(z: 1, y: 2, x: 2)])
        let coarse = try bdv.volume(channel: 0, timepoint: 0, level: 1)
        #expect(coarse.size == Index3(z: 5, y: 3, x: 3))
        #expect(try values(coarse)[1] == voxels(2, setups[0])[2])
        #expect(try image.reduced(by: Index3(z: 1, y: 2, x: 2), channel: 0, timepoint: 0) == nil)
      }
    }
  }

  @Test func withoutAnXMLSetupsAndTimePointsAreThoseOfTheFile() throws {
    let folder = try made("int16")
    try Files.remove(folder("a.xml"))
    #expect(try BDVTiles.isProject(folder("a.h5")))
    let images = try BDVTiles.images(in: folder("a.h5"), cache: PieceCache(capacity: 0))
    #expect(images.map(\.info.name) == ["setup 3", "setup 7", "setup 120", "setup 1234"])
    #expect(images.allSatisfy { $0.info.position == nil && $0.info.voxelSize == nil })
    #expect(try values(images[2].volume(channel: 0, timepoint: 1)) == voxels(123456, 120))
    #expect(try values(images[1].volume(channel: 0, timepoint: 1)).allSatisfy { $0 == 0 })
    #expect(images[1].info.notes.contains { $0.contains("123456") })
  }

  @Test func aPartitionThatIsGoneIsNamed() throws {
    let folder = try made("split")
    try Files.remove(folder("parts/a-2-120.h5"))
    try Files.remove(folder("parts/a-2-3.h5"))
    let images = try BDVTiles.images(in: folder("a.xml"), cache: PieceCache(capacity: 0))
    #expect(images[1].info.notes.contains { $0.contains("parts/a-2-120.h5") })
    let error = #expect(throws: BrickworkError.self) {
      try images[1].volume(channel: 0, timepoint: 0)
    }
    #expect(error?.code == .missingInput)
    #expect(error?.description.contains("parts/a-2-120.h5") == true)
    // What is there can be read.
    #expect(try values(images[1].volume(channel: 1, timepoint: 0)) == voxels(2, 1234))
  }

  @Test func aViewThatIsGoneUndeclaredIsAnError() throws {
    let folder = try made("int16")
    let xml = String(decoding: try Files.read(folder("a.xml")), as: UTF8.self)
    let start = try #require(xml.firstRange(of: "<MissingViews>")).lowerBound
    let end = try #require(xml.firstRange(of: "</MissingViews>")).upperBound
    try Files.replace(folder("a.xml"), with: Array((xml[..<start] + xml[end...]).utf8))
    let images = try BDVTiles.images(in: folder("a.xml"), cache: PieceCache(capacity: 0))
    let error = #expect(throws: BrickworkError.self) {
      try images[0].volume(channel: 1, timepoint: 1)
    }
    #expect(error?.code == .missingInput)
    #expect(error?.description.contains("/t123456/s07/0/cells") == true)
  }

  @Test func otherLoadersAndLostFilesAreRefused() throws {
    let folder = try made("int16")
    try Files.remove(folder("a.h5"))
    #expect { try BDVTiles.images(in: folder("a.xml"), cache: PieceCache(capacity: 0)) } throws: {
      ($0 as? BrickworkError)?.code == .missingInput
    }
    let xml = String(decoding: try Files.read(folder("a.xml")), as: UTF8.self)
    try Files.replace(
      folder("a.xml"), with: Array(xml.replacing("bdv.hdf5", with: "bdv.n5.cloud").utf8))
    #expect { try BDVTiles.images(in: folder("a.xml"), cache: PieceCache(capacity: 0)) } throws: {
      let error = $0 as? BrickworkError
      return error?.code == .unsupportedInput && error?.reason.contains("bdv.n5.cloud") == true
    }
  }

  static let many = """
    import sys, numpy as np, h5py
    with h5py.File(sys.argv[1], 'w') as f:
      for s in range(150):
        f['s%02d/resolutions' % s] = np.ones((1, 3)); f['s%02d/subdivisions' % s] = np.full((1, 3), 4, 'i4')
        for t in range(20): f.create_dataset('t%05d/s%02d/0/cells' % (t, s), data=np.full((4, 4, 4), s, 'i2'), chunks=(4, 4, 4))
    """

  @Test func aHundredAndFiftySetupsOpenAndReadInAnyOrder() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.many, [folder("a.h5")])
    let clock = ContinuousClock()
    let start = clock.now
    let images = try BDVTiles.images(in: folder("a.h5"), cache: PieceCache(capacity: 1 << 20))
    let took = clock.now - start
    if BDVEnvironment.measures { print("150 setups, 20 time points: \(took)") }
    #expect(images.count == 150)
    // More views than are kept open at once, in an order that opens each again.
    for timepoint in [0, 19] {
      for (setup, image) in images.enumerated().reversed() {
        let volume = try image.volume(channel: 0, timepoint: timepoint)
        #expect(try values(volume) == Array(repeating: UInt16(setup), count: 64))
      }
    }
    let volumes = try images.map { try $0.volume(channel: 0, timepoint: 3) }
    for (setup, volume) in volumes.enumerated() { #expect(try values(volume)[63] == UInt16(setup)) }
  }
}
