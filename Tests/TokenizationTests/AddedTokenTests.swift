import Testing

@testable import Tokenization

struct AddedTokenTests {
  private func finder(_ tokens: AddedToken...) -> AddedTokenFinder {
    AddedTokenFinder(tokens.map { ($0.text, $0) })
  }

  /// A text with its tokens in brackets.
  private func marked(_ text: String, _ finder: AddedTokenFinder) -> String {
    let bytes = Array(text.utf8)
    return finder.parts(of: bytes.span).map { part in
      let text = String(decoding: bytes[part.range], as: UTF8.self)
      return part.id == nil ? text : "[\(text)]"
    }.joined(separator: "|")
  }

  @Test func `of tokens that begin at one place the longest is taken`() {
    let finder = finder(
      AddedToken(id: 1, text: "<m"), AddedToken(id: 2, text: "<mask>"),
      AddedToken(id: 3, text: "<mas"), AddedToken(id: 4, text: "é"))
    #expect(marked("<mask><mask<m<é", finder) == "[<mask>]|[<mas]|k|[<m]|<|[é]")
    #expect(marked("", finder) == "")
    #expect(marked("a", finder) == "a")
  }

  @Test func `a token takes the white space beside it`() {
    let finder = finder(
      AddedToken(id: 1, text: "<l>", stripsLeft: true),
      AddedToken(id: 2, text: "<r>", stripsRight: true), AddedToken(id: 3, text: "  "))
    #expect(marked("a \t\u{3000}<l> b<r>\n\nc", finder) == "a|[ \t\u{3000}<l>]| b|[<r>\n\n]|c")
    #expect(marked(" <l>", finder) == "[ <l>]")
    // Said twice, as by the library: the spaces are the first token's, and tokens themselves.
    #expect(marked("<r>    z", finder) == "[<r>    ]|[  ]|[  ]|z")
    #expect(marked("<r> <l>", finder) == "[<r> ]|[<l>]")
  }

  @Test func `a single word is none beside a letter, digit, mark or underscore`() {
    let finder = finder(AddedToken(id: 1, text: "one", isSingleWord: true))
    #expect(
      marked("one bone one1 one_ -one- ones éone one\u{301}", finder)
        == "[one]| bone one1 one_ -|[one]|- ones éone one\u{301}")
  }

  @Test func `tokens are found before the text is composed, or after it`() throws {
    var small = SmallTokenizer()
    small.normalizer = #"{"type": "NFC"}"#
    small.added = [
      #"{"id": 256, "content": "e\u0301!", "normalized": false}"#,
      #"{"id": 257, "content": "e\u0301?", "normalized": true}"#,
    ]
    #expect(try small.tokens("e\u{301}!") == ["e\u{301}!"])
    #expect(try small.tokens("é!") == ["Ã", "©", "!"])
    #expect(try small.tokens("e\u{301}?") == ["e\u{301}?"])
    #expect(try small.tokens("é?") == ["e\u{301}?"])
  }

  @Test func `ids are counted on from the vocabulary, whatever the file says`() throws {
    var small = SmallTokenizer()
    small.added = [
      #"{"id": 900, "content": "<x>"}"#, #"{"id": 901, "content": "a"}"#,
      #"{"id": 902, "content": ""}"#, #"{"id": 5, "content": "<y>"}"#,
      #"{"id": 900, "content": "<x>"}"#,
    ]
    #expect(TokenEncoder(try small.tokenizer()).ids("<x>a<y>") == [256, 97, 257])
  }
}
