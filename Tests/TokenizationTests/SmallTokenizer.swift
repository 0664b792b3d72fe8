import Files
import Foundation
import Notation

@testable import Tokenization

/// A `tokenizer.json` of the 256 bytes, whose ids they have, and a few merges.
struct SmallTokenizer {
  var merges: [(String, String)] = []
  /// As JSON: what is written in place of a value that every tokenizer has.
  var normalizer = "null"
  var preTokenizer = SmallTokenizer.byteLevel
  var added: [String] = []
  /// Members of the model beside vocabulary and merges.
  var settings = #""dropout": null"#
  /// Bytes without a token.
  var missing: Set<UInt8> = []

  static let byteLevel =
    #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#

  /// Cuts by patterns and by nothing else.
  static func splitting(_ patterns: String..., behaviour: String = "Isolated") -> String {
    let splits = patterns.map {
      #"{"type": "Split", "pattern": {"Regex": \#(JSON.quoted($0))}, "behavior": "\#(behaviour)","#
        + #" "invert": false}, "#
    }
    return #"{"type": "Sequence", "pretokenizers": [\#(splits.joined()){"type": "ByteLevel","#
      + #" "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}"#
  }

  var text: String {
    var tokens = ByteAlphabet.letters.map { String($0) }
    tokens += merges.map { $0.0 + $0.1 }
    let vocabulary = tokens.enumerated().filter { $0.0 > 255 || !missing.contains(UInt8($0.0)) }
      .map { "\(JSON.quoted($0.1)): \($0.0)" }.joined(separator: ", ")
    let pairs = merges.map { "[\(JSON.quoted($0.0)), \(JSON.quoted($0.1))]" }
      .joined(separator: ", ")
    return """
      {"normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer),
       "added_tokens": [\(added.joined(separator: ", "))],
       "model": {"type": "BPE", \(settings), "vocab": {\(vocabulary)}, "merges": [\(pairs)]}}
      """
  }

  func tokenizer() throws -> Tokenizer { try Self.read(Array(text.utf8)) }

  static func read(_ bytes: [UInt8]) throws -> Tokenizer {
    let path = FileManager.default.temporaryDirectory.path + "/tokenizer-\(UUID().uuidString).json"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    do throws(FileError) {
      return try Tokenizer(reading: path)
    } catch {
      throw FileError("tokenizer.json", error.message)
    }
  }

  /// The tokens of a text, as the file spells them.
  func tokens(_ text: String) throws -> [String] {
    let tokenizer = try tokenizer()
    return TokenEncoder(tokenizer).ids(text).map { tokenizer.text(of: $0) ?? "?" }
  }
}

extension TokenEncoder {
  func ids(_ text: String) -> [Int32] {
    var ids: [Int32] = []
    encode(text, into: &ids)
    return ids
  }
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
