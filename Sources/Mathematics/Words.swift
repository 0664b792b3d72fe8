/// Answers in words.
enum Words {
  /// Words in lower case, one space between them.
  static func agree(_ a: [UInt8], _ b: [UInt8]) throws(Unknown) -> Bool {
    let (x, y) = (split(a), split(b))
    if x == y { return true }
    // "The larger one" may be "the larger", and a sentence may say anything.
    if x.count > 3 || y.count > 3 { throw .words }
    if x.contains(where: { y.contains($0) }) || isNumeral(x) || isNumeral(y) { throw .words }
    if Set([x, y]).isSubset(of: affirmations) || Set([x, y]).isSubset(of: denials) {
      throw .words
    }
    // Two words, of which the one starts the other: even, evenly.
    for (p, q) in zip(x, y) where p.starts(with: q) || q.starts(with: p) { throw .words }
    return false
  }

  /// Words against anything else.
  static func agree(_ words: [UInt8], with value: Expression) throws(Unknown) -> Bool {
    let words = split(words)
    // "None" may be the empty set, "ab" the product of a and b.
    if words.count > 2 || isNumeral(words) || value.isNameLike || value.isEmptySet { throw .words }
    if words.contains(where: absences.contains), value.elements != nil { throw .words }
    return false
  }

  private static func split(_ words: [UInt8]) -> [[UInt8]] {
    words.split(separator: 32).map(Array.init).filter { !articles.contains($0) }
  }

  private static func isNumeral(_ words: [[UInt8]]) -> Bool {
    words.contains { numerals.contains($0) }
  }

  private static func set(_ words: String) -> Set<[UInt8]> {
    Set(words.split(separator: " ").map { Array($0.utf8) })
  }

  private static let articles = set("the a an is")
  private static let absences = set("none impossible undefined")
  private static let affirmations = Set(set("yes true correct").map { [$0] })
  private static let denials = Set(set("no false incorrect none").map { [$0] })
  private static let numerals = set(
    """
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty \
    hundred thousand million billion half third quarter once twice infinite infinitely
    """)
}
