/// The SHA-256 of bytes in hexadecimal, to compare with tables made by other programs (FIPS 180-4).
public func sha256(_ bytes: [UInt8]) -> String {
  func root(_ number: Int, cube: Bool) -> UInt32 {
    let value = Double(number)
    var root = cube ? 1.0 : value.squareRoot()
    if cube { for _ in 0..<60 { root -= (root * root * root - value) / (3 * root * root) } }
    return UInt32((root - root.rounded(.down)) * 4_294_967_296)
  }
  let primes = (2..<312).filter { n in !(2..<n).contains { $0 * $0 <= n && n % $0 == 0 } }
  let keys = primes.prefix(64).map { root($0, cube: true) }
  var hash = primes.prefix(8).map { root($0, cube: false) }
  var padded = bytes + [0x80]
  padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
  padded += (0..<8).map {
    UInt8(truncatingIfNeeded: UInt64(bytes.count * 8) >> UInt64(56 - $0 * 8))
  }
  func turn(_ value: UInt32, _ by: UInt32) -> UInt32 { value >> by | value << (32 - by) }
  var words = [UInt32](repeating: 0, count: 64)
  for start in stride(from: 0, to: padded.count, by: 64) {
    for i in 0..<16 {
      words[i] = (0..<4).reduce(0) { $0 << 8 | UInt32(padded[start + i * 4 + $1]) }
    }
    for i in 16..<64 {
      let (a, b) = (words[i - 15], words[i - 2])
      words[i] =
        words[i - 16] &+ (turn(a, 7) ^ turn(a, 18) ^ a >> 3) &+ words[i - 7]
        &+ (turn(b, 17) ^ turn(b, 19) ^ b >> 10)
    }
    var h = hash
    for i in 0..<64 {
      let choice = h[4] & h[5] ^ ~h[4] & h[6]
      let first =
        h[7] &+ (turn(h[4], 6) ^ turn(h[4], 11) ^ turn(h[4], 25)) &+ choice &+ keys[i] &+ words[i]
      let majority = h[0] & h[1] ^ h[0] & h[2] ^ h[1] & h[2]
      let second = (turn(h[0], 2) ^ turn(h[0], 13) ^ turn(h[0], 22)) &+ majority
      h = [first &+ second, h[0], h[1], h[2], h[3] &+ first, h[4], h[5], h[6]]
    }
    for i in 0..<8 { hash[i] = hash[i] &+ h[i] }
  }
  return hash.map { word in
    let text = String(word, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }.joined()
}
