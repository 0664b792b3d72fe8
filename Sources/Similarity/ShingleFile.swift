internal import Files
internal import Foundation

/// All shingles of all texts on disk, read again for those texts that met another.
struct ShingleFile: ~Copyable {
  private var output: OutputFile
  /// Where those of each text begin, and how many they are.
  private var places: [Place] = []
  private var written = 0

  struct Place {
    /// In shingles; 2^40 of them are 8 TB.
    var start: UInt64 = 0
    var count: UInt32 = 0
  }

  init(_ path: String) throws(FileError) { output = try OutputFile(path, isDurable: false) }

  mutating func add(_ shingles: ArraySlice<UInt64>, of number: Int) throws(FileError) {
    if number >= places.count {
      places.append(contentsOf: repeatElement(Place(), count: number + 1 - places.count))
    }
    places[number] = Place(start: UInt64(written), count: UInt32(shingles.count))
    written += shingles.count
    try output.append(copying: shingles)
  }

  consuming func finish() throws(FileError) -> ShingleSets {
    _ = try output.finish()
    let file = try OpenFile(output.path)
    try? FileManager.default.removeItem(atPath: file.path)
    return ShingleSets(file: file, places: places)
  }
}

/// The complete file, open and without a name, with the sets that were asked for last.
struct ShingleSets: ~Copyable {
  private let file: OpenFile
  private let places: [ShingleFile.Place]
  private var known: [Int: ShingleSet] = [:]
  private var knownShingles = 0

  /// 64 MB.
  private static let most = 8 << 20

  init(file: consuming OpenFile, places: [ShingleFile.Place]) {
    self.file = file
    self.places = places
  }

  mutating func set(of number: Int) throws(FileError) -> ShingleSet {
    if let set = known[number] { return set }
    let place = places[number]
    let shingles: [UInt64] = try file.values(
      at: Int(place.start) * 8, count: Int(place.count))
    let set = ShingleSet(shingles)
    if knownShingles > Self.most {
      known.removeAll(keepingCapacity: true)
      knownShingles = 0
    }
    known[number] = set
    knownShingles += set.values.count
    return set
  }
}
