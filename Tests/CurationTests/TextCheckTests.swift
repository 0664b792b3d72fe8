import Files
import Samples
import Testing

@testable import Curation
@testable import Notation

struct TextCheckTests {
  /// A check, a value, and the figures that the ledger gets.
  static let figures: [(check: String, value: String, measured: String)] = [
    (
      "says: {phrases: [I'm sorry]}", #""Well, I’m\nSorry.""#,
      #"{"says": "I'm sorry", "at": 6}"#
    ),
    ("says: {phrases: [no]}", #""yes""#, #"{"says": null}"#),
    (
      "reasoning_form: [<t>, </t>]", #""<t>a</t>b</t>""#,
      #"{"reasoning_form": "the second mark stands there again"}"#
    ),
    ("reasoning_form: [<t>, </t>]", #""<t>a</t>b""#, #"{"reasoning_form": true}"#),
    (
      "repetition: {lines: 0.1, top_1: 0.9, repeated_1: 0.2}", #""a\na\nb""#,
      #"{"repetition": {"lines": 0.333}}"#
    ),
    (
      "repetition: {lines: 0.5, top_1: 0.9}", #""a\na\nb""#,
      #"{"repetition": {"lines": 0.333, "top_1": 0.4}}"#
    ),
    (
      "loop: {at_most: 24}", "\"So: " + String(repeating: "a b c ", count: 9) + "d\"",
      #"{"loop": 27, "round": 3, "rounds": 9, "at": 4, "#
        + #""text": "a b c a b c a b c a b c a b c a b c a b c a b c a b c d…"}"#
    ),
    ("loop: {at_most: 24}", #""a""#, #"{"loop": 0}"#),
    (
      "language: {in: [en]}", #""The sum 求 of it""#,
      #"{"language": "mixed", "stop_words": 0.75, "mixing": 0.333}"#
    ),
    ("has_image: false", #""é [asy]""#, #"{"has_image": "[asy]", "at": 3}"#),
    ("has_link: true", #""none""#, #"{"has_link": false}"#),
    ("is_multipart: false", #""(a) Find x. (b) Find y.""#, #"{"is_multipart": "(a) (b)"}"#),
    ("length_ratio: {to: y, at_least: 2}", #""äb""#, #"{"length_ratio": 0.667}"#),
    (
      "code_block: [sound]", #""~~~py\n(\n~~~""#,
      #"{"code_block": "broken", "because": "a bracket without its counterpart", "language": "py"}"#
    ),
    ("code_block: [sound]", #""```\nx\n```""#, #"{"code_block": "unknown"}"#),
    ("code_block: [none]", #""<think>```c\n;\n```""#, #"{"code_block": "none"}"#),
    (
      "math_answer: {is: [equal], to: y}", #""So \\boxed{abd}""#,
      #"{"math_answer": "different", "found": "abd", "expected": "abc"}"#
    ),
    (
      "math_answer: {is: [equal], to: z}", #""So \\boxed{2}""#,
      #"{"math_answer": "unknown", "because": "no reference", "found": null, "expected": null}"#
    ),
  ]

  @Test(arguments: figures)
  func `what was measured is evidence`(check: String, value: String, measured: String) throws {
    let rule = try RuleInHand("x: {\(check)}", ["x": .text, "y": .text, "z": .number])
    let found = try withSample("{\"x\": \(value), \"y\": \"abc\"}", rule.projection) { sample in
      let leaf = rule.rule.leaves[0]
      return leaf.check.measured(sample[leaf.slot], in: sample)
    }
    #expect(found == measured)
    #expect(throws: Never.self) { try YAML(parsing: measured, file: "JSON") }
  }

  @Test func `of a list each element has the figure of the check that it fails`() throws {
    let rule = try RuleInHand(
      "some: {x: {length: {at_least: 2}, has_link: false}}", ["x": .texts])
    let evidence = try withSample(
      #"{"x": ["a", null, "www.a", "ab"]}"#, rule.projection
    ) { Sifter.evidence(of: rule.rule.leaves, $0) }
    #expect(
      evidence == #"{"x": [{"length": 1}, null, {"has_link": "www.", "at": 0}, true]}"#)
  }

  static let ratios: [(row: String, holds: Bool)] = [
    (#"{"x": "ab", "y": "abcd"}"#, true), (#"{"x": "abcd", "y": "ab"}"#, true),
    (#"{"x": "a", "y": "abc"}"#, false), (#"{"x": "abcde", "y": "ab"}"#, false),
    (#"{"x": "a", "y": ""}"#, false), (#"{"x": "a", "y": null}"#, false), (#"{"x": "a"}"#, false),
    (#"{"x": "äö", "y": "\u00e4\n"}"#, true),
  ]

  @Test(arguments: ratios)
  func `a length is compared with that of another field`(row: String, holds: Bool) throws {
    let rule = try RuleInHand(
      "x: {length_ratio: {to: y, at_least: 0.5, at_most: 2}}", ["x": .text, "y": .text])
    #expect(try rule.holds(row) == holds)
    #expect(rule.rule.inputs.map(\.field.name) == ["x", "y"])
  }

  @Test func `a length is compared with a text alone`() {
    #expect(
      message {
        _ = try RuleInHand(
          "x: {length_ratio: {to: y, at_least: 1}}", ["x": .text, "y": .texts])
      } == "f.yaml:1:24: 'y' is a list of texts; a length is compared with a text's")
  }

  /// A sentence in each language that is told apart.
  static let sentences: [(Tongue, String)] = [
    (.en, "Find the number of primes that are less than 100."),
    (.de, "Bestimmen Sie die Anzahl der Primzahlen, die kleiner sind als 100, und ihre Summe."),
    (
      .fr,
      "Déterminer le nombre de nombres premiers qui sont inférieurs à 100 et la somme des trois."
    ),
    (.es, "Encuentra el número de primos que son menores que 100 y la suma de los tres."),
    (.it, "Trova il numero di primi che sono minori di 100 e la somma dei tre."),
    (.pt, "Encontre o número de primos que são menores do que 100 e a soma dos três em base dez."),
    (.nl, "Bepaal het aantal priemgetallen die kleiner zijn dan 100 en de som van de drie."),
    (.pl, "Znajdź liczbę liczb pierwszych, które są mniejsze od 100, oraz ile jest to razem."),
    (.tr, "Bir sayının kaç tane asal böleni olduğu ve bu sayı için toplam kaç olur?"),
    (.id, "Tentukan banyak bilangan prima yang kurang dari 100 dan jumlah dari tiga bilangan itu."),
    (.vi, "Tìm số các số nguyên tố nhỏ hơn 100 và tổng của các số này trong một tập."),
    (.zh, "求小于一百的素数的个数。"), (.ja, "百より小さい素数の個数を求めよ。"), (.ko, "백보다 작은 소수의 개수를 구하시오."),
    (.thai, "จงหาจำนวนเฉพาะที่น้อยกว่าหนึ่งร้อย"), (.cyrillic, "Найдите число простых чисел меньше ста."),
    (.greek, "Βρείτε το πλήθος των πρώτων αριθμών."),
    (.arabic, "أوجد عدد الأعداد الأولية الأصغر من مئة."),
    (.hebrew, "מצאו את מספר הראשוניים הקטנים ממאה."), (.devanagari, "सौ से छोटी अभाज्य संख्याओं की संख्या ज्ञात कीजिए।"),
    (.mixed, "Find the 最小值 of this 函数."), (.unknown, "Solve: $x^2 = 4$"), (.none, "$1 + 1 = ?$"),
  ]

  @Test(arguments: sentences)
  func `each language is told by script and stop words`(tongue: Tongue, sentence: String) {
    #expect(LanguageSurvey(Array(sentence.utf8).span).tongue(mixing: 0.1) == tongue)
  }

  @Test func `there is a sentence for every language`() {
    #expect(Self.sentences.map { $0.0 } == Tongue.allCases)
  }

  @Test func `a text that is cut anywhere is measured without a fault`() throws {
    let text = "<think>Wait…</think> (a) Find 求 ![é](x) 😀 ```\u{2028}https://a\u{A0}I’m p1. Part (b"
    let bytes = Array(text.utf8)
    for start in bytes.indices {
      for end in start...bytes.count {
        let part = bytes.span.extracting(start..<end)
        _ = LanguageSurvey(part).tongue(mixing: 0.1)
        _ = Parts.labels(in: part)
        _ = plainTrimmed(part)
        let words = Words(part)
        #expect(words.lengths.reduce(0, +) <= part.count)
      }
    }
  }
}
