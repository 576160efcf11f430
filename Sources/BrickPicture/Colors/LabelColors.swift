/// The colours of labels: one for each id, the same in every picture, black for background.
public enum LabelColors {
  /// The colour of a label.
  ///
  /// Neighbouring ids have hues that lie far apart: each is a golden section of the circle further than the one before,
  /// so any run of ids is spread evenly over it. Three shades take turns, so that hues that come near again differ in
  /// brightness. No label but 0 is black.
  public static func color(of label: UInt64) -> RGB {
    guard label != 0 else { return .black }
    // The golden section of 2⁶⁴: the product wraps round the circle of hues.
    let hue = Double((label &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
    let shades: [(saturation: Double, value: Double)] = [(0.85, 1), (0.6, 0.85), (1, 0.7)]
    let shade = shades[Int(label % 3)]
    return color(hue: hue, saturation: shade.saturation, value: shade.value)
  }

  private static func color(hue: Double, saturation: Double, value: Double) -> RGB {
    func channel(_ shift: Double) -> UInt8 {
      let place = (hue * 6 + shift).truncatingRemainder(dividingBy: 6)
      let share = max(0, min(1, min(place, 4 - place)))
      return UInt8((255 * (value - value * saturation * share)).rounded())
    }
    return RGB(channel(5), channel(3), channel(1))
  }
}

/// How voxels become colours.
public enum Paint: Sendable, Hashable {
  /// By the grey of their value between black and white.
  case map(ColorMap)
  /// By their number, as labels.
  case labels
}
