internal import BrickCore
internal import CBrickSystem

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// How much memory this process may use: the machine's, or less where a control group limits it.
public enum SystemMemory {
  /// Bytes that could be used now without pushing others out: the smallest of the machine's
  /// available memory and the room under each memory limit of the process's control groups.
  public static var available: Int {
    var room = machineAvailable
    for limit in controlGroupLimits() { room = min(room, limit) }
    return max(room, 0)
  }

  /// The most bytes of memory this process has held so far, file pages included.
  public static var peakResident: Int {
    var usage = rusage()
    #if os(Linux)
      guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
      return Int(usage.ru_maxrss) << 10
    #else
      guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
      return Int(usage.ru_maxrss)
    #endif
  }

  /// Cores this process may run on.
  public static var cores: Int {
    let usable = Int(brick_usable_cores())
    return usable > 0 ? usable : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  /// Tells the C library to keep freed pieces of up to 4 MiB for reuse.
  ///
  /// Otherwise it gives each back to the system and clears new pages for the next one. At most 32 MiB of freed memory
  /// per core stay with the process. Blocks of 4 MiB or more get large pages where the system has some: clearing one
  /// of 2 MiB takes a fraction of what 512 page faults do.
  public static func reuseFreedMemory() {
    brick_reuse_freed_memory(Int32(clamping: cores))
    #if os(Linux)
      BlockStorage.adviseOnLargePieces { address, count in
        let page = UInt(max(1, sysconf(Int32(_SC_PAGESIZE))))
        let start = (address + page - 1) / page * page
        let end = (address + UInt(count)) / page * page
        guard start < end else { return }
        // Advice: a system that knows no such pages says so, and nothing is lost.
        _ = unsafe madvise(
          UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_HUGEPAGE)
      }
    #endif
  }

  private static var machineAvailable: Int {
    if let text = text("/proc/meminfo"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    {
      return kibibytes << 10
    }
    return max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(1, sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The memory limits of the process's groups, version 2 and version 1.
  static func controlGroupLimits() -> [Int] {
    guard let groups = text("/proc/self/cgroup") else { return [] }
    var rooms: [Int] = []
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let path = String(parts[2])
      if parts[1].isEmpty {
        rooms += limitsUpwards("/sys/fs/cgroup", path, name: "memory.max")
      } else if parts[1].split(separator: ",").contains("memory") {
        rooms += limitsUpwards("/sys/fs/cgroup/memory", path, name: "memory.limit_in_bytes")
      }
    }
    return rooms
  }

  /// The limits of a group and of those above it.
  ///
  /// What the group's page cache holds is no loss, since the kernel gives it up, so the limit itself
  /// counts and not what is left of it.
  private static func limitsUpwards(_ root: String, _ path: String, name: String) -> [Int] {
    var rooms: [Int] = []
    var folder = path
    while true {
      let base = folder == "/" || folder.isEmpty ? root : root + folder
      if let text = text(base + "/" + name), let bytes = Int(text.trimmed), bytes < 1 << 60 {
        rooms.append(bytes)
      }
      if folder == "/" || folder.isEmpty { return rooms }
      folder = Files.folder(of: folder)
    }
  }

  private static func text(_ path: String) -> String? {
    guard let bytes = try? Files.read(path, limit: 1 << 20) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension StringProtocol {
  /// Without white space at both ends.
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
