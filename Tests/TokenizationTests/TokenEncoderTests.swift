import Testing

@testable import Tokenization

struct TokenEncoderTests {
  @Test func `the lowest rank is merged first, and of one rank the leftmost`() throws {
    let small = SmallTokenizer(merges: [("b", "c"), ("a", "b"), ("a", "bc"), ("a", "a")])
    #expect(try small.tokens("abc") == ["abc"])
    #expect(try small.tokens("ab") == ["ab"])
    #expect(try small.tokens("aaa") == ["aa", "a"])
    #expect(try small.tokens("aabc bca") == ["a", "abc", "Ġ", "bc", "a"])
    #expect(try small.tokens("") == [])
  }

  @Test(arguments: [1, 2, 15, 16, 95, 96, 97, 98, 1000, 100_001])
  func `a long run of one letter becomes the largest tokens`(count: Int) throws {
    let small = SmallTokenizer(merges: [("a", "a"), ("aa", "aa")])
    var expected = Array(repeating: "aaaa", count: count / 4)
    if count % 4 > 1 { expected.append("aa") }
    if count % 2 == 1 { expected.append("a") }
    #expect(try small.tokens(String(repeating: "a", count: count)) == expected)
  }

  @Test func `a word that is a token stays whole where merges are ignored`() throws {
    // Nothing leads to 'abc', for 'ab' is merged last.
    var small = SmallTokenizer(merges: [("b", "c"), ("c", "d"), ("ab", "c"), ("a", "b")])
    #expect(try small.tokens("abcd abc") == ["a", "bc", "d", "Ġ", "a", "bc"])
    small.settings = #""ignore_merges": true"#
    #expect(try small.tokens("abcd abc") == ["a", "bc", "d", "Ġ", "a", "bc"])
    small.preTokenizer = SmallTokenizer.splitting(" ")
    #expect(try small.tokens("abcd abc") == ["a", "bc", "d", "Ġ", "abc"])
  }

  @Test func `a space is put before a piece that has none`() throws {
    var small = SmallTokenizer(merges: [("Ġ", "a")])
    small.preTokenizer = #"{"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}"#
    small.added = [#"{"id": 257, "content": "<x>", "special": true}"#]
    #expect(try small.tokens("a") == ["Ġa"])
    #expect(try small.tokens(" a") == ["Ġa"])
    #expect(try small.tokens("\ta") == ["Ġ", "ĉ", "a"])
    #expect(try small.tokens("a<x>ab<x>") == ["Ġa", "<x>", "Ġa", "b", "<x>"])
  }

  @Test func `a byte without a token is left out`() throws {
    let small = SmallTokenizer(merges: [("a", "c")], missing: [UInt8(ascii: "b")])
    #expect(try small.tokens("abc bb a") == ["ac", "Ġ", "Ġ", "a"])
  }

  @Test func `bytes that are no UTF-8 count as the replacement character`() throws {
    let encoder = TokenEncoder(try SmallTokenizer().tokenizer())
    var ids: [Int32] = []
    let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0xE2, 0x82]
    encoder.encode(bytes.span, into: &ids)
    #expect(ids == encoder.ids("a\u{FFFD}b\u{FFFD}"))
    #expect(encoder.count(bytes.span) == 8)
  }

  @Test func `Digits cuts digits from the rest, one by one or together`() throws {
    func tokens(_ isSingle: Bool, _ text: String) throws -> [String] {
      var small = SmallTokenizer(merges: [("1", "2"), ("a", "1"), ("2", "b"), ("½", "½")])
      small.preTokenizer = """
        {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": \(isSingle)},
         {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}
        """
      return try small.tokens(text)
    }
    #expect(try tokens(false, "a12b") == ["a", "12", "b"])
    #expect(try tokens(true, "a12b") == ["a", "1", "2", "b"])
  }

