/// Sets of Unicode scalars, as the regular expressions of the reference library know them.
///
/// That library uses Oniguruma with the tables of Unicode 16. The system's PCRE2 may be older: what
/// came between is then named one by one beside the property.
struct ScalarSet {
  /// In order, apart from each other.
  let ranges: [ClosedRange<UInt32>]

  /// The version of Unicode that Oniguruma 6.9.10 has.
  private static let referenceVersion = (16, 0)

  /// Unicode's White_Space, which has long been settled; for PCRE2 `\s` is this and U+180E.
  static let whiteSpace = ScalarSet(ranges: [
    0x9...0xD, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
    0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
  ])

  /// The scalars of a general category: `L` for all letters, `Lu` for the upper-case ones.
  init(category: String) { self.init(category, of: Self.scalars(after: (0, 0))) }

  /// Those of a category that are younger than the tables of PCRE2.
  init(youngCategory category: String) { self.init(category, of: Self.young) }

  private init(_ category: String, of scalars: [(value: UInt32, category: String)]) {
    var ranges: [ClosedRange<UInt32>] = []
    for (value, name) in scalars where name.hasPrefix(category) {
      if let last = ranges.last, last.upperBound + 1 == value {
        ranges[ranges.count - 1] = last.lowerBound...value
      } else {
        ranges.append(value...value)
      }
    }
    self.ranges = ranges
  }

  private static let young = scalars(after: SplitPattern.unicodeVersion)

  /// In order, what came to Unicode after a version, up to the reference's.
  private static func scalars(after version: (Int, Int)) -> [(value: UInt32, category: String)] {
    guard version < referenceVersion else { return [] }
    // Nothing is assigned between these planes.
    let values = [0...0x3FFFF, 0xE0000...0xEFFFF] as [ClosedRange<UInt32>]
    return values.joined().compactMap { value in
      guard let properties = Unicode.Scalar(value)?.properties, let age = properties.age,
        (age.major, age.minor) > version, (age.major, age.minor) <= referenceVersion
      else { return nil }
      return (value, abbreviation(properties.generalCategory))
    }
  }

  private init(ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

  var inverted: ScalarSet {
    var gaps: [ClosedRange<UInt32>] = []
    var start: UInt32 = 0
    for range in ranges {
      if range.lowerBound > start { gaps.append(start...range.lowerBound - 1) }
      start = range.upperBound + 1
    }
    if start <= 0x10FFFF { gaps.append(start...0x10FFFF) }
    return ScalarSet(ranges: gaps)
  }

  /// As it stands between the brackets of a class.
  var inClass: String {
    ranges.map { range in
      func spelt(_ value: UInt32) -> String { "\\x{\(String(value, radix: 16))}" }
      let start = spelt(range.lowerBound)
      return range.count == 1 ? start : "\(start)-\(spelt(range.upperBound))"
    }.joined()
  }

  /// Categories that patterns may ask for; the unassigned are no subject of any.
  static let categories: Set<String> = [
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc",
    "Pd",
    "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp",
  ]

  private static func abbreviation(_ category: Unicode.GeneralCategory) -> String {
    switch category {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .titlecaseLetter: "Lt"
    case .modifierLetter: "Lm"
    case .otherLetter: "Lo"
    case .nonspacingMark: "Mn"
    case .spacingMark: "Mc"
    case .enclosingMark: "Me"
    case .decimalNumber: "Nd"
    case .letterNumber: "Nl"
    case .otherNumber: "No"
    case .connectorPunctuation: "Pc"
    case .dashPunctuation: "Pd"
    case .openPunctuation: "Ps"
    case .closePunctuation: "Pe"
    case .initialPunctuation: "Pi"
    case .finalPunctuation: "Pf"
    case .otherPunctuation: "Po"
    case .mathSymbol: "Sm"
    case .currencySymbol: "Sc"
    case .modifierSymbol: "Sk"
    case .otherSymbol: "So"
    case .spaceSeparator: "Zs"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    default: "C"
    }
  }
}
