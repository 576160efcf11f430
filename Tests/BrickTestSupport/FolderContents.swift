internal import Foundation

/// The bytes of every file under a folder, by path relative to it.
public func contents(of folder: String) throws -> [String: [UInt8]] {
  var files: [String: [UInt8]] = [:]
  for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
    let whole = folder + "/" + path
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder) else {
      continue
    }
    if !isFolder.boolValue {
      files[path] = Array(try Data(contentsOf: URL(fileURLWithPath: whole)))
    }
  }
  return files
}

/// When each file under a folder was last written, by path relative to it.
public func writingTimes(of folder: String) throws -> [String: Double] {
  var times: [String: Double] = [:]
  for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)
    guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
    times[path] = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970
  }
  return times
}
