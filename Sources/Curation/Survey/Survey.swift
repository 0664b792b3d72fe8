internal import Files
internal import Foundation
internal import Notation
package import Samples

/// What some files hold: rows, fields, values, and rows that cannot be read.
package struct Survey: Sendable {
  /// A file as it was found.
  package struct File: Encodable, Hashable, Sendable {
    package var path: String
    /// `JSON Lines`, `JSON array`, `Stack Exchange` or `Parquet`, with how it is packed.
    package var format: String
    package var bytes: Int
  }

  /// One kind of fault, and where it was met first.
  package struct Fault: Encodable, Hashable, Sendable {
    package var code: String
    package var count: Int
    /// File and row, counted from 1.
    package var first: String
    /// What is wrong with that row.
    package var reason: String
  }

  package private(set) var files: [File] = []
  /// Rows that could be read, and their fields.
  private(set) var rows = ObjectSurvey()
  /// In the order of their first appearance.
  package private(set) var faults: [Fault] = []

  /// Rows that could not be read.
  package var unreadable: Int { faults.reduce(0) { $0 + $1.count } }

  /// Whether the field was in some row; a path's index does not matter.
  package func contains(_ path: FieldPath) -> Bool {
    guard let field = rows.fields.first(where: { $0.key == path.key }) else { return false }
    return path.member.isEmpty || field.members.fields.contains { $0.key == path.member }
  }

  /// All fields with a place that a card can name: `key` and `key[].member`.
  package var paths: [String] {
    rows.fields.flatMap { field in
      [field.key] + field.members.fields.map { "\(field.key)[].\($0.key)" }
    }
  }

  /// Reads these files and counts what is in them.
  ///
  /// Each chunk of rows is counted for itself and added to the others in order: the result is the
  /// same for any number of workers.
  package init(
    of paths: [String], _ scope: SurveyScope = SurveyScope(), workers: Int,
    limits: ReadLimits = ReadLimits(), progress: (Progress) -> Void = { _ in }
  ) throws {
    let feeder = SurveyFeeder(paths, scope.keys, limits)
    let conveyor = Conveyor(
      pieces: (0..<workers + 2).map { _ in SurveyPiece() }, fill: feeder.fill)
    var state = Progress(totalBytes: feeder.totalBytes)
    try conveyor.run(
      workers: workers, makeWork: { { $0.survey(scope) } },
      collect: { piece in
        try Interruption.check()
        rows.merge(piece.result)
        for fault in piece.faults { note(fault, in: paths[piece.file]) }
        state.rows += piece.chunk.rows.count
        state.bytes = piece.bytesRead
        progress(state)
      })
    try Interruption.check()
    files = feeder.files
  }

  /// The first chunk alone, for the names that occur there.
  package init(glanceAt path: String) throws {
    let feeder = SurveyFeeder([path], nil, ReadLimits())
    let piece = SurveyPiece()
    if try feeder.fill(piece) { piece.survey(SurveyScope()) }
    rows = piece.result
  }

  private mutating func note(_ fault: SurveyPiece.Fault, in path: String) {
    if let place = faults.firstIndex(where: { $0.code == fault.fault.code }) {
      faults[place].count += fault.count
    } else {
      faults.append(
        Fault(
          code: fault.fault.code, count: fault.count,
          first: "\(Library.shown(path)):\(fault.row)", reason: fault.fault.description))
    }
  }
}

/// A chunk with what a worker counted in it.
final class SurveyPiece {
  struct Fault {
    var fault: RowFault
    var row: Int
    var count: Int
  }

  let chunk = Chunk()
  var file = 0
  var result = ObjectSurvey()
  /// The same of a survey of answers.
  var answers = AnswerTally()
  /// One for each code, with the first row that has it.
  var faults: [Fault] = []
  /// Bytes of all files read up to here, as they lie on disk.
  var bytesRead = 0

  func survey(_ scope: SurveyScope) {
    let reader = ObjectReader(scope, keys: scope.keys)
    faults.removeAll()
    for place in chunk.rows {
      let fault = place.fault ?? chunk.withBytes(of: place) { reader.read($0) }
      guard let fault else { continue }
      if let known = faults.firstIndex(where: { $0.fault.code == fault.code }) {
        faults[known].count += 1
      } else {
        faults.append(Fault(fault: fault, row: place.number, count: 1))
      }
    }
    result = reader.result
  }
}

/// Hands out the chunks of all files in order; called by one thread at a time.
final class SurveyFeeder {
  private let paths: [String]
  private let keys: [String]?
  private let limits: ReadLimits
  private var reader: (any RowReader)?
  private var finishedBytes = 0
  private(set) var files: [Survey.File] = []
  let totalBytes: Int

  init(_ paths: [String], _ keys: [String]?, _ limits: ReadLimits) {
    self.paths = paths
    self.keys = keys
    self.limits = limits
    totalBytes = paths.reduce(0) { sum, path in
      let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      return sum + (size ?? 0)
    }
  }

  func fill(_ piece: SurveyPiece) throws -> Bool {
    try Interruption.check()
    while true {
      if reader == nil {
        guard files.count < paths.count else { return false }
        reader = try open(paths[files.count])
      }
      guard let reader else { return false }
      piece.file = files.count - 1
      let hasRows = try reader.next(piece.chunk)
      piece.bytesRead = finishedBytes + reader.file.position
      if hasRows { return true }
      finishedBytes += reader.file.position
      self.reader = nil
    }
  }

  private func open(_ path: String) throws -> any RowReader {
    let file = try SourceFile(path)
    let reader = try file.rows(keys: keys, limits)
    let layout =
      reader is StackExchangeReader
      ? "Stack Exchange" : reader is JSONArrayReader ? "JSON array" : "JSON Lines"
    let format =
      switch file.format {
      case .plain: layout
      case .gzip: layout + " (gzip)"
      case .zstd: layout + " (zstd)"
      case .parquet: "Parquet"
      }
    files.append(
      Survey.File(path: Library.shown(path), format: format, bytes: reader.file.byteCount))
    return reader
  }
}
