import BrickJPEG2000
import Testing

@Suite struct JPEG2000SniffingTests {
  @Test func filesAreToldByTheirFirstBytes() {
    #expect(JPEG2000File.looksLikeJPEG2000([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20, 13, 10, 135, 10]))
    #expect(JPEG2000File.looksLikeJPEG2000([0xFF, 0x4F, 0xFF, 0x51, 0, 41]))
    #expect(!JPEG2000File.looksLikeJPEG2000([0xFF, 0xD8, 0xFF, 0xE0]))
    #expect(!JPEG2000File.looksLikeJPEG2000([0xFF, 0x4F]))
  }
}
