internal import BrickCore
internal import BrickFiles

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Makes a small set of tiles as an expansion microscope would leave it.
///
/// 2 rows of 3 overlapping stacks, each at a stage position that is not quite where it was asked for.
/// `make demo` stitches them.
///
///     DemoTiles FOLDER
@main
enum DemoTiles {
  static let voxelSize = (x: 0.16, y: 0.16, z: 0.4)
  static let camera = Camera(width: 400, height: 400, depth: 64)
  static let rows = 2
  static let columns = 3

  /// The tiles' places on the scene's grid: 352 voxels apart, give or take the stage's error.
  static func places() -> [TilePlace] {
    var random = Randomness(seed: 2)
    var places: [TilePlace] = []
    for row in 0..<rows {
      for column in 0..<columns {
        places.append(
          TilePlace(
            name: "tile_r\(row)_c\(column).ome.tif", x: 8 + column * 352 + random.whole(-7...7),
            y: 8 + row * 352 + random.whole(-7...7), z: 2 + random.whole(-2...2),
            seed: random.next()))
      }
    }
    return places
  }

  /// A distance in micrometres with as many digits as it needs: 0.16 · 7 is 1.12, not 1.1200000000000001.
  static func micrometers(_ voxels: Int, _ size: Double) -> Double {
    (Double(voxels) * size * 1e6).rounded() / 1e6
  }

  static func omeXML(_ place: TilePlace) -> String {
    let position = [
      ("X", micrometers(place.x, voxelSize.x)), ("Y", micrometers(place.y, voxelSize.y)),
      ("Z", micrometers(place.z, voxelSize.z)),
    ].map { "Position\($0)=\"\($1)\" Position\($0)Unit=\"µm\"" }.joined(separator: " ")
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" \
      Name="\(place.name)"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" BigEndian="false" \
      SizeX="\(camera.width)" SizeY="\(camera.height)" SizeZ="\(camera.depth)" SizeC="1" SizeT="1" \
      PhysicalSizeX="\(voxelSize.x)" PhysicalSizeXUnit="µm" PhysicalSizeY="\(voxelSize.y)" \
      PhysicalSizeYUnit="µm" PhysicalSizeZ="\(voxelSize.z)" PhysicalSizeZUnit="µm">\
      <Channel ID="Channel:0:0" Name="YFP" SamplesPerPixel="1"/><TiffData IFD="0" \
      PlaneCount="\(camera.depth)"/><Plane TheZ="0" TheC="0" TheT="0" \(position)/></Pixels></Image></OME>
      """
  }

  static func makeTiles(in folder: String) async throws {
    let places = places()
    let scene = Scene(
      width: columns * 352 + 64, height: rows * 352 + 64, depth: camera.depth + 4, seed: 5)
    try Files.makeFolder(folder)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, place) in places.enumerated() {
        if index >= 2 { try await group.next() }
        group.addTask {
          let voxels = camera.voxels(of: scene, at: place)
          let writer = TIFFWriter(width: camera.width, height: camera.height, depth: camera.depth)
          try writer.write(voxels, omeXML: omeXML(place), to: Files.join(folder, place.name))
        }
      }
      try await group.waitForAll()
    }
    var table = "tile,x_um,y_um,z_um\n"
    for place in places {
      table +=
        "\(place.name),\(micrometers(place.x, voxelSize.x)),\(micrometers(place.y, voxelSize.y)),"
        + "\(micrometers(place.z, voxelSize.z))\n"
    }
    try Files.replace(Files.join(folder, "offsets.csv"), with: Array(table.utf8))
  }

  static func main() async {
    let arguments = CommandLine.arguments.dropFirst()
    let usage = "usage: DemoTiles FOLDER"
    if arguments.contains("--help") || arguments.contains("-h") {
      print(usage)
      exit(0)
    }
    guard arguments.count == 1, let folder = arguments.first, !folder.isEmpty,
      !folder.hasPrefix("-")
    else {
      print(usage)
      exit(64)
    }
    do {
      try await makeTiles(in: folder)
    } catch {
      print("DemoTiles: \(error)")
      exit(1)
    }
    print(
      "\(rows * columns) tiles of \(camera.width)×\(camera.height)×\(camera.depth) voxels in "
        + folder)
  }
}
