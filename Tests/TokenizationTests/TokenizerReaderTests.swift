import Files
import Foundation
import Notation
import Testing

@testable import Tokenization

struct TokenizerReaderTests {
  private static let advice =
    "; byte-level BPE as Qwen2, DeepSeek, Llama 3 and GPT-2 have it is what can be read here"

  @Test(
    arguments: [
      (#""type": "BPE""#, #""type": "Unigram""#, "its model is 'Unigram'" + advice),
      (#""dropout": null"#, #""dropout": 0.1"#, "its model has 'dropout'" + advice),
      (#""dropout": null"#, #""byte_fallback": true"#, "its model has 'byte_fallback'" + advice),
      (
        #""dropout": null"#, #""end_of_word_suffix": "</w>""#,
        "its model has 'end_of_word_suffix'" + advice
      ),
      (
        #""normalizer": null"#, #""normalizer": {"type": "Lowercase"}"#,
        "its normalizer is 'Lowercase'" + advice
      ),
      (
        #"{"type": "ByteLevel","#, #"{"type": "Metaspace","#,
        "its 'pre_tokenizer' has 'Metaspace'" + advice
      ),
      (
        #""pre_tokenizer": {"type": "ByteLevel","#, #""pre_tokenizer": {"type": "Digits","#,
        "its 'pre_tokenizer' does not end in 'ByteLevel'" + advice
      ),
      (
        #"[["a", "b"]]"#, #"[["a", "\n"]]"#,
        "merge 1, 'a' and '\\u{a}', has a part or a result that is not in the vocabulary"
      ),
      (#"[["a", "b"]]"#, #"["a b c"]"#, "merge 1 is no pair of tokens"),
      (#"[["a", "b"]]"#, "[1]", "merge 1 is no pair of tokens"),
      (#""merges": ["#, #""rules": ["#, "has no merges under 'model' and 'merges'"),
      (
        #""ab": 256"#, #""ab": 97"#, "the token 'ab' has no id of its own from 0 to 16777215"
      ),
      (
        #""ab": 256"#, #""ab": 99999999999999999999"#,
        "the token 'ab' has no id of its own from 0 to 16777215"
      ),
      (
        #""added_tokens": []"#, #""added_tokens": [{}]"#,
        "an entry of 'added_tokens' has no 'content'"
      ),
      (
        #""added_tokens": []"#,
        #""added_tokens": [{"content": "x"}, {"content": "x", "lstrip": true}]"#,
        "the added token 'x' stands in the file in two ways"
      ),
    ])
  func `what would not give the library's tokens is refused by name`(
    old: String, new: String, message: String
  ) {
    let text = SmallTokenizer(merges: [("a", "b")]).text
    #expect(text.contains(old))
    let broken = text.replacingOccurrences(of: old, with: new)
    #expect(throws: FileError("tokenizer.json", message)) {
      try SmallTokenizer.read(Array(broken.utf8))
    }
  }

  @Test func `a pattern that cannot be taken is told with its reason`() {
    let small = SmallTokenizer(preTokenizer: SmallTokenizer.splitting(#"\w+"#))
    let message =
      #"its 'pre_tokenizer' splits by '\w+', which has the escape '\w'"# + Self.advice
    #expect(throws: FileError("tokenizer.json", message)) { try small.tokenizer() }
    let other = SmallTokenizer(
      preTokenizer: SmallTokenizer.splitting("a", behaviour: "MergedWithNext"))
    #expect(
      throws: FileError(
        "tokenizer.json",
        "its 'pre_tokenizer' has a 'Split' with the behaviour 'MergedWithNext'" + Self.advice)
    ) { try other.tokenizer() }
  }

  @Test func `merges may be lines, with the version that merges.txt begins with`() throws {
    var text = SmallTokenizer(merges: [("a", "b"), ("ab", "c")]).text
    text = text.replacingOccurrences(
      of: #"[["a", "b"], ["ab", "c"]]"#, with: ##"["#version: 0.2", "a b", "ab c"]"##)
    let tokenizer = try SmallTokenizer.read(Array(text.utf8))
    #expect(TokenEncoder(tokenizer).ids("abcab") == [257, 256])
  }

  @Test func `no change of a byte makes reading or encoding trap`() {
    var numbers = SeededNumbers(state: 3)
    var small = SmallTokenizer(merges: [("a", "b"), ("ab", "c")])
    small.preTokenizer = SmallTokenizer.splitting(
      #"(?i:'s)|[^\r\n\p{L}]?\p{L}+|\p{N}{1,3}+| ?[^\s]+[\r\n]*|\s+(?!\S)"#)
    small.normalizer = #"{"type": "Sequence", "normalizers": [{"type": "NFC"}]}"#
    small.added = [#"{"id": 258, "content": "<x>", "lstrip": true, "single_word": true}"#]
    let text = Array(small.text.utf8)
    // The vocabulary is long and dull: most changes are made before and after it.
    let start = text.count - 120
    for round in 0..<400 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...3, using: &numbers) {
        let range =
          round % 4 == 0 ? 0..<bytes.count : round % 2 == 0 ? 0..<620 : start..<bytes.count
        let place = Int.random(in: range.clamped(to: 0..<bytes.count), using: &numbers)
        let letters = Array(#"{}[]()"\,:0123456789abpLN+*?|^$-trueflsn "#.utf8)
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0: bytes[place] = letters.randomElement(using: &numbers) ?? 0
        case 1: bytes.remove(at: place)
        default: bytes.insert(letters.randomElement(using: &numbers) ?? 0, at: place)
        }
      }
      guard let tokenizer = try? SmallTokenizer.read(bytes) else { continue }
      let encoder = TokenEncoder(tokenizer)
      #expect(encoder.ids("") == [])
      _ = encoder.ids("abcab <x> 123 don't e\u{301} \r\n\n中 ")
    }
  }
}
