internal import BrickCore
internal import BrickFiles

extension BDVProject {
  /// The project as a SpimData 0.2 document that BigDataViewer and BigStitcher read.
  ///
  /// The loader's path is written as it is, relative to the XML. Every setup gets all four attributes that
  /// BigStitcher needs; number lists have no blank in front, which its reader does not forgive.
  public func xml() -> String {
    var text = XMLText()
    text.open("SpimData version=\"0.2\"")
    text.line("BasePath type=\"relative\"", ".")
    text.open("SequenceDescription")
    writeLoader(to: &text)
    writeSetups(to: &text)
    writeTimepoints(to: &text)
    text.close("SequenceDescription")
    text.open("ViewRegistrations")
    for (view, transforms) in registrations.sorted(by: { ordered($0.key, $1.key) }) {
      text.open("ViewRegistration timepoint=\"\(view.timepoint)\" setup=\"\(view.setup)\"")
      for transform in transforms {
        text.open("ViewTransform type=\"affine\"")
        text.line("Name", transform.name)
        text.line("affine", XMLText.numbers(transform.affine))
        text.close("ViewTransform")
      }
      text.close("ViewRegistration")
    }
    text.close("ViewRegistrations")
    for section in [
      "ViewInterestPoints", "BoundingBoxes", "PointSpreadFunctions", "StitchingResults",
      "IntensityAdjustments",
    ] {
      text.open("\(section) /", nests: false)
    }
    text.close("SpimData")
    return text.content
  }

  private func ordered(_ a: View, _ b: View) -> Bool {
    (a.timepoint, a.setup) < (b.timepoint, b.setup)
  }

  private static let entities = [
    ("illumination", "Illumination"), ("channel", "Channel"), ("tile", "Tile"), ("angle", "Angle"),
  ]

  private func writeSetups(to text: inout XMLText) {
    text.open("ViewSetups")
    for setup in setups {
      text.open("ViewSetup")
      text.line("id", "\(setup.id)")
      text.line("name", setup.name)
      if let size = setup.size { text.line("size", "\(size.x) \(size.y) \(size.z)") }
      if let voxel = setup.storedVoxelSize {
        text.open("voxelSize")
        text.line("unit", setup.unit)
        text.line("size", "\(voxel.x) \(voxel.y) \(voxel.z)")
        text.close("voxelSize")
      }
      text.open("attributes")
      for (name, _) in Self.entities { text.line(name, "\(setup.attributes[name] ?? 0)") }
      text.close("attributes")
      text.close("ViewSetup")
    }
    for (name, element) in Self.entities {
      text.open("Attributes name=\"\(name)\"")
      for id in Set(setups.map { $0.attributes[name] ?? 0 }).sorted() {
        text.open(element)
        text.line("id", "\(id)")
        text.line("name", attributeNames[name]?[id] ?? "\(id)")
        text.close(element)
      }
      text.close("Attributes")
    }
    text.close("ViewSetups")
  }

  private func writeTimepoints(to text: inout XMLText) {
    let (first, last) = (timepoints.min() ?? 0, timepoints.max() ?? 0)
    if last - first + 1 == max(1, timepoints.count) {
      text.open("Timepoints type=\"range\"")
      text.line("first", "\(first)")
      text.line("last", "\(last)")
    } else {
      text.open("Timepoints type=\"list\"")
      for id in timepoints {
        text.open("Timepoint")
        text.line("id", "\(id)")
        text.close("Timepoint")
      }
    }
    text.close("Timepoints")
    guard !missingViews.isEmpty else {
      text.open("MissingViews /", nests: false)
      return
    }
    text.open("MissingViews")
    for view in missingViews.sorted(by: ordered) {
      text.open(
        "MissingView timepoint=\"\(view.timepoint)\" setup=\"\(view.setup)\" /", nests: false)
    }
    text.close("MissingViews")
  }
}
