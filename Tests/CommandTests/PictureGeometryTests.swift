import BrickTestSupport
import Brickwork
import Testing

@Suite struct PictureGeometryTests {
  private func random(_ seed: UInt64) throws -> (PictureGeometry, Int, SplitMix64) {
    var random = SplitMix64(seed: seed)
    let size = Index3.random(in: 1...60, using: &random)
    let section = try Section(.y, at: 0, in: Box3(size: size))
    let most = Int.random(in: 0...30, using: &random)
    let geometry = try PictureGeometry(
      section,
      spacing: VoxelSize(
        x: .random(in: 0.1...2, using: &random), y: 1, z: .random(in: 0.1...9, using: &random)),
      fitting: .most(columns: most, rows: most))
    return (geometry, most, random)
  }

  @Test(arguments: 0..<200) func picturesKeepToTheirSizeAndShape(seed: UInt64) throws {
    let (geometry, most, _) = try random(seed)
    #expect(most == 0 || max(geometry.width, geometry.height) <= most)
    for axis in [geometry.rows, geometry.columns] {
      let groups = (0..<axis.pixels).map { axis.group(of: $0) }
      #expect(groups == groups.sorted() && groups.allSatisfy { (0..<axis.groups).contains($0) })
      // Each pixel's group lies under its centre.
      for (pixel, group) in groups.enumerated() where !axis.isEven {
        let centre = (Double(pixel) + 0.5) * axis.voxelsPerPixel / Double(axis.reduction)
        #expect(group == min(axis.groups - 1, Int(centre)))
      }
    }
  }

  @Test(arguments: 0..<200) func pixelsOfARangeAreThoseThatShowIt(seed: UInt64) throws {
    var (geometry, _, random) = try random(seed)
    for axis in [geometry.rows, geometry.columns] {
      let ends = [Int.random(in: -5...70, using: &random), Int.random(in: -5...70, using: &random)]
      let range = ends.min()!..<ends.max()!
      let expected = (0..<axis.pixels).filter { pixel in
        let first = axis.voxels.lowerBound + axis.group(of: pixel) * axis.reduction
        return range.overlaps(first..<min(first + axis.reduction, axis.voxels.upperBound))
      }
      #expect(Array(axis.pixels(showing: range)) == expected)
    }
  }

  @Test func voxelsOfOneSizeAreReducedInSquares() throws {
    let section = try Section(.z, at: 0, in: Box3(size: Index3(z: 1, y: 1000, x: 3001)))
    let geometry = try PictureGeometry(
      section, spacing: VoxelSize(x: 0.16, y: 0.16, z: 0.4),
      fitting: .most(columns: 1500, rows: 1500))
    #expect(geometry.reduction == Index3(z: 1, y: 3, x: 3))
    #expect(geometry.width == 1001 && geometry.height == 334)
    #expect(abs(geometry.pitch - 0.48) < 1e-12)
    #expect(geometry.suffices(Index3(z: 1, y: 2, x: 2)))
    #expect(!geometry.suffices(Index3(z: 1, y: 4, x: 4)))
  }

  /// Of the sizes that whole voxels allow the nearest one is taken, larger or smaller.
  @Test(arguments: [
    (100, 100, 1), (1500, 1500, 1), (2048, 2048, 1), (2300, 1150, 2), (3067, 1534, 2),
    (15_000, 1500, 10), (100_001, 1493, 67),
  ])
  func defaultPicturesAreAboutAsLargeAsAskedFor(_ voxels: Int, _ pixels: Int, _ factor: Int) throws
  {
    let section = try Section(.z, at: 0, in: Box3(size: Index3(z: 1, y: 10, x: voxels)))
    let geometry = try PictureGeometry(section, spacing: .unknown, fitting: .about(1500))
    #expect(geometry.width == pixels && geometry.reduction.x == factor)
  }

  @Test func thickPlanesAreRepeatedSoThatPixelsAreSquare() throws {
    let section = try Section(.x, at: 0, in: Box3(size: Index3(z: 4, y: 9, x: 1)))
    let spacing = VoxelSize(x: 1, y: 1, z: 2.5)
    let square = try PictureGeometry(section, spacing: spacing, fitting: .most(columns: 0, rows: 0))
    #expect(square.width == 9 && square.height == 10)
    #expect((0..<10).map { square.rows.group(of: $0) } == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3])
    let voxels = try PictureGeometry(
      section, spacing: .unknown, fitting: .most(columns: 0, rows: 0))
    #expect(voxels.width == 9 && voxels.height == 4)
  }

  @Test(arguments: 0..<100) func coverageIsTheUnionOfRectangles(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    func range() -> Range<Int> {
      let ends = [Int.random(in: 0...12, using: &random), Int.random(in: 0...12, using: &random)]
      return ends.min()!..<ends.max()!
    }
    let rectangles = (0..<Int.random(in: 0...6, using: &random)).map { _ in
      Coverage.Rectangle(columns: range(), rows: range())
    }
    let rows = range()
    var counts = [Int](repeating: 0, count: 144)
    for box in Coverage(rectangles).boxes(in: rows) {
      box.forEachPosition { counts[$0.y * 12 + $0.x] += 1 }
    }
    for y in 0..<12 {
      for x in 0..<12 {
        let isCovered =
          rows.contains(y)
          && rectangles.contains { $0.rows.contains(y) && $0.columns.contains(x) }
        #expect(counts[y * 12 + x] == (isCovered ? 1 : 0))
      }
    }
  }

  @Test func coarserSectionsHoldTheVoxelsOfFinerOnes() throws {
    let box = Box3(origin: Index3(z: 3, y: 5, x: 2), size: Index3(z: 4, y: 6, x: 9))
    let plane = try Section(.z, at: 5, in: box).coarsened(
      by: Index3(z: 2, y: 4, x: 4), in: Index3(z: 9, y: 9, x: 9))
    #expect(plane.planes == 2..<3)
    #expect(
      plane.box.origin == Index3(z: 2, y: 1, x: 0) && plane.box.end == Index3(z: 3, y: 3, x: 3))
    let range = try Section(.max, of: box, along: .z).coarsened(
      by: Index3(z: 2, y: 4, x: 4), in: Index3(z: 9, y: 9, x: 9))
    #expect(range.planes == 1..<4)
    #expect(throws: BrickworkError.self) { try Section(.z, at: 7, in: box) }
  }
}
