import BrickCore
import BrickTestSupport
import Testing

private func parse(_ text: String) throws -> JSON {
  try JSON(parsing: Array(text.utf8), path: "a.json")
}

@Test func integersKeepAllTheirBits() throws {
  #expect(try parse("18446744073709551615") == .unsigned(.max))
  #expect(try parse("9223372036854775807") == .integer(.max))
  #expect(try parse("-9223372036854775808") == .integer(.min))
  #expect(try parse("18446744073709551616") == .number(18_446_744_073_709_551_616))
  #expect(try parse("1.0") == .number(1))
  #expect(try parse("-0").doubleValue?.sign == .minus)
  #expect(try parse("1.0").intValue == nil)
}

@Test(arguments: [
  "", "nul", "01", "1.", ".5", "-", "1e", "1e999", "[1,]", "[1", "{\"a\":1,}", "{\"a\" 1}",
  "{\"a\":1,\"a\":2}", "\"\\x\"", "\"\\ud800\"", "\"\n\"", "\"", "NaN", "[] []", "{a:1}",
])
func whatIsNotJSONIsRefused(_ text: String) {
  do {
    _ = try parse(text)
    Issue.record("\(text) was read")
  } catch let error as BrickworkError {
    #expect(error.code == .damagedInput && error.path == "a.json" && error.place != nil)
  } catch {
    Issue.record("\(error)")
  }
}

@Test func deepValuesAreRefused() {
  #expect(throws: BrickworkError.self) { try parse(String(repeating: "[", count: 100_000)) }
}

@Test func stringsKeepEscapesAndSurrogates() throws {
  #expect(try parse(#""a\n\"\\\/\u00e9\ud83d\ude00""#) == "a\n\"\\/é😀")
  let value: JSON = "\u{1}\"\\é😀\t"
  #expect(try parse(value.text(pretty: false)) == value)
}

@Test func textReadsBackTheSame() throws {
  let value: JSON = [
    "b": [1, 2, 3], "a": [["c": 0.1], nil, true], "e": [:], "f": [], "d": .unsigned(.max),
    "g": 1e-30,
  ]
  #expect(try parse(value.text(pretty: true)) == value)
  #expect(try parse(value.text(pretty: false)) == value)
  #expect(
    value.text(pretty: false)
      == #"{"b":[1,2,3],"a":[{"c":0.1},null,true],"e":{},"f":[],"d":18446744073709551615,"g":1e-30}"#
  )
  #expect((["a": [1, 2]] as JSON).text(pretty: true) == "{\n  \"a\": [1, 2]\n}")
}

@Test func membersAreSetReplacedAndRemoved() {
  var value: JSON = ["a": 1, "b": 2, "c": 3]
  value["a"] = nil
  value["c"] = "x"
  value["d"] = 4
  #expect(value == ["b": 2, "c": "x", "d": 4])
  #expect(value["a"] == nil && value["zz"] == nil)
}

@Test(arguments: 0..<50) func damagedTextNeverTraps(seed: UInt64) {
  var random = SplitMix64(seed: seed)
  let text = Array(#"{"a":[1,-2.5e3,"x\u00e9"],"b":{"c":null,"d":true}}"#.utf8)
  for _ in 0..<100 {
    var damaged = text
    for _ in 0..<3 {
      damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
    }
    damaged.removeLast(Int.random(in: 0..<5, using: &random))
    if let value = try? JSON(parsing: damaged, path: "a") {
      #expect((try? JSON(parsing: Array(value.text(pretty: true).utf8), path: "a")) == value)
    }
  }
}
