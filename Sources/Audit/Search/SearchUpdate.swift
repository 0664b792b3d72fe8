internal import Files
internal import GRDB
internal import Notation
internal import Samples

/// Reads into a search index what it does not know yet.
struct SearchUpdate {
  let database: DatabaseQueue
  let stock: SearchStock
  /// Files that could not be read for another reason than their content, with the reason.
  private var failures: [String: String] = [:]

  struct Outcome {
    var database: DatabaseQueue
    /// In the order of their documents.
    var contents: [SearchIndex.Content]
    var gaps: [String]
  }

  /// A file to be read.
  private struct Reading {
    var key: SearchStock.ContentKey
    var path: String
    var byteCount: Int
    /// The state of the file.
    var stamp: String
    var reader: PromptReader
  }

  init(database: DatabaseQueue, stock: SearchStock) {
    self.database = database
    self.stock = stock
  }

  /// Reads what can be read.
  consuming func run(_ progress: (SearchIndex.Progress) -> Void) throws -> Outcome {
    var known = try knownKeys()
    while case let readings = try readings(beyond: known), !readings.isEmpty {
      var state = SearchIndex.Progress(
        rows: 0, bytes: 0, totalBytes: readings.reduce(0) { $0 + $1.byteCount })
      for reading in readings {
        do {
          try read(reading, &state, progress)
        } catch let error as FileError {
          failures[reading.path] = error.message
        }
      }
      known = try knownKeys()
    }
    return try outcome(known)
  }

  /// What is there, if nothing remains to be read.
  func withoutWriting() throws -> Outcome? {
    let known = try knownKeys()
    return try readings(beyond: known).isEmpty ? outcome(known) : nil
  }

  private func knownKeys() throws -> Set<SearchStock.ContentKey> {
    try database.read { database in
      Set(
        try Row.fetchAll(database, sql: "SELECT xxh3, field FROM content")
          .map { SearchStock.ContentKey(xxh3: $0[0], field: $0[1]) })
    }
  }

  /// The source files to be read, or else the branches' files that stand for what is gone.
  private func readings(beyond known: Set<SearchStock.ContentKey>) throws -> [Reading] {
    let missing = stock.contents.filter { !known.contains($0.key) }
    let readings = try missing.compactMap { content in
      try content.paths.lazy.compactMap { path in
        try reading(content.key, path, PromptReader(prompt: content.prompt), content.byteCount)
      }.first
    }
    guard readings.isEmpty else { return readings }
    let branches = Set(missing.flatMap(\.branches))
    return try stock.outputs.filter { branches.contains($0.branch) && !known.contains($0.key) }
      .compactMap {
        try reading(
          $0.key, $0.path, PromptReader(prompt: $0.prompt, id: SearchStock.outputID), nil)
      }
  }

  /// A reading of this file, unless it is gone, or is known to be another one.
  private func reading(
    _ key: SearchStock.ContentKey, _ path: String, _ reader: PromptReader, _ byteCount: Int?
  ) throws -> Reading? {
    guard failures[path] == nil, let file = try? OpenFile(path),
      file.byteCount == byteCount ?? file.byteCount
    else { return nil }
    let stamp = file.stamp
    let refused = try database.read { database in
      try String.fetchOne(
        database, sql: "SELECT stamp FROM refused WHERE path = ? AND xxh3 = ?",
        arguments: [path, key.xxh3])
    }
    guard refused != stamp else { return nil }
    return Reading(key: key, path: path, byteCount: file.byteCount, stamp: stamp, reader: reader)
  }

  /// Reads a file in one transaction; one with another content is remembered as such.
  private func read(
    _ reading: Reading, _ state: inout SearchIndex.Progress,
    _ progress: (SearchIndex.Progress) -> Void
  ) throws {
    let start = state
    let isThis = try database.inTransactionWithResult { database in
      let isKnown = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM content WHERE xxh3 = ? AND field = ?)",
        arguments: [reading.key.xxh3, reading.key.field])
      // Another process was faster.
      if isKnown == true { return (true, .commit) }
      let first =
        try Int64.fetchOne(database, sql: "SELECT max(first_document + row_count) FROM content")
        ?? 1
      let prompt = try database.makeStatement(
        sql: "INSERT INTO prompt (document, key, text, sample_id) VALUES (?, ?, ?, ?)")
      let word = try database.makeStatement(
        sql: "INSERT INTO word (rowid, words) VALUES (?, ?)")
      let ending = try reading.reader.read(reading.path) { piece in
        for found in piece.prompts {
          let document = first + Int64(found.position)
          prompt.setUncheckedArguments([document, found.key, found.text, found.id])
          try prompt.execute()
          word.setUncheckedArguments([document, found.words])
          try word.execute()
        }
        state.rows = start.rows + piece.firstRow + piece.chunk.rows.count
        state.bytes = start.bytes + piece.bytesRead
        progress(state)
      }
      guard ending.digest.description == reading.key.xxh3 else { return (false, .rollback) }
      try database.execute(
        sql: "INSERT INTO content (xxh3, field, first_document, row_count) VALUES (?, ?, ?, ?)",
        arguments: [reading.key.xxh3, reading.key.field, first, ending.rowCount])
      return (true, .commit)
    }
    guard !isThis else { return }
    try database.write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO refused (path, xxh3, stamp) VALUES (?, ?, ?)",
        arguments: [reading.path, reading.key.xxh3, reading.stamp])
    }
  }

  private func outcome(_ known: Set<SearchStock.ContentKey>) throws -> Outcome {
    var firstSamples: [SearchStock.ContentKey: [Int64]] = [:]
    for content in stock.contents { firstSamples[content.key] = content.firstSamples }
    let outputs = Set(stock.outputs.map(\.key))
    let contents: [SearchIndex.Content] = try database.read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT first_document, row_count, xxh3, field FROM content ORDER BY first_document"
      ).compactMap { row in
        let key = SearchStock.ContentKey(xxh3: row[2], field: row[3])
        guard let samples = firstSamples[key] ?? (outputs.contains(key) ? [] : nil) else {
          return nil
        }
        let (first, count) = (row[0] as Int64, row[1] as Int64)
        guard count > 0 else { return nil }
        return SearchIndex.Content(documents: first..<first + count, firstSamples: samples)
      }
    }
    let gaps = stock.contents.filter { !$0.branches.isEmpty && !known.contains($0.key) }
      .map(gap)
    return Outcome(database: database, contents: contents, gaps: gaps)
  }

  /// What is to be said of a source file that cannot be searched.
  private func gap(_ content: SearchStock.Content) -> String {
    let path = content.paths[0]
    let reason: String
    if let failure = failures[path] {
      reason = failure
    } else if (try? OpenFile(path)) == nil {
      reason = "is gone or cannot be opened"
    } else {
      reason = "is not the file that was read"
    }
    return quoted(path) + " " + reason + ": of its samples only those can be found by text that are"
      + " rows or seeds of a branch"
  }
}

extension SearchStock.ContentKey {
  init(xxh3: String, field: String) {
    self.xxh3 = xxh3
    self.field = field
  }
}

extension DatabaseQueue {
  /// A transaction that writes from its start, with a result.
  fileprivate func inTransactionWithResult<Result>(
    _ body: (Database) throws -> (Result, Database.TransactionCompletion)
  ) throws -> Result {
    var result: Result?
    try inTransaction(.immediate) { database in
      let (value, completion) = try body(database)
      result = value
      return completion
    }
    return result!
  }
}
