public import BrickCore

extension OffsetTable {
  /// The table as CSV: `tile,name,x,y,z,x_um,y_um,z_um`, tiles counted from 0, lines ended by LF.
  ///
  /// Voxels become µm, and the other way, by `voxelSize`; without one those columns stay empty. Reading the
  /// text again gives the same table.
  public func csv(voxelSize: VoxelSize?) -> String {
    var text = "tile,name,x,y,z,x_um,y_um,z_um\n"
    for (index, row) in rows.enumerated() {
      let voxels = row.voxels ?? voxelSize.map { row.inVoxels(of: $0) }
      let micrometers = row.micrometers ?? voxelSize.map { row.inMicrometers(of: $0) }
      // Names of views are no file names: a table with them would be matched by name and fail.
      let name = namesAreFiles ? row.name ?? "" : ""
      let fields =
        ["\(row.index ?? index)", Self.quoted(name)]
        + [voxels, micrometers].flatMap { point in
          point.map { [Self.short($0.x), Self.short($0.y), Self.short($0.z)] } ?? ["", "", ""]
        }
      text += fields.joined(separator: ",") + "\n"
    }
    return text
  }

  /// The shortest text that reads as the same number, without ".0".
  static func short(_ value: Double) -> String {
    let text = "\(value == 0 ? 0 : value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func quoted(_ name: String) -> String {
    guard name.contains(where: { ",;\"#\t".contains($0) || $0.isWhitespace }) else { return name }
    return "\"" + name.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}
