internal import BrickCore

/// What the picture metadata say (format notes, sections 10 and 13).
struct Picture: Sendable {
  var channels: [ND2Metadata.Channel] = []
  /// µm per pixel; nil where the file is not calibrated.
  var calibration: Double?
  /// Height of a pixel by its width.
  var aspect = 1.0
  /// The stage at frame 0 in µm.
  var stage: Point3?
  /// dStgLgCT11, CT12, CT21, CT22.
  var cameraMatrix: [Double]?
  var orientationX = 1.0
  var orientationY = -1.0
  /// Whether the microscope has a stage whose orientation the matrix tells.
  var hasStage = true
  var objective: ND2Metadata.Objective?

  init() {}

  init(_ node: MetadataNode) {
    calibration = node["dCalibration"]?.double.flatMap { $0 > 0 ? $0 : nil }
    if let value = node["dAspect"]?.double, (0.01...100).contains(value) { aspect = value }
    if let x = node["dXPos"]?.double, let y = node["dYPos"]?.double {
      stage = Point3(x: x, y: y, z: node["dZPos"]?.double ?? 0)
    }
    let matrix = ["11", "12", "21", "22"].compactMap { node["dStgLgCT" + $0]?.double }
    if matrix.count == 4 { cameraMatrix = matrix }
    let magnification = node["dObjectiveMag"]?.double.flatMap { $0 > 0 ? $0 : nil }
    objective = ND2Metadata.Objective(
      name: node["wsObjectiveName"]?.text ?? "", magnification: magnification,
      numericalAperture: node["dObjectiveNA"]?.double.flatMap { $0 > 0 ? $0 : nil },
      refractiveIndex: node["dRefractIndex1"]?.double.flatMap { $0 > 0 ? $0 : nil })
    guard let planes = node["sPicturePlanes"] else { return }
    readChannels(planes)
    readStage(planes)
  }

  private mutating func readChannels(_ planes: MetadataNode) {
    let list = planes["sPlaneNew"] ?? planes["sPlane"]
    for plane in Self.numbered(list?.children ?? []) {
      let emission = Self.emission(plane)
      channels.append(
        ND2Metadata.Channel(
          name: plane["sDescription"]?.text ?? "",
          components: max(1, plane["uiCompCount"]?.int ?? 1), color: plane["uiColor"]?.int ?? 0,
          emission: emission))
    }
  }

  /// Children a0, a1, … a10 in the order of their numbers, not of their letters.
  private static func numbered(_ nodes: [MetadataNode]) -> [MetadataNode] {
    let numbers = nodes.map { Int($0.name.drop { !$0.isNumber }) ?? .max }
    return nodes.indices.sorted { numbers[$0] == numbers[$1] ? $0 < $1 : numbers[$0] < numbers[$1] }
      .map { nodes[$0] }
  }

  /// The wavelength in nm at which the channel's filter lets light through, of the probe where there is no filter.
  private static func emission(_ plane: MetadataNode) -> Double? {
    func wavelength(_ node: MetadataNode?) -> Double? {
      let value = node?["m_EmissionSpectrum"]?["pPoint"]?["Point0"]?["dWavelength"]?.double
      return value.flatMap { $0 > 0 ? $0 : nil }
    }
    return wavelength(plane["pFilterPath"]?["m_pFilter"]?.children.first)
      ?? wavelength(plane["pFluorescentProbe"])
  }

  private mutating func readStage(_ planes: MetadataNode) {
    let plane = (planes["sPlaneNew"] ?? planes["sPlane"])?.children.first
    let sample = plane?["uiSampleIndex"]?.int ?? 0
    guard
      let device = planes["sSampleSetting"]?["a\(sample)"]?["pDeviceSetting"]
        ?? planes["sSampleSetting"]?.children.first?["pDeviceSetting"]
    else { return }
    if let use = device["m_iXYUse0"]?.int { hasStage = use != 0 }
    if let x = device["m_iXOrientation0"]?.double, x != 0 { orientationX = x < 0 ? -1 : 1 }
    if let y = device["m_iYOrientation0"]?.double, y != 0 { orientationY = y < 0 ? -1 : 1 }
  }

  /// Where a stage position lies along the image's axes, in µm, by the camera's orientation.
  ///
  /// That is the inverse of the matrix from pixels to stage, times the position, without the calibration, which
  /// cancels out; z stays. Nil where the file has no usable matrix.
  func cameraPosition(_ stage: Point3) -> Point3? {
    guard hasStage, let m = cameraMatrix else { return nil }
    let (a, b) = (orientationX * m[0], orientationX * m[1])
    let (c, d) = (orientationY * m[2], orientationY * m[3])
    let determinant = a * d - b * c
    // A rotation has the determinant 1 or −1; zeros mean that it was never measured.
    guard abs(determinant) > 0.1, determinant.isFinite else { return nil }
    return Point3(
      x: (d * stage.x - b * stage.y) / determinant, y: (a * stage.y - c * stage.x) / determinant,
      z: stage.z)
  }
}
