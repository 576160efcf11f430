import BrickCore
import BrickFiles
import BrickJPEG2000
import BrickTestSupport
import Foundation
import Testing

/// The most memory this process held since the last reset, by the kernel's own count.
enum ResidentPeak {
  static func reset() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    try? file.write(contentsOf: Data("5".utf8))
    try? file.close()
  }

  static var now: Int { number("VmHWM:") }
  static var current: Int { number("VmRSS:") }

  private static func number(_ name: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) << 10
  }
}

/// Files of imagecodecs: tiles too large to be decoded whole, and what decoding takes.
@Suite(.enabled(if: SharedData.hasPython, "no Python readers")) struct MemoryTests {
  private func encode(
    _ folder: TemporaryFolder, _ size: Index3, _ type: String, _ options: String
  ) throws {
    try SharedData.runPython(
      """
      import sys, numpy as np, imagecodecs
      path, z, y, x = sys.argv[1], *map(int, sys.argv[2:5])
      zz, yy, xx = np.ogrid[:z, :y, :x]
      a = ((xx >> 5) * 3 + (yy >> 4) * 5 + (xx * yy >> 14) + zz * 7).astype('\(type)')
      a.tofile(path + '.raw')
      image = a[0] if z == 1 else np.ascontiguousarray(np.moveaxis(a, 0, 2))
      open(path, 'wb').write(imagecodecs.jpeg2k_encode(image, reversible=True, \(options)))
      """, [folder("a.jp2"), "\(size.z)", "\(size.y)", "\(size.x)"])
  }

  @Test func aHugeTileIsDecodedInBlocks() throws {
    let folder = try TemporaryFolder()
    let size = Index3(z: 1, y: 4200, x: 4300)
    try encode(folder, size, "uint8", "level=0")
    let image = try JPEG2000File.image(in: folder("a.jp2"), cache: PieceCache(capacity: 64 << 20))
    let volume = try image.volume(channel: 0, timepoint: 0)
    #expect(volume.size == size)
    let truth = ArrayVolume(bytes: try Files.read(folder("a.jp2.raw")), type: .uint8, size: size)
    let corner = Box3(origin: Index3(z: 0, y: 2000, x: 4000), size: Index3(z: 1, y: 100, x: 200))
    #expect(volume.decodedBytes(reading: corner) <= 4 * 5 << 20)
    ResidentPeak.reset()
    let before = ResidentPeak.current
    #expect(try volume.block(of: corner).byteArray == truth.block(of: corner).byteArray)
    let taken = ResidentPeak.now - before
    let stated = volume.scratchBytes(reading: corner.size) + volume.decodedBytes(reading: corner)
    #expect(taken <= stated, "\(taken >> 20) MiB were taken, \(stated >> 20) stated")
    print("huge tile: taken", taken >> 20, "MiB, stated", stated >> 20)
    #expect(
      try volume.block(of: volume.bounds).byteArray == truth.block(of: truth.bounds).byteArray)
  }

  @Test(arguments: [
    (Index3(z: 12, y: 1500, x: 1600), "uint16", "level=0"),
    (Index3(z: 1, y: 3000, x: 3000), "uint8", "level=0"),
    (Index3(z: 3, y: 1200, x: 1300), "uint8", "level=0, mct=True"),
  ]) func decodingTakesWhatIsStated(size: Index3, type: String, options: String) throws {
    let folder = try TemporaryFolder()
    try encode(folder, size, type, options)
    let image = try JPEG2000File.image(in: folder("a.jp2"), cache: PieceCache(capacity: 0))
    let volume = try image.volume(channel: 0, timepoint: 0)
    let box = Box3(origin: Index3(z: size.z - 1, y: 0, x: 0), size: Index3(z: 1, y: 64, x: 64))
    ResidentPeak.reset()
    let before = ResidentPeak.current
    let found = try volume.block(of: box).byteArray
    let taken = ResidentPeak.now - before
    let stated = volume.scratchBytes(reading: box.size)
    #expect(taken <= stated, "\(taken >> 20) MiB were taken, \(stated >> 20) stated")
    print(options, "taken", taken >> 20, "MiB, stated", stated >> 20)
    let truth = ArrayVolume(
      bytes: try Files.read(folder("a.jp2.raw")), type: volume.type, size: size)
    #expect(try truth.block(of: box).byteArray == found)
  }
}
