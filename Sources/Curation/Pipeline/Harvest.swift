internal import Files
internal import Notation
internal import Samples

/// A chunk on its way through the plan: the rows as read, and what each branch makes of them.
final class Harvest {
  let chunk = Chunk()
  /// The source and the file of the chunk, as indices of the plan.
  var source = 0
  var file = 0
  /// Bytes of all files read up to here, as they lie on disk.
  var bytesRead = 0
  /// Set on the last piece of a file, which holds no rows.
  var ending: FileEnding?

  /// One for each row of the chunk.
  var rows: [RowEntry] = []
  /// For each row one for each branch that takes from the source.
  var outcomes: [Outcome] = []
  /// For each such branch the rows it would write, one after another.
  let output: [Output]
  /// What decided that rows were dropped, or which trajectory was taken, as JSON.
  var evidence: [String] = []
  /// For each column whether some row had it.
  var isPresent: [Bool] = []

  /// `branches` is the largest number of branches that take from one source.
  init(branches: Int) {
    output = (0..<branches).map { _ in Output() }
  }

  func clear() {
    ending = nil
    rows.removeAll(keepingCapacity: true)
    outcomes.removeAll(keepingCapacity: true)
    evidence.removeAll(keepingCapacity: true)
    for index in output.indices { output[index].bytes.removeAll() }
  }
}

/// The rows that a branch would write for one chunk.
final class Output {
  var bytes = ByteBuffer(capacity: Chunk.size / 4)
}

/// What is known of a file when all of it has been read.
struct FileEnding {
  var byteCount: Int
  var digest: Digest
}

struct RowEntry {
  var hash: UInt64?
  var identity = Digest(high: 0, low: 0)
  /// The sample's id, save the number of its occurrence.
  var id = ""
  var fault: RowFault?
  /// Of the fault, in the row.
  var faultOffset = 0

  /// Why the row cannot be read, as the ledger has it: JSON.
  func faultEvidence(at place: RowPlace) -> String? {
    fault.map { fault in
      let offset = place.offset.map { "\($0 + faultOffset)" } ?? "null"
      return "{\"reason\": \(JSON.quoted(fault.code)), \"message\":"
        + " \(JSON.quoted(fault.description)), \"fault_offset\": \(offset)}"
    }
  }
}

/// What one branch makes of one row, before duplicates are known.
struct Outcome {
  enum Verdict: UInt8 { case kept, seed, dropped }
  var verdict: Verdict
  /// The step that dropped it.
  var step = 0
  /// Index into the harvest's evidence, or -1.
  var evidence = -1
  /// Bytes of the branch's output, and of the prompt and the response in it; a seed has none.
  var row = 0..<0
  var prompt = 0..<0
  var response = 0..<0
  /// Whether the source says so of it.
  var isVerified = false
  /// Whether markup was turned into text in its prompt or response.
  var hadMarkup = false
  /// Of the row's bytes.
  var rowHash: UInt64 = 0
  /// Of the prompt with white space folded.
  var promptKey = Digest(high: 0, low: 0)
  var picked = -1
  var candidates = 0
}
