import Notation
import Testing

@testable import Fusion

struct TokenizerMergeTests {
  typealias Source = RowMap.Source

  /// Base, and three others whose added tokens overlap: the layout that mergekit 0.1.5 was observed
  /// on, with the rows that it gave.
  static let base = SmallTokenizer(added: ["<s>", "</s>", "<p>"])
  static let models = [
    base.files("base"),
    SmallTokenizer(added: ["<s>", "</s>", "<y>", "<q>"]).files("one"),
    SmallTokenizer(added: ["<s>", "</s>", "<r>", "<y>"]).files("two"),
    SmallTokenizer().files("padded"),
  ]
  static let rows = [18, 19, 19, 32]

  func merge(
    _ choice: TokenizerMerge.Choice, _ overrides: [TokenizerMerge.Override] = [],
    base: Int? = 0, multiple: Int? = nil
  ) throws -> TokenizerMerge {
    try TokenizerMerge(
      models: Self.models, rowCounts: Self.rows, base: base, choice: choice, overrides: overrides,
      padToMultipleOf: multiple)
  }

  /// The rows from 15 on: what stands before is the same in all.
  func tails(_ merge: TokenizerMerge) -> [[Source]] {
    let map = merge.rowMap(rowCounts: Self.rows)
    for sources in map.sources { #expect(sources[..<15] == (0..<15).map { .row($0) }[...]) }
    return map.sources.map { Array($0[15...]) }
  }

  func place(_ model: Int, _ row: Int) -> RowMap.Place { RowMap.Place(model: model, row: row) }

  @Test func `a union gives each model its own rows, then the base's, the owner's, the mean`()
    throws
  {
    let merge = try merge(.union)
    let mean = Source.mean([place(1, 17), place(2, 18)])
    // Ids: 17 <p>, 18 <y>, 19 <q>, 20 <r>.
    #expect(
      tails(merge) == [
        [.row(15), .row(16), .row(17), mean, .rowOf(model: 1, row: 18), .rowOf(model: 2, row: 17)],
        [
          .row(15), .row(16), .rowOf(model: 0, row: 17), .row(17), .row(18),
          .rowOf(model: 2, row: 17),
        ],
        [
          .row(15), .row(16), .rowOf(model: 0, row: 17), .row(18), .rowOf(model: 1, row: 18),
          .row(17),
        ],
        [
          .row(15), .row(16), .rowOf(model: 0, row: 17), mean, .rowOf(model: 1, row: 18),
          .rowOf(model: 2, row: 17),
        ],
      ])
    #expect(!merge.rowMap(rowCounts: Self.rows).isIdentity(of: 0))
    #expect(merge.newID(of: 17, in: 1) == 18)
    #expect(merge.newID(of: 17, in: 3) == 17)
    #expect(
      merge.notes == [
        "tokenizer: 2 of one's tokens are new and go behind the others: '<y>', '<q>'",
        "tokenizer: 1 of two's tokens are new and go behind the others: '<r>'",
      ])
  }

  @Test func `without a base model nobody's rows come first`() throws {
    #expect(tails(try merge(.union, base: nil))[3][2] == .rowOf(model: 0, row: 17))
    let models = [SmallTokenizer(), Self.base, Self.base].map { $0.files("m") }
    let merge = try TokenizerMerge(models: models, rowCounts: [17, 18, 18], choice: .union)
    let map = merge.rowMap(rowCounts: [17, 18, 18])
    #expect(map.sources[0][17] == .mean([place(1, 17), place(2, 17)]))
    #expect(map.isIdentity(of: 1) && !map.isIdentity)
  }

  @Test func `the base's tokenizer keeps the base's rows`() throws {
    let merge = try merge(.base)
    #expect(merge.files.isEmpty && merge.notes.isEmpty)
    #expect(
      tails(merge) == [
        [.row(15), .row(16), .row(17)],
        [.row(15), .row(16), .rowOf(model: 0, row: 17)],
        [.row(15), .row(16), .rowOf(model: 0, row: 17)],
        [.row(15), .row(16), .rowOf(model: 0, row: 17)],
      ])
    #expect(merge.newID(of: 17, in: 1) == nil)
  }

  @Test func `padding rows stay, each model's own where it has no token there`() throws {
    let merge = try merge(.model(3))
    #expect(merge.source == 3)
    let tails = tails(merge)
    #expect(tails.map(\.count) == [17, 17, 17, 17])
    #expect(tails[3] == (15..<32).map { .row($0) })
    // Row 17 of base is <p>, which the result has not: the padded model's row stands in.
    #expect(tails[0].prefix(3) == [.row(15), .row(16), .rowOf(model: 3, row: 17)])
  }

  @Test func `identical tokenizers are left alone`() throws {
    let files = Self.base.files("a")
    let same = try TokenizerMerge(models: [files, files], rowCounts: [18, 18], choice: .union)
    #expect(same.files.isEmpty && same.leftOut.isEmpty && same.notes.isEmpty)
    #expect(same.rowMap(rowCounts: [18, 18]).isIdentity)
    #expect(same.newID(of: 99, in: 1) == 99)
    let padded = try TokenizerMerge(models: [files, files], rowCounts: [24, 18], choice: .union)
    let map = padded.rowMap(rowCounts: [24, 18])
    #expect(map.rowCount == 24 && map.isIdentity(of: 0))
    #expect(
      map.sources[1] == (0..<18).map { .row($0) } + (18..<24).map { .rowOf(model: 0, row: $0) })
    let cut = try TokenizerMerge(models: [files, files], rowCounts: [18, 24], choice: .union)
    #expect(cut.rowMap(rowCounts: [18, 24]).rowCount == 18)
  }

  @Test func `a token without a row in any model gets none, or zeros among others`() throws {
    let files = Self.base.files("a")
    let short = try TokenizerMerge(models: [files, files], rowCounts: [17, 17], choice: .base)
    #expect(short.rowMap(rowCounts: [17, 17]).rowCount == 17)
    let longer = SmallTokenizer(added: ["<s>", "</s>", "<p>", "<z>"]).files("b")
    let merge = try TokenizerMerge(models: [files, longer], rowCounts: [17, 19], choice: .union)
    let map = merge.rowMap(rowCounts: [17, 19])
    #expect(map.sources[0][17...] == [.rowOf(model: 1, row: 17), .rowOf(model: 1, row: 18)])
    let zeros = try TokenizerMerge(
      models: [files, files], rowCounts: [17, 17], choice: .base,
      overrides: [.init(token: "<new>", source: .tokenID(3, model: 1))])
    let rows = zeros.rowMap(rowCounts: [17, 17]).sources
    #expect(rows[0][17...] == [.zero, .rowOf(model: 1, row: 3)])
    #expect(rows[1][17...] == [.zero, .row(3)])
  }

  @Test(arguments: [
    (TokenizerMerge.Override.Source.zero, false, [Source.zero, .row(17), .row(18), .zero]),
    (.zero, true, [.zero, .zero, .zero, .zero]),
    (
      .model(2), false,
      [.rowOf(model: 2, row: 18), .row(17), .row(18), .rowOf(model: 2, row: 18)]
    ),
    (
      .model(2), true,
      [.rowOf(model: 2, row: 18), .rowOf(model: 2, row: 18), .row(18), .rowOf(model: 2, row: 18)]
    ),
    (
      .token("<r>", model: 2), true,
      [.rowOf(model: 2, row: 17), .rowOf(model: 2, row: 17), .row(17), .rowOf(model: 2, row: 17)]
    ),
    (
      .tokenID(3, model: 2), false,
      [.rowOf(model: 2, row: 3), .row(17), .row(18), .rowOf(model: 2, row: 3)]
    ),
  ])
  func `an override speaks for models without the token, by force for all`(
    source: TokenizerMerge.Override.Source, isForced: Bool, expected: [Source]
  ) throws {
    let merge = try merge(.union, [.init(token: "<y>", source: source, isForced: isForced)])
    #expect(tails(merge).map { $0[3] } == expected)
  }

  @Test func `an override of what is not there is an error that says where to look`() {
    #expect(
      throws: MergeError([
        "tokens: '<y>' is to get the row of '<y>' in padded, which has no such token; did you"
          + " mean '<s>'?",
        "tokens: 'a' is to get the row of '</t>' in one, which has no such token; did you mean"
          + " '</s>'?",
        "tokens: 'b' is to get the row of id 99 in two, whose embedding has 19 rows",
      ])
    ) {
      try merge(
        .union,
        [
          .init(token: "<y>", source: .model(3)),
          .init(token: "a", source: .token("</t>", model: 1)),
          .init(token: "b", source: .tokenID(99, model: 2)),
        ])
    }
  }

  @Test func `a multiple counts from the tokens, and fills with their mean`() throws {
    let map = try merge(.base, multiple: 16).rowMap(rowCounts: Self.rows)
    #expect(map.rowCount == 32 && map.tokenCount == 18)
    for sources in map.sources {
      #expect(sources[18...] == Array(repeating: .meanOfTokens, count: 14)[...])
    }
    #expect(try merge(.union, multiple: 7).rowMap(rowCounts: Self.rows).rowCount == 21)
    for multiple in [0, -1, Int.max] {
      #expect(throws: MergeError.self) { try merge(.base, multiple: multiple) }
    }
  }

  @Test func `new added tokens are appended and all else of tokenizer json stays`() throws {
    var tokenizer = Self.base
    tokenizer.more = [
      "tokenizer_config.json": """
      {
        "added_tokens_decoder": {
          "15": {
            "content": "<s>"
          }
        },
        "model_max_length": 1e3
      }
      """,
      "added_tokens.json": #"{"<p>": 17}"#, "vocab.json": "{}", "merges.txt": "",
      "special_tokens_map.json": "{}",
    ]
    let other = SmallTokenizer(added: ["<s>", "<n>"]).files("other")
    let merge = try TokenizerMerge(
      models: [tokenizer.files("base"), other], rowCounts: [18, 17], base: 0, choice: .union)
    let files = TokenizerFiles(label: "", files: merge.files)
    var expected = try JSON(parsing: Array(tokenizer.json.utf8))
    let entry = #"""
      {"id":18,"content":"<n>","single_word":false,"lstrip":false,"rstrip":false,\#
      "normalized":false,"special":true}
      """#
    expected["added_tokens"] = .array(
      expected["added_tokens"]!.items! + [try JSON(parsing: Array(entry.utf8))])
    #expect(files.text("tokenizer.json") == expected.formatted())
    #expect(
      files.text("tokenizer_config.json") == """
        {
          "added_tokens_decoder": {
            "15": {
              "content": "<s>"
            },
            "18": {
              "content": "<n>",
              "lstrip": false,
              "normalized": false,
              "rstrip": false,
              "single_word": false,
              "special": true
            }
          },
          "model_max_length": 1e3
        }
        """)
    #expect(files.text("added_tokens.json") == "{\n  \"<p>\": 17,\n  \"<n>\": 18\n}\n")
    #expect(files.files.count == 3)
    #expect(merge.leftOut == [])
  }

  @Test(arguments: [true, false])
  func `pieces of words come with their merges behind the first ones`(isPaired: Bool) throws {
    let merges = [["a", "b"], ["g", "h"], ["ab", "e"], ["c", "d"]]
    let other = SmallTokenizer(merges: merges, added: ["<s>", "<n>"])
    var first = Self.base.files("base")
    if !isPaired {
      let text = Self.base.merges.reduce(Self.base.json) { text, pair in
        text.replacing(
          "[\"\(pair[0])\", \"\(pair[1])\"]", with: "\"\(pair[0]) \(pair[1])\"")
      }
      first.files["tokenizer.json"] = Array(text.utf8)
    }
    first.files["vocab.json"] = []
    first.files["q.tiktoken"] = []
    let merge = try TokenizerMerge(
      models: [first, other.files("other")], rowCounts: [18, 17], base: 0, choice: .union)
    let json = try JSON(parsing: try #require(merge.files["tokenizer.json"]))
    let vocabulary = try #require(json["model"]?["vocab"]?.members)
    #expect(vocabulary.prefix(15).map(\.key) == Self.base.vocabulary)
    #expect(
      vocabulary.dropFirst(15).map { "\($0.key) \($0.value.int ?? -1)" }
        == ["<s> 15", "</s> 16", "<p> 17", "gh 18", "abe 19", "<n> 20"])
    let all = Self.base.merges + [["g", "h"], ["ab", "e"]]
    #expect(
      json["model"]?["merges"]
        == .array(
          isPaired
            ? all.map { .array($0.map { .string($0) }) }
            : all.map { .string($0.joined(separator: " ")) }))
    #expect(merge.leftOut == ["q.tiktoken", "vocab.json"])
    #expect(
      merge.notes == [
        "tokenizer: 3 of other's tokens are new and go behind the others: 'gh', 'abe', '<n>'",
        "tokenizer: 2 of them are pieces of words; text that only base knew how to cut is now cut"
          + " differently too, into tokens that it was not trained on",
        "tokenizer: 'q.tiktoken' and 'vocab.json' of base would lack tokens; not copied, since"
          + " tokenizer.json has them all",
      ])
    let map = merge.rowMap(rowCounts: [18, 17])
    #expect(
      map.sources[0][15...].map { $0 == .row(15) } == [true, false, false, false, false, false])
    #expect(
      map.sources[1][11...] == [
        .row(11), .row(14), .rowOf(model: 0, row: 13), .rowOf(model: 0, row: 14), .row(15),
        .rowOf(model: 0, row: 16), .rowOf(model: 0, row: 17), .row(12), .row(13), .row(16),
      ])
  }

  @Test func `letters composed and decomposed are two tokens`() throws {
    var composed = SmallTokenizer()
    composed.letters = ["\u{E9}", "a"]
    composed.merges = []
    var both = composed
    both.letters.append("e\u{301}")
    let models = [composed.files("a"), both.files("b")]
    let merge = try TokenizerMerge(models: models, rowCounts: [4, 5], base: 0, choice: .union)
    #expect(merge.rowMap(rowCounts: [4, 5]).rowCount == 5)
  }

  @Test func `what cannot be brought together is refused with advice`() {
    let sentencePiece = TokenizerFiles(label: "llama", files: ["tokenizer.model": [1, 2, 3]])
    #expect(
      throws: MergeError(
        "llama: has no tokenizer.json, without which its tokens are not known here; load it with"
          + " transformers' AutoTokenizer and save it again, which writes one")
    ) {
      try TokenizerMerge(
        models: [Self.models[0], sentencePiece], rowCounts: [18, 18], choice: .union)
    }
    // Identical files need no reading.
    #expect(throws: Never.self) {
      try TokenizerMerge(
        models: [sentencePiece, sentencePiece], rowCounts: [18, 18], choice: .union)
    }
    let other = SmallTokenizer(letters: ["a", "x"], merges: [], kind: "Unigram").files("other")
    #expect(
      throws: MergeError(
        "tokenizer: 'x' of other is not in base's vocabulary; a union is made of byte-pair encodings"
          + " (base cuts by BPE, other by Unigram); say 'tokenizer_source: base' or name a model")
    ) { try TokenizerMerge(models: [Self.models[0], other], rowCounts: [18, 4], choice: .union) }
  }

  @Test(arguments: [
    (#"{}"#, "m: tokenizer.json: has no vocabulary under 'model' and 'vocab'"),
    (
      #"{"model": {"vocab": {"a": -1}}}"#,
      "m: tokenizer.json: the token 'a' has no id from 0 to 16777216"
    ),
    (
      #"{"model": {"vocab": {"a": 99999999999}}}"#,
      "m: tokenizer.json: the token 'a' has no id from 0 to 16777216"
    ),
    (
      #"{"model": {"vocab": {"a": 1}}, "added_tokens": [{"content": "a", "id": 2}]}"#,
      "m: tokenizer.json: the token 'a' has two ids, 1 and 2"
    ),
    (
      #"{"model": {"vocab": [["a", 0.5], 3]}}"#,
      "m: tokenizer.json: entry 1 of 'vocab' is no pair of a text and a number"
    ),
    ("[", "m: tokenizer.json: line 1, column 2: expected a value, and the text ends"),
  ])
  func `a tokenizer json that cannot be is an error`(text: String, message: String) {
    let files = TokenizerFiles(label: "m", files: ["tokenizer.json": Array(text.utf8)])
    #expect(throws: MergeError(message)) {
      try TokenizerMerge(models: [files, Self.models[0]], rowCounts: [18, 18], choice: .base)
    }
  }

  @Test func `no truncation of a tokenizer json makes it trap`() {
    let bytes = Array(Self.base.json.utf8)
    for count in bytes.indices {
      let cut = TokenizerFiles(label: "cut", files: ["tokenizer.json": Array(bytes[..<count])])
      #expect(throws: MergeError.self) {
        try TokenizerMerge(models: [Self.models[0], cut], rowCounts: [18, 18], choice: .union)
      }
    }
  }

  @Test func `ids with a gap are named, so that loaders do not count them anew`() throws {
    // 'z' has the id 40 in the vocabulary: a loader would number the next added token 16.
    let text = Self.base.json.replacing("\"ef\": 14", with: "\"ef\": 14, \"z\": 40")
    let first = TokenizerFiles(label: "base", files: ["tokenizer.json": Array(text.utf8)])
    let merge = try TokenizerMerge(
      models: [first, Self.models[1]], rowCounts: [41, 19], base: 0, choice: .union)
    let json = try JSON(parsing: try #require(merge.files["tokenizer.json"]))
    let vocabulary = try #require(json["model"]?["vocab"]?.members)
    #expect(
      vocabulary.suffix(6).map { "\($0.key) \($0.value.int ?? -1)" }
        == ["z 40", "<s> 15", "</s> 16", "<p> 17", "<y> 41", "<q> 42"])
    #expect(merge.rowMap(rowCounts: [41, 19]).sources[1][18] == .rowOf(model: 0, row: 18))
  }
}
