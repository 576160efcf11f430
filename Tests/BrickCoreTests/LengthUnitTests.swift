import BrickCore
import Testing

@Suite struct LengthUnitTests {
  @Test(
    arguments: [
      ("µm", 1), ("μm", 1), ("um", 1), ("UM", 1), ("\u{FFFD}m", 1), ("micron", 1), ("Microns", 1),
      ("MICRON", 1), ("micrometer", 1), ("micrometres", 1), ("\\u00B5m", 1), (" µm\n", 1),
      ("nm", 1e-3), ("NM", 1e-3), ("nanometre", 1e-3), ("pm", 1e-6), ("Å", 1e-4), ("å", 1e-4),
      ("\u{212B}", 1e-4), ("angstrom", 1e-4), ("Ångström", 1e-4), ("mm", 1e3), ("Mm", 1e12),
      ("millimeters", 1e3), ("cm", 1e4), ("decimeter", 1e5), ("m", 1e6), ("Meter", 1e6),
      ("metres", 1e6), ("km", 1e9), ("kilometer", 1e9), ("kilometre", 1e9), ("hectometer", 1e8),
      ("yottameter", 1e30), ("yoctometer", 1e-18), ("in", 25_400), ("inch", 25_400),
      ("inches", 25_400), ("\"", 25_400), ("ft", 304_800), ("feet", 304_800), ("yards", 914_400),
      ("mile", 1.609344e9), ("thou", 25.4), ("parsec", 3.0856775814913673e22),
    ] as [(String, Double)]) func lengthsAreRead(_ name: String, _ micrometres: Double)
  {
    #expect(LengthUnit(name)?.micrometres == micrometres)
  }

  @Test(arguments: [
    "", " ", "pixel", "pixels", "px", "voxel", "reference frame", "second", "furlong", "s", "metr",
  ]) func whatIsNoLengthIsNil(_ name: String) { #expect(LengthUnit(name) == nil) }
}
