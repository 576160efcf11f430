import BrickCore
import BrickFiles
@_spi(Fuzzing) import BrickHDF5
import BrickTestSupport
import Testing

@Suite(.enabled(if: SharedData.hasPython, "needs Python with h5py (BRICKWORK_PYTHON)"))
struct HDF5DamageTests {
  static let script = """
    import sys, numpy as np, h5py
    from h5py import h5p, h5d, h5s, h5t, h5z
    v = np.arange(60, dtype='u2').reshape(3, 4, 5)
    with h5py.File(sys.argv[1], 'w') as f:
      f['g/contiguous'] = v
      f.create_dataset('g/all', data=v, chunks=(2, 2, 3), compression=1, shuffle=True, fletcher32=True)
      f.create_dataset('scale', data=v, chunks=(2, 2, 3), scaleoffset=0, compression=1)
      f.create_dataset('scale_alone', data=v, chunks=(2, 2, 3), scaleoffset=0)
      f.create_dataset('lzf', data=v, chunks=(2, 2, 3), compression='lzf')
      f['g/all'].attrs['element_size_um'] = [1., 2, 3]
    with h5py.File(sys.argv[2], 'w', libver=('v110', 'v110')) as f:
      for name, more in {'fixed': {}, 'extensible': dict(maxshape=(None, 4, 5)), 'tree': dict(maxshape=(None,) * 3)}.items():
        f.create_dataset(name, data=v, chunks=(2, 2, 3), compression=1, **more)
      f.create_dataset('single', data=v, chunks=(3, 4, 5), compression=1)
      t = h5t.STD_U16LE.copy(); t.set_precision(12)
      p = h5p.create(h5p.DATASET_CREATE); p.set_chunk((2, 2, 3)); p.set_filter(h5z.FILTER_NBIT, 1, ())
      h5py.Dataset(h5d.create(f.id, b'nbit', t, h5s.create_simple((3, 4, 5)), p))[...] = v
      for i in range(12): f['many/%d' % i] = v
    """

  /// `BRICKWORK_ROUNDS` and `BRICKWORK_SEED` draw more and other damage.
  private static let rounds = BDVEnvironment.number("BRICKWORK_ROUNDS") ?? 600
  private static let seed = UInt64(BDVEnvironment.number("BRICKWORK_SEED") ?? 4)

  @Test(.timeLimit(.minutes(10))) func flippedCutAndLengthenedFilesGiveErrorsOrVoxelsButNoTrap()
    throws
  {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.script, [folder("a.h5"), folder("c.h5")])
    let wholes = try [Files.read(folder("a.h5")), Files.read(folder("c.h5"))]
    var random = SplitMix64(seed: Self.seed)
    var (opened, threw) = (0, 0)
    for round in 0..<Self.rounds {
      var bytes = wholes[round % 7 % 2]
      switch round % 10 {
      case 0: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
      case 1: bytes += [UInt8](repeating: 0xFF, count: Int.random(in: 1...999, using: &random))
      default:
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = Int.random(in: bytes.indices, using: &random)
          bytes[place] = UInt8.random(in: 0...255, using: &random)
        }
      }
      try Files.replace(folder("b.h5"), with: bytes)
      do {
        try HDF5Tiles.exercise(folder("b.h5"))
        opened += 1
      } catch let error as BrickworkError {
        threw += 1
        #expect(!error.reason.isEmpty && error.code != .badRequest)
      }
    }
    #expect(opened > 0 && threw > 0)
  }

  @Test func aWrongChecksumIsNoticed() throws {
    let folder = try TemporaryFolder()
    let script = """
      import sys, numpy as np, h5py
      with h5py.File(sys.argv[1], 'w') as f:
        f.create_dataset('d', data=np.full((4, 4, 4), 0x5A, 'u1'), chunks=(4, 4, 4), fletcher32=True)
      """
    try SharedData.runPython(script, [folder("a.h5")])
    var bytes = try Files.read(folder("a.h5"))
    let place = try #require(bytes.firstRange(of: [UInt8](repeating: 0x5A, count: 64)))
    bytes[place.lowerBound + 7] = 0x5B
    try Files.replace(folder("a.h5"), with: bytes)
    let image = try HDF5Tiles.images(in: folder("a.h5"), cache: PieceCache(capacity: 0))[0]
    let volume = try image.volume(channel: 0, timepoint: 0)
    let error = #expect(throws: BrickworkError.self) {
      let block = try volume.block(of: volume.bounds)
      return block.byteCount
    }
    #expect(error?.code == .damagedInput)
    #expect(error?.path == folder("a.h5"))
    #expect(error?.description.contains("checksum") == true)
  }
}
