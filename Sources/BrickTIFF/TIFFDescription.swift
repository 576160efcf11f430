internal import BrickCore

/// The description of a file that is written: OME-XML, or ImageJ's lines where OME has no such type.
enum TIFFDescription {
  static func text(size: Index3, type: VoxelType, _ options: TIFFWriter.Options) -> String {
    let voxelSize = options.voxelSize.flatMap { $0.isValid ? $0 : nil }
    guard let name = name(of: type) else { return imageJ(planes: size.z, voxelSize) }
    return ome(size: size, type: name, voxelSize, options)
  }

  /// Whether a volume of this type gets ImageJ's description.
  static func isImageJ(_ type: VoxelType) -> Bool { name(of: type) == nil }

  /// The schema's name of a type; it has none for integers of 64 bits.
  private static func name(of type: VoxelType) -> String? {
    switch type {
    case .uint64, .int64: nil
    case .float32: "float"
    case .float64: "double"
    default: type.rawValue
    }
  }

  private static func ome(
    size: Index3, type: String, _ voxelSize: VoxelSize?, _ options: TIFFWriter.Options
  ) -> String {
    let namespace = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    let physical = voxelSize.map { size in
      let lengths = [("X", size.x), ("Y", size.y), ("Z", size.z)]
      return lengths.map { " PhysicalSize\($0)=\"\($1)\" PhysicalSize\($0)Unit=\"&#181;m\"" }
        .joined()
    }
    let plane = options.position.map { point in
      let coordinates = [("X", point.x), ("Y", point.y), ("Z", point.z)]
      return "<Plane TheZ=\"0\" TheC=\"0\" TheT=\"0\""
        + coordinates.map { " Position\($0)=\"\($1)\" Position\($0)Unit=\"&#181;m\"" }.joined()
        + "/>"
    }
    let channel =
      options.channelName.isEmpty ? "" : " Name=\"\(escaped(options.channelName))\""
    return """
      <?xml version="1.0" encoding="UTF-8"?><OME xmlns="\(namespace)" \
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
      xsi:schemaLocation="\(namespace) \(namespace)/ome.xsd" Creator="Brickwork">\
      <Image ID="Image:0" Name="\(escaped(options.name))">\
      <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="\(type)" SizeX="\(size.x)" SizeY="\(size.y)" \
      SizeZ="\(size.z)" SizeC="1" SizeT="1" BigEndian="false"\(physical ?? "")>\
      <Channel ID="Channel:0:0"\(channel) SamplesPerPixel="1"/>\
      <TiffData IFD="0" PlaneCount="\(size.z)"/>\(plane ?? "")</Pixels></Image></OME>
      """
  }

  private static func imageJ(planes: Int, _ voxelSize: VoxelSize?) -> String {
    var text = "ImageJ=1.54f\nimages=\(planes)\nslices=\(planes)\n"
    if let voxelSize { text += "unit=micron\nspacing=\(voxelSize.z)\n" }
    return text
  }

  /// Text as an attribute's value in ASCII, without characters that XML has no place for.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{20}"..."\u{7E}": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value & 0xFFFE == 0xFFFE: continue
      default: result += "&#\(scalar.value);"
      }
    }
    return result
  }
}