  @Test func `the next split cuts what the one before leaves`() throws {
    var small = SmallTokenizer(merges: [("a", "b"), ("1", "a"), ("Ġ", "Ġ")])
    small.preTokenizer = SmallTokenizer.splitting(#"\d"#, #"(?<=a)b"#)
    #expect(try small.tokens("1ab  ") == ["1", "a", "b", "ĠĠ"])
    small.preTokenizer = SmallTokenizer.splitting(" ", behaviour: "Removed")
    #expect(try small.tokens("ab  1a ") == ["ab", "1a"])
  }

  @Test func `ids and texts of tokens are those of the file`() throws {
    var small = SmallTokenizer(merges: [("Ġ", "a")])
    small.added = [#"{"id": 257, "content": "<x>"}"#, #"{"id": 97, "content": "a"}"#]
    let tokenizer = try small.tokenizer()
    #expect(tokenizer.vocabularySize == 258)
    #expect(tokenizer.id(of: "Ġa") == 256)
    #expect(tokenizer.id(of: "<x>") == 257)
    #expect(tokenizer.id(of: " a") == nil)
    #expect(tokenizer.text(of: 256) == "Ġa")
    #expect(tokenizer.text(of: 257) == "<x>")
    #expect(tokenizer.text(of: 258) == nil)
    #expect(tokenizer.text(of: -1) == nil)
  }
}

/// What must hold for whatever text, with whatever merges.
struct EncodingPropertyTests {
  /// Merges over three letters, each of two tokens that are there already.
  private func randomMerges(_ count: Int, _ numbers: inout SeededNumbers) -> [(String, String)] {
    var tokens = ["a", "b", "c"]
    var merges: [(String, String)] = []
    while merges.count < count {
      let pair = (tokens.randomElement(using: &numbers)!, tokens.randomElement(using: &numbers)!)
      guard !tokens.contains(pair.0 + pair.1), pair.0.count + pair.1.count < 9 else { continue }
      tokens.append(pair.0 + pair.1)
      merges.append(pair)
    }
    return merges.shuffled(using: &numbers)
  }

  /// The definition: as long as there is one, the merge of the lowest rank, leftmost.
  private func merged(_ word: String, _ merges: [(String, String)]) -> [String] {
    var parts = word.map { String($0) }
    while true {
      let best = (0..<max(0, parts.count - 1)).compactMap { place in
        merges.firstIndex { $0 == (parts[place], parts[place + 1]) }.map { ($0, place) }
      }.min { $0 < $1 }
      guard let (_, place) = best else { return parts }
      parts[place] += parts.remove(at: place + 1)
    }
  }

  @Test(arguments: 0..<12)
  func `short and long words are merged by the definition`(seed: UInt64) throws {
    var numbers = SeededNumbers(state: seed)
    let merges = randomMerges(25, &numbers)
    var small = SmallTokenizer(merges: merges)
    small.preTokenizer = SmallTokenizer.splitting(" ")
    let tokenizer = try small.tokenizer()
    let encoder = TokenEncoder(tokenizer)
    for length in [1, 2, 3, 5, 8, 15, 16, 40, 95, 96, 97, 130] {
      let word = String((0..<length).map { _ in "abc".randomElement(using: &numbers)! })
      let found = encoder.ids(word).map { tokenizer.text(of: $0) ?? "?" }
      #expect(found == merged(word, merges), "\(word)")
      #expect(encoder.ids(word) == encoder.ids(word))
      #expect(encoder.count(Array(word.utf8).span) == found.count)
    }
  }

  @Test func `the tokens' bytes are those of the text`() throws {
    var numbers = SeededNumbers(state: 5)
    let tokenizer = try SmallTokenizer(merges: randomMerges(30, &numbers)).tokenizer()
    let encoder = TokenEncoder(tokenizer)
    for _ in 0..<200 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...60, using: &numbers) {
        let limit: UInt32 = [0x80, 0x80, 0x300, 0x3000, 0x110000].randomElement(using: &numbers)!
        let value = UInt32.random(in: 0..<limit, using: &numbers)
        text.append(Unicode.Scalar(value) ?? "a")
      }
      var bytes: [UInt8] = []
      for id in encoder.ids(String(text)) { bytes += tokenizer.vocabulary.bytes(of: id) }
      #expect(bytes == Array(String(text).utf8))
    }
  }

  @Test func `more words than the cache holds have the tokens that they always have`() throws {
    var numbers = SeededNumbers(state: 9)
    let tokenizer = try SmallTokenizer(merges: [("a", "b"), ("c", "d")]).tokenizer()
    let encoder = TokenEncoder(tokenizer)
    // Twelve letters each: first the words' places are all taken, then the list of tokens is full.
    let words = (0..<90_000).map { _ in
      String((0..<12).map { _ in "abcdefgh".randomElement(using: &numbers)! })
    }
    for word in words { _ = encoder.count(Array(word.utf8).span) }
    let fresh = TokenEncoder(tokenizer)
    for word in words.suffix(300) + words.prefix(300) {
      #expect(encoder.ids(word) == fresh.ids(word))
    }
  }
}
