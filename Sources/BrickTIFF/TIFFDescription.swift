internal import BrickCore

/// The description of a file that is written: OME-XML, or ImageJ's lines where OME has no such type.
enum TIFFDescription {
  static func text(_ plan: TIFFPlan, _ options: TIFFWriter.Options) -> String {
    let voxelSize = options.voxelSize.flatMap { $0.isValid ? $0 : nil }
    guard let name = name(of: plan.type) else { return imageJ(plan, voxelSize) }
    return ome(plan, type: name, voxelSize, options)
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
    _ plan: TIFFPlan, type: String, _ voxelSize: VoxelSize?, _ options: TIFFWriter.Options
  ) -> String {
    let size = plan.size
    let namespace = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    let physical = voxelSize.map { size in
      let lengths = [("X", size.x), ("Y", size.y), ("Z", size.z)]
      return lengths.map { " PhysicalSize\($0)=\"\($1)\" PhysicalSize\($0)Unit=\"µm\"" }
        .joined()
    }
    let plane = options.position.map { point in
      let coordinates = [("X", point.x), ("Y", point.y), ("Z", point.z)]
      return "<Plane TheZ=\"0\" TheC=\"0\" TheT=\"0\""
        + coordinates.map { " Position\($0)=\"\($1)\" Position\($0)Unit=\"µm\"" }.joined()
        + "/>"
    }
    let channels = (0..<plan.channels).map { number in
      let name = number < options.channelNames.count ? options.channelNames[number] : ""
      let attribute = name.isEmpty ? "" : " Name=\"\(escaped(name))\""
      return "<Channel ID=\"Channel:0:\(number)\"\(attribute) SamplesPerPixel=\"1\"/>"
    }.joined()
    return """
      <?xml version="1.0" encoding="UTF-8"?><OME xmlns="\(namespace)" \
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
      xsi:schemaLocation="\(namespace) \(namespace)/ome.xsd" Creator="Brickwork">\
      <Image ID="Image:0" Name="\(escaped(options.name))">\
      <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="\(type)" SizeX="\(size.x)" SizeY="\(size.y)" \
      SizeZ="\(size.z)" SizeC="\(plan.channels)" SizeT="\(plan.timepoints)" BigEndian="false"\(physical ?? "")>\
      \(channels)<TiffData IFD="0" PlaneCount="\(plan.pages)"/>\(plane ?? "")</Pixels></Image></OME>
      """
  }

  private static func imageJ(_ plan: TIFFPlan, _ voxelSize: VoxelSize?) -> String {
    var text = "ImageJ=1.54f\nimages=\(plan.pages)\n"
    if plan.channels > 1 { text += "channels=\(plan.channels)\n" }
    text += "slices=\(plan.size.z)\n"
    if plan.timepoints > 1 { text += "frames=\(plan.timepoints)\n" }
    if plan.parts > 1 { text += "hyperstack=true\n" }
    if let voxelSize { text += "unit=micron\nspacing=\(voxelSize.z)\n" }
    return text
  }

  /// Text as an attribute's value, without control characters.
  ///
  /// In UTF-8 and not as references to characters: Bio-Formats takes those for damage, and the file for a plain TIFF.
  private static func escaped(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 })).escapedForXML
  }
}
