import BrickCore
import BrickFiles
import BrickHDF5
import BrickTestSupport
import Dispatch
import Synchronization
import Testing

/// Reads the same file in boxes of 64³ voxels with h5py and with one and two threads here, in turns; run it with BRICKWORK_MEASURE=1.
@Suite(
  .enabled(
    if: BDVEnvironment.measures && SharedData.hasPython,
    "a measurement (BRICKWORK_MEASURE) that needs Python with h5py"))
struct HDF5SpeedTests {
  static let size = Index3(z: 128, y: 512, x: 512)

  static let make = """
    import sys, numpy as np, h5py
    rng = np.random.default_rng(1); shape = (128, 512, 512)
    z, y, x = np.ogrid[:128, :512, :512]
    light = 3 + 400 * np.exp(-((z % 64 - 32) ** 2 + (y % 96 - 48) ** 2 + (x % 80 - 40) ** 2) / 400)
    v = (100 + rng.poisson(light) * 0.46 + rng.normal(0, 1.6, shape)).clip(0, 65535).astype('u2')
    with h5py.File(sys.argv[1], 'w') as f:
      c = (64, 64, 64)
      f.create_dataset('contiguous', data=v)
      f.create_dataset('plain chunks', data=v, chunks=c)
      f.create_dataset('deflate', data=v, chunks=c, compression=4)
      f.create_dataset('shuffle, deflate', data=v, chunks=c, compression=4, shuffle=True)
      f.create_dataset('scale-offset', data=v, chunks=c, scaleoffset=0)
      f.create_dataset('scale-offset, deflate', data=v, chunks=c, scaleoffset=0, compression=6)
      f.create_dataset('scale-offset, deflate, 32x32x4', data=v, chunks=(4, 32, 32), scaleoffset=0, compression=6)
    """

  static let read = """
    import sys, time, numpy as np, h5py
    with h5py.File(sys.argv[1]) as f, open(sys.argv[3], 'w') as out:
      d = f[sys.argv[2]]; a = np.empty((64, 64, 64), 'u2')
      t = time.perf_counter()
      for z in range(0, 128, 64):
        for y in range(0, 512, 64):
          for x in range(0, 512, 64): d.read_direct(a, np.s_[z:z+64, y:y+64, x:x+64])
      print(time.perf_counter() - t, file=out)
    """

  private func seconds(reading volume: any Volume, threads: Int) throws -> Double {
    let grid = BrickGrid(size: volume.size, brick: Index3(repeating: 64))
    let next = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    let start = ContinuousClock.now
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      var block = VoxelBlock()
      while true {
        let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard place < grid.count else { return }
        block.reshape(to: grid.box(at: grid.index(at: place)), type: volume.type)
        do { try volume.read(into: &block) } catch { failure.withLock { $0 = error } }
      }
    }
    let took = (ContinuousClock.now - start) / .seconds(1)
    if let error = failure.withLock({ $0 }) { throw error }
    return took
  }

  @Test func megabytesPerSecondBesideH5py() throws {
    let folder = try TemporaryFolder()
    try SharedData.runPython(Self.make, [folder("a.h5")])
    let megabytes = Double(Self.size.volume * 2) / 1e6
    for image in try HDF5Tiles.images(in: folder("a.h5"), cache: PieceCache(capacity: 0)) {
      let volume = try image.volume(channel: 0, timepoint: 0)
      var (peer, one, two): ([Double], [Double], [Double]) = ([], [], [])
      for _ in 0..<5 {
        try SharedData.runPython(Self.read, [folder("a.h5"), image.info.name, folder("t.txt")])
        let text = String(decoding: try Files.read(folder("t.txt")), as: UTF8.self)
        peer.append(try #require(Double(text.split(separator: "\n")[0])))
        one.append(try seconds(reading: volume, threads: 1))
        two.append(try seconds(reading: volume, threads: 2))
      }
      let rates = [peer, one, two].map { Int(megabytes / $0.sorted()[2]) }
      print("\(image.info.name): h5py \(rates[0]), here \(rates[1]), two threads \(rates[2]) MB/s")
    }
  }
}
