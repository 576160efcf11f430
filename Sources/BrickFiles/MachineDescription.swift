#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What machine this is, as far as it matters to a measurement.
public struct MachineDescription: Sendable, Hashable {
  /// Cores of the machine.
  public var cores: Int
  /// Cores this process may run on.
  public var usableCores: Int
  /// Bytes of memory of the machine.
  public var memory: Int
  /// The smallest memory limit of the process's control groups in bytes; nil where none limits it.
  public var controlGroupLimit: Int?
  /// The processor's name; empty where the system doesn't say.
  public var processor: String
  /// The kernel's name and release, such as "Linux 6.8.0".
  public var kernel: String
  /// The instruction set, such as "x86_64".
  public var architecture: String

  /// The machine this process runs on.
  public static var current: MachineDescription {
    var name = utsname()
    let known = unsafe uname(&name) == 0
    let pages = max(0, sysconf(Int32(_SC_PHYS_PAGES)))
    return MachineDescription(
      cores: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), usableCores: SystemMemory.cores,
      memory: pages * max(1, sysconf(Int32(_SC_PAGESIZE))),
      controlGroupLimit: SystemMemory.controlGroupLimits().min(), processor: processorName,
      kernel: known ? text(of: name.sysname) + " " + text(of: name.release) : "",
      architecture: known ? text(of: name.machine) : "")
  }

  private static var processorName: String {
    guard let bytes = try? Files.read("/proc/cpuinfo", limit: 16 << 20) else { return "" }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") }),
      let colon = line.firstIndex(of: ":")
    else { return "" }
    return String(line[line.index(after: colon)...].drop { $0 == " " })
  }

  /// The text of one of uname's fields: characters up to a zero, in a tuple.
  private static func text<Field>(of field: Field) -> String {
    unsafe withUnsafeBytes(of: field) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
