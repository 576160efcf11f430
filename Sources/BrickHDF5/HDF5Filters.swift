internal import BrickCore
internal import CHDF5

extension HDF5Filter {
  /// The numbers under which the filters that are decoded here are registered.
  static let deflate = 1
  static let shuffle = 2
  static let fletcher32 = 3
  static let nbit = 5
  static let scaleOffset = 6
  static let lzf = 32000

  /// The filter for people: its usual name, or the one the file gives.
  var words: String {
    switch id {
    case 1: "deflate"
    case 2: "shuffle"
    case 3: "fletcher32"
    case 4: "szip"
    case 5: "n-bit"
    case 6: "scale-offset"
    case 307: "bzip2"
    case 32000: "lzf"
    case 32001: "blosc"
    case 32004: "lz4"
    case 32008: "bitshuffle"
    case 32015: "zstd"
    case 32026: "blosc2"
    default: name.isEmpty ? "filter \(id)" : name
    }
  }

  /// The filters of a dataset's properties, in the order in which chunks passed them; under the lock.
  static func all(
    of properties: hid_t, _ path: String, _ place: HDF5Place
  ) throws(BrickworkError) -> [HDF5Filter] {
    var filters: [HDF5Filter] = []
    let count = try place.check(H5Pget_nfilters(properties), "read the filters")
    for index in 0..<count {
      var flags: UInt32 = 0
      var configuration: UInt32 = 0
      var parameters = [UInt32](repeating: 0, count: 32)
      var parameterCount = parameters.count
      var text = [CChar](repeating: 0, count: 64)
      let id = try place.check(
        unsafe H5Pget_filter2(
          properties, UInt32(index), &flags, &parameterCount, &parameters, text.count, &text,
          &configuration),
        "read filter \(index)")
      let name = String(
        decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      filters.append(
        HDF5Filter(
          id: Int(id), name: name, parameters: Array(parameters.prefix(min(32, parameterCount)))))
    }
    return filters
  }

  /// Throws unless the library has all filters.
  static func check(
    _ filters: [HDF5Filter], _ path: String, _ place: HDF5Place
  ) throws(BrickworkError) {
    for filter in filters {
      guard let id = H5Z_filter_t(exactly: filter.id), H5Zfilter_avail(id) > 0 else {
        throw BrickworkError(
          .unsupportedInput, path: path, place: place.object,
          reason:
            "is compressed with filter \(filter.id) (\(filter.words)), which this HDF5 library lacks",
          remedy: "Install its plugin and set HDF5_PLUGIN_PATH, or resave the file with deflate")
      }
    }
  }
}
