internal import Files
internal import GRDB
package import Lineage

/// Finds samples by the text of their prompts: a full-text index beside the ledger.
///
/// `.search.sqlite` in the workspace is a cache that may be removed at any time. It knows a file by
/// its content, so what many runs read is indexed once, and only what is new is read. Where the
/// workspace cannot be written it is a temporary file. A document is a prompt; those of a file
/// follow each other as its rows do.
package final class SearchIndex: Sendable {
  /// What cannot be found, or only by the rows of the branches, because a source file is gone or is
  /// another now; a sentence for each file.
  package let gaps: [String]

  let ledger: Ledger
  let database: DatabaseQueue
  /// In the order of their documents.
  let contents: [Content]

  /// Rows of one content: their documents, and where the ledger has them.
  struct Content: Sendable {
    /// The first and the one after the last.
    var documents: Range<Int64>
    /// First samples of the files with this content; none where the documents have ids themselves.
    var firstSamples: [Int64]
  }

  /// How far reading has come.
  package struct Progress: Sendable {
    package var rows: Int
    package var bytes: Int
    package var totalBytes: Int
  }

  /// Opens the index of a workspace, making it or bringing it up to date first where needed.
  package init(
    of workspace: String, ledger: Ledger, progress: (Progress) -> Void = { _ in }
  ) throws {
    self.ledger = ledger
    let stock = try SearchStock(ledger, workspace)
    let file = SearchFile(path: workspace + "/.search.sqlite")
    let outcome: SearchUpdate.Outcome
    do {
      outcome = try Self.open(file, stock, progress)
    } catch let error as DatabaseError {
      try Interruption.check()
      let message = error.message ?? "\(error)"
      throw FileError(file.path, "could not make the search index: \(message)")
    }
    database = outcome.database
    contents = outcome.contents
    gaps = outcome.gaps
  }

  private static func open(
    _ file: SearchFile, _ stock: SearchStock, _ progress: (Progress) -> Void
  ) throws -> SearchUpdate.Outcome {
    do {
      return try file.open(for: stock, progress)
    } catch let error as DatabaseError
      where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    {
      // It holds nothing that is not elsewhere.
      file.remove()
      return try file.open(for: stock, progress)
    }
  }

  /// The samples whose prompts are nearest to the text, the nearest first, and at most `limit`.
  ///
  /// Those with the same text come first, then those that have it as a part, then those that share
  /// most of its words. Bounded work: some hundred documents are looked at, however many there are.
  package func search(_ text: String, limit: Int = 10) throws -> [Hit] {
    let question = Question(text)
    let documents: [Question.Answer]
    do {
      documents = try database.read { try question.answers(in: $0, among: contents, limit: limit) }
    } catch let error as DatabaseError {
      throw LedgerError(
        "the search index .search.sqlite: \(error.message ?? "\(error)"); remove it, and ask again")
    }
    var hits: [Hit] = []
    var seen: Set<String> = []
    try ledger.access { database in
      for answer in documents where hits.count < limit {
        for name in try names(of: answer, in: database) where hits.count < limit {
          guard seen.insert(name).inserted else { continue }
          hits.append(
            Hit(
              sampleID: name, excerpt: answer.excerpt, similarity: answer.similarity,
              match: answer.match))
        }
      }
    }
    return hits
  }

  /// The samples that have a document's prompt.
  private func names(of answer: Question.Answer, in database: Database) throws -> [String] {
    if let name = answer.sampleID {
      let isKnown = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM sample WHERE sample_id = ?)",
        arguments: [name])
      return isKnown == true ? [name] : []
    }
    guard let content = contents.content(of: answer.document) else { return [] }
    return try content.firstSamples.compactMap { first in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT sample_id, path || ':' || row FROM sample
          JOIN source_file ON source_file.id = sample.file WHERE sample.id = ?
          """, arguments: [first + answer.document - content.documents.lowerBound])
      return row.flatMap { $0[0] ?? $0[1] }
    }
  }
}

extension [SearchIndex.Content] {
  /// The content that a document belongs to; nil for one that this ledger does not have.
  func content(of document: Int64) -> SearchIndex.Content? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].documents.upperBound <= document { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].documents.contains(document) ? self[low] : nil
  }
}
