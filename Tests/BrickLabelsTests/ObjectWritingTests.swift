import BrickCore
import BrickFiles
import BrickLabels
import BrickTestSupport
import Foundation
import Testing

@Suite struct ObjectWritingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func table(_ records: [ObjectRecord]) throws -> ObjectTable {
    let collector = try ObjectCollector(type: .uint64, memory: 0, scratchFolder: folder.path)
    try collector.add(records)
    return try collector.finish()
  }

  private func record(_ label: UInt64, _ voxels: Int, _ z: Int128, _ y: Int128, _ x: Int128)
    -> ObjectRecord
  {
    ObjectRecord(
      label: label, voxels: voxels, sumZ: z, sumY: y, sumX: x,
      box: Box3(origin: Index3(z: -1, y: 2, x: 3), size: Index3(z: 4, y: 5, x: 6)))
  }

  @Test func rowsHaveExactPositionsAndTheColumnsAreNamed() throws {
    let huge = Int128(1) << 65
    let table = try table([
      record(9, 3, 1, 2, 6), record(UInt64.max, 7, -1, huge, 0), record(2, 2_000_000, 1, 3, 1),
    ])
    let path = folder("o.csv")
    let count = try table.writeCSV(
      to: path, voxelSize: VoxelSize(x: 0.5, y: 0.25, z: 2), tiles: { $0 == 9 ? [0, 4] : [] })
    #expect(count == 3)
    let lines = String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "label,voxels,x,y,z,x_um,y_um,z_um,z0,y0,x0,z1,y1,x1,tiles")
    // Halves of a millionth go up.
    #expect(lines[1] == "2,2000000,0.000001,0.000002,0.000001,0,0,0.000001,-1,2,3,3,7,9,")
    #expect(lines[2] == "9,3,2,0.666667,0.333333,1,0.166667,0.666667,-1,2,3,3,7,9,0;4")
    let fields = lines[3].split(separator: ",", omittingEmptySubsequences: false)
    #expect(fields[0] == "18446744073709551615")
    // 2⁶⁵ / 7 = 5270498306774157604.571428…
    #expect(fields[3] == "5270498306774157604.571429")
    #expect(fields[4] == "-0.142857")
    #expect(fields[7] == "-0.285714")
    #expect(try Files.names(in: folder.path) == ["o.csv"])
  }

  @Test func anInterruptedTableLeavesNoFile() throws {
    let records = (1...40_000).map { record(UInt64($0), 1, 0, 0, 0) }
    let table = try table(records)
    #expect(throws: CancellationError.self) {
      try table.writeCSV(to: folder("o.csv"), voxelSize: .unknown) { _ in
        throw CancellationError()
      }
    }
    #expect(try Files.names(in: folder.path).isEmpty)
  }

  @Test func jsonIsReadBackWithItsLabels() throws {
    let table = try table([record(1, 2, 3, 4, 5), record(1 << 63, 1, 0, 0, 0)])
    #expect(try table.writeJSON(to: folder("o.json"), voxelSize: .unknown) == 2)
    let json = try JSONSerialization.jsonObject(
      with: Data(try Files.read(folder("o.json"))))
    let rows = try #require(json as? [[String: Any]])
    #expect(rows[0]["label"] as? Int == 1)
    #expect(rows[0]["centroid_xyz"] as? [Double] == [2.5, 2, 1.5])
    #expect(rows[0]["box_zyx"] as? [[Int]] == [[-1, 2, 3], [3, 7, 9]])
    #expect(rows[1]["label"] as? String == "9223372036854775808")
    let empty = try self.table([])
    try empty.writeJSON(to: folder("e.json"), voxelSize: .unknown)
    #expect(String(decoding: try Files.read(folder("e.json")), as: UTF8.self) == "[]\n")
  }
}
