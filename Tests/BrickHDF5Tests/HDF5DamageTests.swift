import BrickCore
import BrickFiles
@_spi(Fuzzing) import BrickHDF5
import BrickTestSupport
import Testing

@Suite(.enabled(if: SharedData.hasPython, "needs Python with h5py (BRICKWORK_PYTHON)"))
struct HDF5DamageTests {
  static let script = """
    import sys, numpy as np, h5py
    v = np.arange(60, dtype='u2').reshape(3, 4, 5)
    with h5py.File(sys.argv[1], 'w') as f:
      f['g/contiguous'] = v
      f.create_dataset('g/all', data=v, chunks=(2, 2, 3), compression=1, shuffle=True, fletcher32=True)
      f.create_dataset('scale', data=v, chunks=(2, 2, 3), scaleoffset=0, compression=1)
      f.create_dataset('scale_alone', data=v, chunks=(2, 2, 3), scaleoffset=0)
      f.create_dataset('lzf', data=v, chunks=(2, 2, 3), compression='lzf')
      f['g/all'].attrs['element_size_um'] = [1., 2, 3]
    """

  @Test(.timeLimit(.minutes(1))) func flippedCutAndLengthenedFilesGiveErrorsOrVoxelsButNoTrap()
    throws
  {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.script, [folder("a.h5")])
    let whole = try Files.read(folder("a.h5"))
    var random = SplitMix64(seed: 4)
    var (opened, threw) = (0, 0)
    for round in 0..<600 {
      var bytes = whole
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
    let error = #expect(throws: BrickworkError.self) { try volume.block(of: volume.bounds) }
    #expect(error?.code == .damagedInput)
    #expect(error?.path == folder("a.h5"))
    #expect(error?.description.contains("checksum") == true)
  }
}
