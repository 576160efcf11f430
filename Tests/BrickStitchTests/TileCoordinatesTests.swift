import BrickCore
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct TileCoordinatesTests {
  private func random(_ seed: UInt64) throws -> (
    TileCoordinates, RandomLayout, VoxelSize, SplitMix64
  ) {
    var random = SplitMix64(seed: seed)
    let layout = RandomLayout(type: .uint8, using: &random)
    let size = VoxelSize(x: 0.5, y: 0.25, z: 2)
    let flip = AxisSet(rawValue: Int.random(in: 0..<8, using: &random))
    let coordinates = try TileCoordinates(
      offsets: layout.offsets, sizes: layout.tiles.map(\.size), voxelSize: size, flip: flip)
    return (coordinates, layout, size, random)
  }

  @Test func aVoxelOfATileIsThatVoxelOfTheStitchedVolume() throws {
    for seed in 0..<60 as Range<UInt64> {
      var (coordinates, layout, size, random) = try random(seed)
      let tile = Int.random(in: 0..<layout.tiles.count, using: &random)
      let volume = layout.tiles[tile]
      let stitched = try StitchedVolume(
        layout.tiles.map {
          $0.flipped(
            z: coordinates.flip.contains(.z), y: coordinates.flip.contains(.y),
            x: coordinates.flip.contains(.x))
        }, placement: coordinates.placement, fusion: .overwrite, order: [tile])
      let voxel = Index3(
        z: .random(in: 0..<volume.size.z, using: &random),
        y: .random(in: 0..<volume.size.y, using: &random),
        x: .random(in: 0..<volume.size.x, using: &random))
      let point = Point3(x: Double(voxel.x), y: Double(voxel.y), z: Double(voxel.z))
      let global = coordinates.global(point, in: .voxels, ofTile: tile)
      let place = Index3(
        z: Int(global.voxels.z), y: Int(global.voxels.y), x: Int(global.voxels.x))
      let there = try stitched.block(of: Box3(origin: place, size: .one)).values(UInt8.self)
      let here = try volume.block(of: Box3(origin: voxel, size: .one)).values(UInt8.self)
      #expect(there == here, "seed \(seed)")
      // µm are exact: half a voxel from the voxels at most.
      for (um, voxels, unit) in [
        (global.micrometers.x, global.voxels.x, size.x),
        (global.micrometers.y, global.voxels.y, size.y),
        (global.micrometers.z, global.voxels.z, size.z),
      ] {
        #expect(abs(um / unit - voxels) <= 0.5 + 1e-9, "seed \(seed)")
      }
      let back = coordinates.local(global.voxels, in: .voxels, ofTile: tile)
      #expect(back.voxels == point, "seed \(seed)")
      let exact = coordinates.local(global.micrometers, in: .micrometers, ofTile: tile)
      #expect(
        max(abs(exact.voxels.x - point.x), abs(exact.voxels.y - point.y)) < 1e-9, "seed \(seed)")
    }
  }

  @Test func theTilesOfAPointAreThoseWhoseVoxelsHaveIt() throws {
    for seed in 100..<200 as Range<UInt64> {
      var (coordinates, layout, size, random) = try random(seed)
      let point = Point3(
        x: .random(in: -2...25, using: &random), y: .random(in: -2...25, using: &random),
        z: .random(in: -2...25, using: &random))
      let least = coordinates.placement.origin
      func covers(_ tile: Int, _ origin: Point3) -> Bool {
        let extent = layout.tiles[tile].size
        return [
          (point.x - origin.x, extent.x), (point.y - origin.y, extent.y),
          (point.z - origin.z, extent.z),
        ].allSatisfy { $0.0 >= -0.5 && $0.0 < Double($0.1) - 0.5 }
      }
      let tiles = layout.tiles.indices
      #expect(
        coordinates.tiles(at: point, in: .voxels)
          == tiles.filter {
            let origin = coordinates.placement.boxes[$0].origin
            return covers($0, Point3(x: Double(origin.x), y: Double(origin.y), z: Double(origin.z)))
          }, "seed \(seed)")
      let micrometers = Point3(x: point.x * size.x, y: point.y * size.y, z: point.z * size.z)
      #expect(
        coordinates.tiles(at: micrometers, in: .micrometers)
          == tiles.filter { covers($0, layout.offsets[$0] - least) }, "seed \(seed)")
    }
    let one = try random(1).0
    for value in [1e300, -1e300, .nan, .infinity] {
      #expect(one.tiles(at: Point3(x: value, y: 0, z: 0), in: .voxels).isEmpty)
    }
  }
}
