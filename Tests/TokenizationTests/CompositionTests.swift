import Testing

@testable import Tokenization

struct CompositionTests {
  @Test(
    arguments: [
      ("abc é ≤ 中文", "abc é ≤ 中文"),
      ("e\u{301}", "é"),
      ("q\u{301}\u{323}", "q\u{323}\u{301}"),
      ("\u{212B}\u{2126}", "ÅΩ"),
      // Marks in one are taken apart before all are put in order.
      ("a\u{323}\u{344}", "ạ\u{308}\u{301}"), ("\u{65C}\u{F75}", "\u{F71}\u{F74}\u{65C}"),
      // Hangul, also from a syllable of two.
      ("\u{1100}\u{1161}\u{11A8}", "각"), ("가\u{11A8}", "각"), ("가\u{11A7}", "가\u{11A7}"),
      ("\u{1113}\u{1161}", "\u{1113}\u{1161}"),
      ("\u{1100}\u{1176}", "\u{1100}\u{1176}"), ("가\u{11C3}", "가\u{11C3}"),
      // Younger than Unicode 9: neither put in order nor composed.
      ("a\u{1DF6}\u{323}", "a\u{1DF6}\u{323}"),
      ("\u{11935}\u{11930}", "\u{11935}\u{11930}"),
    ])
  func `a text is composed as the library composes it`(text: String, expected: String) {
    let composed = Composition.composed(text)
    #expect(Array(composed.unicodeScalars) == Array(expected.unicodeScalars))
    let isSame = Array(text.utf8) == Array(expected.utf8)
    #expect(isSame || !Composition.isComposed(Array(text.utf8).span))
  }
}
