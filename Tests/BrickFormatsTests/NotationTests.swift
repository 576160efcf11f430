import BrickCore
import BrickFormats
import BrickStitch
import Testing

@Suite struct NotationTests {
  @Test func shapesAreZYX() throws {
    #expect(try Notation.shape("1, 2,3") == Index3(z: 1, y: 2, x: 3))
    #expect(
      sentence { _ = try Notation.shape("64,64") }
        == "'64,64' has 2 numbers, not 3. Write it like 64,64,64 (z,y,x)")
    for bad in ["0,1,1", "-1,1,1", "a,1,1", "1,1,1.5", "1,1,99999999999", "1,,1"] {
      #expect(sentence { _ = try Notation.shape(bad) }.contains("is no positive whole number"))
    }
  }

  @Test func voxelSizesAreXYZ() throws {
    #expect(try Notation.voxelSize("0.16,0.2,4e-1") == VoxelSize(x: 0.16, y: 0.2, z: 0.4))
    for bad in ["0,1,1", "nan,1,1", "inf,1,1", "x,1,1"] {
      #expect(sentence { _ = try Notation.voxelSize(bad) }.contains("is no positive number"))
    }
  }

  @Test(arguments: [
    ("512MiB", 512 << 20), ("4G", 4 << 30), ("1.5GB", 1_500_000_000), ("400000000", 400_000_000),
    ("7 kib", 7 << 10), ("1T", 1 << 40), ("12B", 12), ("2m", 2 << 20),
  ]) func bytesHaveUnits(_ text: String, _ count: Int) throws {
    #expect(try Notation.byteCount(text) == count)
  }

  @Test(arguments: ["", "-1G", "G", "5Q", "5GiBs", "1e30T", "0", "99999999999T", "٣G"])
  func otherBytesAreRefused(_ text: String) {
    #expect(sentence { _ = try Notation.byteCount(text) }.hasSuffix("Write it like 512MiB or 4G"))
  }

  @Test func blendLengthsMixUnits() throws {
    let lengths = try Notation.blendLengths("5um,10px,2")
    #expect(lengths == BlendLengths(x: .micrometers(5), y: .voxels(10), z: .voxels(2)))
    let width = lengths.width(for: VoxelSize(x: 0.5, y: 1, z: 1))
    #expect([width.x, width.y, width.z] == [10, 10, 2])
    #expect(try Notation.blendLengths("20px").z == .voxels(20))
    for bad in ["5um,5um", "5nm", "-1px", "px", "1e5px"] {
      #expect(sentence { _ = try Notation.blendLengths(bad) }.hasSuffix("5um,5um,2px (x,y,z)"))
    }
  }

  @Test func regionsAreXYZAndMayBeOpen() throws {
    let region = try Notation.region("0:100,:,5:")
    let box = try region.box(in: Index3(z: 9, y: 8, x: 100))
    #expect(box == Box3(from: Index3(z: 5, y: 0, x: 0), to: Index3(z: 9, y: 8, x: 100)))
    #expect(
      sentence { _ = try region.box(in: Index3(z: 9, y: 8, x: 99)) }
        == "the region 0:100 along x does not lie within the volume, which has the voxels 0:99. "
        + "Correct --roi, which is x,y,z in voxels of the stitched volume")
    #expect(sentence { _ = try region.box(in: Index3(z: 5, y: 8, x: 100)) }.contains("5:5 along z"))
    let negative = Region(x: .init(lower: -1, upper: 4))
    #expect(
      sentence { _ = try negative.box(in: Index3(repeating: 5)) }
        .hasPrefix("the region -1:4 along x does not lie within the volume"))
    for bad in ["0:1,0:1", "1:1,:,:", "2:1,:,:", "a:,:,:", "1,:,:", "-1:,:,:", "0:1:2,:,:"] {
      #expect(sentence { _ = try Notation.region(bad) }.hasSuffix("0:100,:,5: (x,y,z)"))
    }
  }

  @Test func axesAndPlacesAreLists() throws {
    #expect(try Notation.axes("z,X") == [.z, .x])
    #expect(sentence { _ = try Notation.axes("z,z") }.contains("'z' is named twice"))
    #expect(sentence { _ = try Notation.axes("w") }.contains("'w' is no axis: they are z, y and x"))
    #expect(try Notation.places("2,0,1") == [2, 0, 1])
    #expect(sentence { _ = try Notation.places("1,-2") }.contains("'-2' is no number of a tile"))
    #expect(try Notation.range("100,4e3") == (100, 4000))
    #expect(sentence { _ = try Notation.range("5,5") }.contains("is not the smaller one"))
  }
}
