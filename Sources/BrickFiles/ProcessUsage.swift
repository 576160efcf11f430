#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What this process has taken of the machine.
public enum ProcessUsage {
  /// The number by which the system knows this process.
  public static var processNumber: Int { Int(getpid()) }

  /// Seconds of processor time of all threads so far, the system's work for them included.
  public static var processorSeconds: Double {
    var usage = rusage()
    #if os(Linux)
      guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    #else
      guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
    #endif
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// Seconds of processor time of the calling thread so far.
  public static var threadSeconds: Double {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
  }

  /// Seconds that all cores of the machine computed for anybody so far; nil where the system doesn't say.
  public static var machineSeconds: Double? {
    guard let bytes = try? Files.read("/proc/stat", limit: 16 << 20),
      let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
    else { return nil }
    // proc(5): user, nice, system, idle, iowait, irq, softirq, steal; the last three of ten are part of the first.
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
    guard ticks.count == 8 else { return nil }
    let busy = ticks.reduce(0, +) - ticks[3] - ticks[4]
    return busy / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
  }

  /// Bytes of memory that the process holds, as Linux tells them.
  struct Memory: Sendable, Hashable {
    /// Now, pages of mapped files included.
    var resident: Int
    /// Now, without pages of files: what is used up.
    var anonymous: Int
    /// The most that was resident since `forgetPeak`, or since the start.
    var peakResident: Int
  }

  /// Nil where the system doesn't say.
  static var memory: Memory? {
    guard let bytes = try? Files.read("/proc/self/status", limit: 1 << 20) else { return nil }
    var numbers: [String: Int] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" || $0 == ":" }
      if words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]) {
        numbers[String(words[0])] = kibibytes << 10
      }
    }
    guard let resident = numbers["VmRSS"], let anonymous = numbers["RssAnon"],
      let peak = numbers["VmHWM"]
    else { return nil }
    return Memory(resident: resident, anonymous: anonymous, peakResident: peak)
  }

  /// Lets the peak begin anew from what is held now; whether the system can.
  static func forgetPeak() -> Bool {
    // proc(5): 5 resets the peak resident set size.
    let file = unsafe open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return unsafe write(file, "5", 1) == 1
  }
}
