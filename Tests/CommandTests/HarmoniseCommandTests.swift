import BrickTestSupport
import Brickwork
import Testing

@Suite struct HarmoniseCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two tiles of one scene that overlap by 20 columns, the second as bright as `factor` says.
  private func tiles(factor: Double) throws -> [String] {
    for (tile, name) in ["a.tif", "b.tif"].enumerated() {
      var voxels: [UInt16] = []
      for z in 0..<4 {
        for y in 0..<30 {
          for x in 0..<50 {
            let value = Double(1000 + (x + 30 * tile) * 13 % 400 + y * 7 + z * 20)
            voxels.append(UInt16((tile == 0 ? value : value * factor).rounded()))
          }
        }
      }
      try Files.replace(
        folder(name), with: TinyTIFF.stack(width: 50, height: 30, depth: 4, voxels: voxels))
    }
    try Files.replace(folder("o.csv"), with: Array("tile,x,y,z\n0,0,0,0\n1,30,0,0\n".utf8))
    return [folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--overwrite"]
  }

  private func voxels(_ name: String) throws -> [UInt16] {
    let volume = try TileSet.open([folder(name)], cache: PieceCache(capacity: 0)).tiles[0]
      .volume(channel: 0, timepoint: 0)
    return try volume.block(of: volume.bounds).values(UInt16.self)
  }

  @Test func seamsDisappearAndGainsAreReported() throws {
    let arguments = ["stitch"] + (try tiles(factor: 1.2))
    let result = try Executable.run(
      arguments + [
        "-o", folder("h.ome.zarr"), "--harmonise", "gain", "--gains", folder("g.csv"), "--json",
      ])
    #expect(result.status == 0, "\(result.errors)")
    let report = try JSON(parsing: Array(result.output.utf8), path: "-")["harmonisation"]?[0]
    let gains = report?["gains"]?.doubleArrayValue ?? []
    #expect(gains.count == 2 && abs(gains[0] / gains[1] - 1.2) < 0.002, "\(gains)")
    let seam = report?["seams"]?[0]
    #expect((seam?["residual_before"]?.doubleValue ?? 0) > 0.15)
    #expect(abs(seam?["residual_after"]?.doubleValue ?? 1) < 0.002)
    let table = String(decoding: try Files.read(folder("g.csv")), as: UTF8.self)
    #expect(table.hasPrefix("tile,name,channel,gain,offset\n0,") && table.contains("\n1,"))
    // The harmonised volume is the scene, but for one factor.
    let scene = (0..<80).map { 1000 + Double($0) * 13 }
    let row = try voxels("h.ome.zarr").prefix(30).map { Double($0) }
    for x in 0..<30 { #expect(abs(row[x] / (scene[x] * gains[0]) - 1) < 0.002) }
  }

  @Test func tilesThatAgreeStayAsTheyAre() throws {
    let arguments = ["stitch"] + (try tiles(factor: 1))
    for (name, options) in [("p.ome.zarr", []), ("h.ome.zarr", ["--harmonise", "gain+offset"])] {
      let result = try Executable.run(arguments + ["-o", folder(name), "--quiet"] + options)
      #expect(result.status == 0, "\(result.errors)")
    }
    let (plain, harmonised) = (try voxels("p.ome.zarr"), try voxels("h.ome.zarr"))
    #expect(plain == harmonised)
    let wrong = ["-o", folder("x.ome.zarr"), "--gains", folder("g.csv")]
    #expect(try Executable.run(arguments + wrong).status == 64)
  }
}
