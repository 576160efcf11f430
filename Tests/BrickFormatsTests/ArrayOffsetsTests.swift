import BrickCore
import BrickFormats
import BrickTestSupport
import Testing

/// The bytes of a `.npy` file.
private func npy(
  _ descr: String, _ shape: String, _ data: [UInt8], version: Int = 1, fortran: Bool = false
) -> [UInt8] {
  var header =
    "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), "
    + "'shape': \(shape), }"
  while (10 + header.utf8.count + 1) % 16 != 0 { header += " " }
  header += "\n"
  let count = header.utf8.count
  let length =
    version == 1
    ? [UInt8(count & 255), UInt8(count >> 8)] : [UInt8(count & 255), UInt8(count >> 8), 0, 0]
  return [0x93] + Array("NUMPY".utf8) + [UInt8(version), 0] + length + Array(header.utf8) + data
}

private func doubles(_ values: [Double], bigEndian: Bool = false) -> [UInt8] {
  values.flatMap { value in
    let bytes = (0..<8).map { UInt8(value.bitPattern >> UInt64(8 * $0) & 255) }
    return bigEndian ? bytes.reversed() : bytes
  }
}

@Suite struct ArrayOffsetsTests {
  @Test(arguments: 1...3) func versionsOrdersAndEndsAreRead(version: Int) throws {
    let wanted = [point(1.5, -2, 3), point(4, 5, 6e8)]
    let rows = doubles([1.5, -2, 3, 4, 5, 6e8])
    let columns = doubles([1.5, 4, -2, 5, 3, 6e8], bigEndian: true)
    let c = try table(npy("<f8", "(2, 3)", rows, version: version), name: "o.npy")
    let f = try table(
      npy(">f8", "(2, 3)", columns, version: version, fortran: true), name: "o.npy")
    #expect(c.rows.map(\.voxels) == wanted)
    #expect(f.rows.map(\.voxels) == wanted)
    #expect(c.rows.map(\.index) == [0, 1])
  }

  @Test func narrowTypesAndTwoColumnsAreRead() throws {
    let floats = [Float(0.5), -1].flatMap { value in
      (0..<4).map { UInt8(value.bitPattern >> UInt32(8 * $0) & 255) }
    }
    #expect(
      try table(npy("<f4", "(1, 2)", floats), name: "o.npy").rows[0].voxels == point(0.5, -1, 0))
    let ints: [UInt8] = [0xFE, 0xFF, 0xFF, 0xFF, 7, 0, 0, 0]
    #expect(try table(npy("<i4", "(1, 2)", ints), name: "o.npy").rows[0].voxels == point(-2, 7, 0))
    let big: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFD, 0, 0, 0, 0, 0, 0, 1, 0]
    #expect(try table(npy(">i8", "(1, 2)", big), name: "o.npy").rows[0].voxels == point(-3, 256, 0))
  }

  @Test func unitsAndTheLayoutOfExMToolboxAreFollowed() throws {
    let data = npy("<f8", "(3, 3)", doubles([2048, 2048, 100, 10, 5, 1, 30, 7, -2]))
    let plain = try table(data, name: "o.npy", units: .um)
    #expect(plain.rows.count == 3)
    #expect(plain.rows[0].micrometers == point(2048, 2048, 100))
    let exm = try table(data, name: "o.npy", layout: .exm)
    #expect(exm.rows.map(\.micrometers) == [point(20, 0, 3), point(0, 2, 0)])
    #expect(
      sentence { _ = try table(data, name: "o.npy", units: .voxel, layout: .exm) }
        == "o.npy: the layout exm holds µm, but --offset-units says voxel. Leave out --offset-units"
    )
    #expect(
      sentence { _ = try table(Array("x,y\n1,2\n".utf8), name: "o.csv", layout: .exm) }
        == "o.csv: the layout exm is one of .npy files, and this is none. "
        + "Leave out --offset-layout exm, or name the .npy file")
  }

  @Test func damageIsNamedWithBothNumbers() {
    func words(_ bytes: [UInt8]) -> String { sentence { _ = try table(bytes, name: "o.npy") } }
    let again = " Write the file again with numpy.save"
    #expect(
      words(npy("<f8", "(2, 3)", [1, 2, 3]))
        == "o.npy: has 3 bytes of numbers where the shape [2, 3] needs 48.\(again)")
    #expect(
      words(npy("<f8", "(4611686018427387904, 3)", []))
        == "o.npy, NumPy header: the shape [4611686018427387904, 3] is too large.\(again)")
    #expect(words(npy("<f8", "(2, x)", [])).contains("the shape (2, x) is no list of sizes"))
    #expect(words(npy("|O", "(2, 3)", [])).contains("the element type is '|O'"))
    #expect(words(npy("<f8", "(6,)", doubles([1, 2, 3, 4, 5, 6]))).contains("shape is 6, not N×2"))
    #expect(words(npy("<f8", "(1, 2)", doubles([.infinity, 1]))).contains("row 0, column 0: inf"))
    var cut = npy("<f8", "(1, 2)", doubles([1, 2]))
    cut[8] = 0xFF
    cut[9] = 0xFF
    #expect(words(cut).contains("it would end at byte 65545, past the file's"))
    #expect(words([0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0]).contains("version is 9"))
  }

  @Test func everyCutAndEveryChangedByteThrowsOrReads() throws {
    let whole = npy("<f8", "(2, 2)", doubles([1, 2, 3, 4]))
    for count in 0..<whole.count {
      _ = try? table(Array(whole.prefix(count)), name: "o.npy")
    }
    for place in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[place] ^= 1 << UInt8(bit)
        _ = try? table(changed, name: "o.npy")
      }
    }
  }
}
