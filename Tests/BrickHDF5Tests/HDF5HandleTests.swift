import BrickCore
import BrickFiles
import BrickHDF5
import BrickTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct HDF5HandleTests {
  @Test func aFileIsClosedWithItsLastTile() throws {
    let folder = try TemporaryFolder()
    let path = folder("a.h5")
    let size = Index3(z: 2, y: 3, x: 4)
    func write(_ value: UInt8) throws {
      let file = try HDF5File(creating: path)
      let dataset = try file.makeDataset(
        "/d", type: .uint8, size: size, chunk: size, deflateLevel: nil, shuffle: false)
      let bytes = [UInt8](repeating: value, count: 24)
      try unsafe dataset.write(rawChunk: bytes.span.bytes, at: .zero)
      try dataset.close()
      try file.close()
    }
    for value in UInt8(1)...3 {
      // Writing over a file that is open is refused by the library.
      try write(value)
      let image = try HDF5Tiles.images(in: path, cache: PieceCache(capacity: 0))[0]
      let volume = try image.volume(channel: 0, timepoint: 0)
      #expect(try volume.block(of: volume.bounds).byteArray == Array(repeating: value, count: 24))
    }
  }
}
