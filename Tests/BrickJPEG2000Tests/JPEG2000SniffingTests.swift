import BrickJPEG2000
import Testing

@Suite struct JPEG2000SniffingTests {
}
