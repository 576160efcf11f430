import BrickN5
import Testing

@Suite struct N5SniffingTests {
}
