package import Files
internal import Markup

/// The questions of a Stack Exchange dump's `Posts.xml`, each with its accepted answer, else with its
/// best one, in the order of their numbers.
///
/// Answers stand anywhere behind their question: all of the file is read before the first row, and
/// what does not fit into memory waits in a temporary file. A row has no bytes of its own in the file.
package final class StackExchangeReader: RowReader {
  package let file: FileStream
  package var hasPlaces: Bool { false }
  private let walker: XMLWalker
  private let reader: PostReader
  private let sorter: PostSorter
  private let limits: ReadLimits
  private var isSorted = false
  private var number = 0
  private var bytesMade = 0
  /// The question at hand, whose answers may still come.
  private var question: Post?
  private var members = ByteBuffer()
  private var answer: Post?
  private var answerMembers = ByteBuffer()

  /// Posts that are sorted in memory, in bytes.
  package static let memory = 128 << 20

  /// `head` holds bytes of the stream that were read before.
  init(
    _ file: FileStream, _ stream: any ByteStream, head: consuming ByteBuffer, keys: [String]?,
    limits: ReadLimits, memory: Int = StackExchangeReader.memory
  ) throws {
    self.file = file
    self.limits = limits
    walker = try XMLWalker(file.path, stream, head: head)
    reader = PostReader(walker, keys: keys)
    sorter = PostSorter(limit: memory)
    guard let root = try walker.next(), root.name == "posts" else {
      throw FileError(
        file.path, "is XML, but no Posts.xml of a Stack Exchange dump: its root is not 'posts'")
    }
  }

  package func next(_ chunk: Chunk) throws -> Bool {
    chunk.clear()
    if !isSorted { try sort() }
    var more = true
    while more, chunk.buffer.count < Chunk.size {
      more = try sorter.next { post, bytes in
        if post.isAnswer {
          take(answer: post, bytes)
        } else {
          try take(question: post, bytes, chunk)
        }
      }
    }
    if !more { flush(chunk) }
    bytesMade += chunk.buffer.count
    chunk.bytesRead = bytesMade
    return !chunk.rows.isEmpty
  }

  private func sort() throws {
    var count = 0
    while let element = try walker.next() {
      guard element.depth == 1, element.name == "row" else { continue }
      count += 1
      if count % 1024 == 0 { try Interruption.check() }
      try sorter.add { try reader.read(into: &$0) }
    }
    try sorter.finish()
    isSorted = true
  }

  // MARK: Joining

  private func take(question post: Post, _ bytes: Span<UInt8>, _ chunk: Chunk) throws {
    if let question, question.id == post.id {
      throw FileError(file.path, "two questions have the number \(post.id)")
    }
    flush(chunk)
    question = post
    members.removeAll()
    members.append(bytes)
  }

  private func take(answer post: Post, _ bytes: Span<UInt8>) {
    // An answer to what is not in the dump is no row.
    guard let question, question.id == post.question else { return }
    if let answer, !post.isBetter(than: answer, accepted: question.accepted) { return }
    answer = post
    answerMembers.removeAll()
    answerMembers.append(bytes)
  }

  /// Writes the row of the question at hand.
  private func flush(_ chunk: Chunk) {
    guard let question else { return }
    let start = chunk.buffer.count
    chunk.buffer.append("{")
    chunk.buffer.append(members.bytes)
    var isFirst = members.isEmpty
    func separate() {
      if !isFirst { chunk.buffer.append(", ") }
      isFirst = false
    }
    if let answer {
      if !answerMembers.isEmpty {
        separate()
        chunk.buffer.append(answerMembers.bytes)
      }
      if reader.wants("is_accepted") {
        separate()
        chunk.buffer.append("\"is_accepted\": \(answer.id == question.accepted)")
      }
    } else {
      for key in PostReader.answerKeys where reader.wants(key) {
        separate()
        chunk.buffer.append("\"\(key)\": null")
      }
    }
    chunk.buffer.append("}")
    number += 1
    let range = start..<chunk.buffer.count
    chunk.rows.append(
      RowPlace(
        range: range, number: number, offset: nil, byteCount: range.count,
        fault: range.count > limits.rowBytes ? .tooLong(limit: limits.rowBytes) : nil))
    // Rows are scanned with the padding behind them.
    chunk.buffer.append("\n")
    self.question = nil
    answer = nil
  }
}
