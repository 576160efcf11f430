import BrickND2
import Testing

@Suite struct ND2SniffingTests {
}
