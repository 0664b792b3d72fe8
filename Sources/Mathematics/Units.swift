/// Words that stand behind a number without changing it. A new unit is one word here.
enum Units {
  /// The spelling that stands first in the word's line, or the word itself without its plural.
  static func canonical(_ word: [UInt8]) -> [UInt8] {
    let name = Name(word).lowered
    if let first = spellings[name] { return first }
    var lowered = word.map { $0.isUpper ? $0 | 0x20 : $0 }
    if lowered.count > 3, lowered.last == UInt8(ascii: "s") { lowered.removeLast() }
    return lowered
  }

  /// The same for all words of a text: m/s^2, square cm.
  static func canonical(text: ArraySlice<UInt8>) -> [UInt8] {
    var unit: [UInt8] = []
    var place = text.startIndex
    while place < text.endIndex {
      let start = place
      while place < text.endIndex, text[place].isLetter || text[place] >= 0x80 { place += 1 }
      if place > start {
        unit += canonical(Array(text[start..<place]))
        continue
      }
      if text[place].isDigit || text[place] == UInt8(ascii: "/") { unit.append(text[place]) }
      place += 1
    }
    return unit
  }

  static func isKnown(_ name: Name) -> Bool { spellings[name.lowered] != nil }

  /// Whether a letter alone is a unit's: 6 m.
  static func isLetter(_ byte: UInt8) -> Bool { letters.contains(byte) }

  private static let letters = Array("mgshlLJNWVAKCF".utf8)

  /// Words that may stand before a number.
  static func isPrefix(_ name: Name) -> Bool { prefixes.contains(name.lowered) }

  /// Short words that are no product of their letters.
  static func isShortWord(_ name: Name) -> Bool { shortWords.contains(name.lowered) }

  private static let prefixes: Set<Name> = [
    "rs", "usd", "eur", "inr", "about", "approximately", "around", "approx", "nearly", "exactly",
  ]

  private static let shortWords: Set<Name> = [
    "yes", "no", "odd", "all", "any", "one", "two", "six", "ten", "the", "not", "both", "zero",
    "mon", "tue", "wed", "thu", "fri", "sat", "sun",
  ]

  private static let spellings: [Name: [UInt8]] = {
    var spellings: [Name: [UInt8]] = [:]
    for line in lines.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let first = words.first else { continue }
      for word in words { spellings[Name(String(word))] = Array(first.utf8) }
    }
    return spellings
  }()

  private static let lines = """
    mm millimeter millimeters millimetre millimetres
    cm centimeter centimeters centimetre centimetres cms
    dm decimeter decimeters
    meter meters metre metres mtr mts m
    km kilometer kilometers kilometre kilometres kms
    inch inches
    foot feet ft
    yard yards yd yds
    mile miles mi
    mg milligram milligrams
    gram grams gm gms g
    kg kilogram kilograms kgs
    pound pounds lb lbs
    ounce ounces oz
    ton tons tonne tonnes
    ml milliliter milliliters
    liter liters litre litres l
    gallon gallons gal
    second seconds sec secs s
    minute minutes min mins
    hour hours hr hrs h
    day days
    week weeks
    month months
    year years yr yrs
    mph
    kmph kmh kph
    degree degrees deg
    radian radians rad
    dollar dollars
    cent cents
    euro euros
    rupee rupees rs
    percent
    unit units
    square sq squared
    cubic cu cubed
    per
    hz hertz
    khz
    joule joules
    kj
    watt watts
    kw
    newton newtons
    volt volts
    ohm ohms
    mol moles
    kelvin
    ev
    pa pascal pascals
    bit bits
    byte bytes
    mb
    gb
    st nd rd th
    time times
    """
}
