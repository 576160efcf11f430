/// A unit of length, as micrometres.
struct LengthUnit: Hashable {
  let micrometres: Double

  /// Reads the symbols and words of OME-XML and ImageJ; nil for pixels and what isn't a length.
  init?(_ name: String) {
    switch name.replacing("\\u00B5", with: "µ").replacing("\\u00b5", with: "µ") {
    // The replacement character stands for a Latin-1 µ, which isn't valid UTF-8.
    case "µm", "μm", "um", "\u{FFFD}m", "micron", "microns", "micrometer", "micrometre",
      "micrometers", "micrometres", "Micron", "MICRON":
      micrometres = 1
    case "nm", "nanometer", "nanometre", "nanometers", "nanometres": micrometres = 1e-3
    case "pm": micrometres = 1e-6
    case "Å", "angstrom": micrometres = 1e-4
    case "mm", "millimeter", "millimetre", "millimeters", "millimetres": micrometres = 1e3
    case "cm", "centimeter", "centimetre": micrometres = 1e4
    case "m", "meter", "metre": micrometres = 1e6
    case "in", "inch", "inches", "\"": micrometres = 25_400
    case "ft": micrometres = 304_800
    default: return nil
    }
  }

  init(micrometres: Double) { self.micrometres = micrometres }
}
