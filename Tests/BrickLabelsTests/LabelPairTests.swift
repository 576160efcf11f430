import BrickLabels
import Testing

@Suite struct LabelPairTests {
  @Test func pairsAreOrderedByTheFirstLabel() {
    #expect(LabelPair(1, 9) < LabelPair(2, 0))
    #expect(LabelPair(1, 3) < LabelPair(1, 4))
  }
}
