import Brickwork
import CFuzzDriver

// The parser is chosen with BRICKWORK_FUZZ; everything else on the command line is libFuzzer's.
guard Parsers.chosen != nil else {
  Terminal.write(
    "Set BRICKWORK_FUZZ to one of \(Parsers.named.keys.sorted().joined(separator: " "))\n",
    to: .error)
  throw BrickworkError(.badRequest, reason: "no parser is chosen")
}
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
_ = unsafe LLVMFuzzerRunDriver(&count, &arguments) { bytes, size in
  let input = unsafe UnsafeBufferPointer(start: bytes, count: size)
  unsafe Parsers.run(Array(input))
  return 0
}
