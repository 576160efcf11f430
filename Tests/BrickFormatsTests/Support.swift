import BrickCore
import BrickFiles
import BrickFormats
import BrickTestSupport
import Testing

/// Writes a file and reads it as a table of offsets.
func table(
  _ text: String, name: String = "offsets.csv", units: OffsetUnits = .unspecified
) throws -> OffsetTable {
  try table(Array(text.utf8), name: name, units: units)
}

func table(
  _ bytes: [UInt8], name: String, units: OffsetUnits = .unspecified, layout: OffsetLayout = .plain
) throws -> OffsetTable {
  let folder = try TemporaryFolder()
  try Files.replace(folder(name), with: bytes)
  do {
    return try OffsetTable.read(folder(name), units: units, layout: layout)
  } catch var error as BrickworkError {
    // Messages are compared without the folder's random name.
    error.path = error.path.map { Files.name(of: $0) }
    throw error
  }
}

/// The sentence of the error that `body` throws.
func sentence(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}

func point(_ x: Double, _ y: Double, _ z: Double) -> Point3 { Point3(x: x, y: y, z: z) }
