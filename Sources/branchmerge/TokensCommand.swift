import ArgumentParser
import Curation
import Files
import Foundation
import Fusion
import Synchronization
import Tokenization

/// `branchmerge tokens`: counts the tokens of texts.
struct TokensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "Count the tokens of text files, as the tokenizers library does.",
    discussion: """
      A file is one text; with --lines, every line of it is. No tokens are put before or behind a \
      text; added tokens in it, such as <think>, are found. Byte-level BPE is read, as Qwen2, \
      DeepSeek, Llama 3 and GPT-2 have it.

      Example:
        branchmerge tokens models/Qwen2.5-32B notes.txt
        branchmerge tokens tokenizer.json train.jsonl --lines --json
      """)

  @Argument(help: "A tokenizer.json, or the folder of a model that has one.")
  var tokenizer: String

  @Argument(help: ArgumentHelp("Texts in UTF-8.", valueName: "file"))
  var files: [String]

  @Flag(help: "Every line is a text, without the line feed at its end.")
  var lines = false

  @Flag(help: "Print the ids of each text's tokens on a line, and no table.")
  var ids = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @Option(
    help: ArgumentHelp("Threads that count; the result is the same for any number.", valueName: "n")
  )
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
    guard !ids || !json else { throw ValidationError("--ids and --json are two ways to print") }
  }

  func run() throws {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: tokenizer, isDirectory: &isFolder)
    let path = isThere && isFolder.boolValue ? tokenizer + "/tokenizer.json" : tokenizer
    let counter = TokenCounter(try Tokenizer(reading: path), workers, keepsIds: ids)
    Interruption.watch()
    var totals: [TextTotal] = []
    for file in files {
      totals.append(try counter.total(of: file, byLine: lines) { if ids { show($0) } })
    }
    if json {
      show(try branchmerge.json(totals))
    } else if !ids {
      show(TextTotal.table(totals))
    }
  }
}

/// What was counted in a file.
private struct TextTotal: Encodable {
  var file: String
  var bytes: Int
  var texts = 0
  var tokens = 0

  static func table(_ totals: [TextTotal]) -> String {
    var rows = totals
    if rows.count > 1 {
      var all = TextTotal(file: "all", bytes: 0)
      for total in totals {
        all.bytes += total.bytes
        all.texts += total.texts
        all.tokens += total.tokens
      }
      rows.append(all)
    }
    let cells = rows.map { total in
      let perToken = Double(total.bytes) / Double(max(1, total.tokens))
      return [
        shown(total.file), size(Double(total.bytes)), grouped(total.texts), grouped(total.tokens),
        String(format: "%.2f", perToken),
      ]
    }
    return branchmerge.table([["file", "size", "texts", "tokens", "bytes per token"]] + cells)
  }
}

/// Counts with several threads, each with an encoder of its own.
private struct TokenCounter: Sendable {
  private let crew: Crew
  private let keepsIds: Bool
  /// Sound to share: each is used by the worker whose number it has.
  nonisolated(unsafe) private let encoders: [TokenEncoder]

  /// Of a file's lines, those that begin in so many bytes are one worker's turn.
  private static let blockSize = 1 << 20

  private struct Block {
    var texts = 0
    var tokens = 0
    var ids: [String] = []
  }

  init(_ tokenizer: Tokenizer, _ workers: Int, keepsIds: Bool) {
    crew = Crew(workers: workers)
    encoders = (0..<workers).map { _ in TokenEncoder(tokenizer) }
    self.keepsIds = keepsIds
  }

  /// Hands out each text's ids in order, where they are kept.
  func total(of path: String, byLine: Bool, each: (String) -> Void) throws -> TextTotal {
    var total = TextTotal(file: path, bytes: try OpenFile(path).byteCount)
    let count = byLine ? (total.bytes + Self.blockSize - 1) / Self.blockSize : 1
    // Round by round, so that only a few blocks wait for their turn to be printed.
    for start in stride(from: 0, to: count, by: 32 * crew.workers) {
      let round = min(32 * crew.workers, count - start)
      let blocks = Mutex(Array(repeating: Block(), count: round))
      try crew.share(round) { number, worker in
        try Interruption.check()
        let file = try OpenFile(path)
        let bytes =
          try byLine
          ? Self.lines(of: file, block: start + number) : file.bytes(count: file.byteCount)
        let block = block(bytes, byLine: byLine, encoders[worker])
        blocks.withLock { $0[number] = block }
      }
      for block in blocks.withLock({ $0 }) {
        total.texts += block.texts
        total.tokens += block.tokens
        block.ids.forEach(each)
      }
    }
    return total
  }

  private func block(_ bytes: [UInt8], byLine: Bool, _ encoder: TokenEncoder) -> Block {
    var block = Block()
    var tokens: [Int32] = []
    var start = 0
    while start < bytes.count || !byLine && block.texts == 0 {
      let end = (byLine ? bytes[start...].firstIndex(of: 0x0A) : nil) ?? bytes.count
      let text = bytes.span.extracting(start..<end)
      block.texts += 1
      start = end + 1
      guard keepsIds else {
        block.tokens += encoder.count(text)
        continue
      }
      tokens.removeAll(keepingCapacity: true)
      encoder.encode(text, into: &tokens)
      block.tokens += tokens.count
      block.ids.append(tokens.map(String.init).joined(separator: " "))
    }
    return block
  }

  /// The lines that begin in this block of the file, the last of them to its end.
  private static func lines(of file: borrowing OpenFile, block: Int) throws -> [UInt8] {
    let start = max(0, block * blockSize - 1)
    var end = min(file.byteCount, (block + 1) * blockSize)
    var bytes = try file.bytes(at: start, count: end - start)
    if block > 0 {
      guard let first = bytes.firstIndex(of: 0x0A), first + 1 < bytes.count else { return [] }
      bytes.removeFirst(first + 1)
    }
    while bytes.last != 0x0A, end < file.byteCount {
      let more = try file.bytes(at: end, count: min(1 << 16, file.byteCount - end))
      let rest = more.firstIndex(of: 0x0A).map { more[...$0] } ?? more[...]
      bytes += rest
      end += more.count
      if rest.count < more.count { break }
    }
    return bytes
  }
}
