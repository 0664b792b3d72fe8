internal import CSimilarity
internal import Foundation

/// What becomes of each scalar outside ASCII in one form: made once, from the Unicode tables of the
/// standard library and Foundation's compatibility mapping (UAX #15, NFKD).
struct Folding: Sendable {
  private var pages = [UInt16](repeating: 0, count: 0x110000 >> 8)
  /// The first page keeps everything as it is.
  private var entries = [UInt64](repeating: 0, count: 256)

  static let words = Folding(words: ())
  static let tokens = Folding(tokens: ())

  static func of(_ form: TextForm) -> Folding { form == .words ? words : tokens }

  /// Lends both tables to C.
  func withTables<Result>(_ body: (bm_folding) -> Result) -> Result {
    pages.withUnsafeBufferPointer { pages in
      entries.withUnsafeBufferPointer { entries in
        body(bm_folding(pages: pages.baseAddress, entries: entries.baseAddress))
      }
    }
  }

  private mutating func set(_ value: UInt32, _ kind: bm_fold, _ letters: String = "") {
    let bytes = Array(letters.utf8)
    guard bytes.count <= 7 else { return }
    let page = Int(value >> 8)
    if pages[page] == 0 {
      pages[page] = UInt16(entries.count >> 8)
      entries += [UInt64](repeating: 0, count: 256)
    }
    var entry = UInt64(kind.rawValue)
    for (index, byte) in bytes.enumerated() { entry |= UInt64(byte) << UInt64(8 * index + 8) }
    entries[Int(pages[page]) << 8 | Int(value & 255)] = entry
  }

  /// Python's `str.lower` and `str.isspace`.
  private init(words: Void) {
    for value in UInt32(0x80)..<0x1E944 {
      guard let scalar = Unicode.Scalar(value), scalar.properties.changesWhenLowercased else {
        continue
      }
      set(value, bm_fold_letters, scalar.properties.lowercaseMapping)
    }
    let spaces: [ClosedRange<UInt32>] = [
      0x85...0x85, 0xa0...0xa0, 0x1680...0x1680, 0x2000...0x200a, 0x2028...0x2029, 0x202f...0x202f,
      0x205f...0x205f, 0x3000...0x3000,
    ]
    for value in spaces.joined() { set(value, bm_fold_gap) }
  }

  private init(tokens: Void) {
    for value in UInt32(0x80)..<0x20000 where !(0xAC00..<0xE000).contains(value) {
      if (0x3400..<0xA000).contains(value) {
        set(value, bm_fold_alone)
      } else if let scalar = Unicode.Scalar(value) {
        fold(scalar)
      }
    }
    for value in UInt32(0x20000)..<0x20100 { set(value, bm_fold_alone) }
    // All ideographs beyond share that page.
    for page in 0x201..<0x323 { pages[page] = pages[0x200] }
    for (kind, signs) in Self.signs {
      for (sign, reads) in signs { set(sign.unicodeScalars.first!.value, kind, reads) }
    }
  }

  private mutating func fold(_ scalar: Unicode.Scalar) {
    let value = scalar.value
    switch scalar.properties.generalCategory {
    case .control: set(value, value == 0x85 ? bm_fold_line : bm_fold_gap)
    case .lineSeparator, .paragraphSeparator: set(value, bm_fold_line)
    case .spaceSeparator: set(value, bm_fold_gap)
    case .format, .enclosingMark: set(value, bm_fold_nothing)
    case .nonspacingMark:
      if Self.accents.contains(value) || (0xFE00...0xFE0F).contains(value) {
        set(value, bm_fold_nothing)
      }
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      foldLetter(scalar)
    case .decimalNumber:
      if let number = scalar.properties.numericValue { set(value, bm_fold_ascii, "\(Int(number))") }
    case .letterNumber, .otherNumber: foldNumber(scalar)
    case .mathSymbol, .currencySymbol, .otherSymbol:
      let simple = Self.simplest(scalar)
      if simple.utf8.count == 1 {
        set(value, bm_fold_ascii, simple)
      } else {
        set(value, bm_fold_alone)
      }
    case .modifierSymbol, .connectorPunctuation, .dashPunctuation, .openPunctuation,
      .closePunctuation, .initialPunctuation, .finalPunctuation, .otherPunctuation:
      let simple = Self.simplest(scalar)
      if simple.utf8.count == 1 {
        set(value, bm_fold_ascii, simple)
      } else {
        set(value, bm_fold_gap)
      }
    default: break
    }
  }

  private mutating func foldLetter(_ scalar: Unicode.Scalar) {
    // Kana do without spaces, as ideographs do.
    if scalar.properties.isIdeographic || (0x3040...0x30FF).contains(scalar.value) {
      return set(scalar.value, bm_fold_alone)
    }
    let simple = Self.simplest(scalar)
    if simple.utf8.count == 1 {
      set(scalar.value, bm_fold_ascii, simple)
    } else if simple != String(scalar) || (0x370..<0x400).contains(scalar.value) {
      set(scalar.value, bm_fold_letters, simple)
    }
  }

  private mutating func foldNumber(_ scalar: Unicode.Scalar) {
    let simple = Self.simplest(scalar)
    let digits = simple.utf8.filter { (0x30...0x39).contains($0) }.count
    if digits == simple.utf8.count && digits > 0 {
      set(scalar.value, bm_fold_raised, simple)
    } else if simple.contains("\u{2044}") && digits == 2 {
      set(scalar.value, bm_fold_fraction, simple.filter(\.isNumber))
    } else if simple.utf8.allSatisfy({ $0 < 0x80 && $0 > 0x60 }) {
      set(scalar.value, bm_fold_letters, simple)
    } else {
      set(scalar.value, bm_fold_alone)
    }
  }

  private static let accents: ClosedRange<UInt32> = 0x300...0x36F

  /// Blocks with compatibility or composed letters that problems are written with.
  private static let composed: [ClosedRange<UInt32>] = [
    0xA0...0x24F, 0x370...0x52F, 0x1E00...0x1FFF, 0x2070...0x209F, 0x2100...0x218F,
    0x2460...0x24FF, 0xFB00...0xFB06, 0xFF00...0xFFEF, 0x1D400...0x1D7FF,
  ]

  /// Lower case without accents, by the compatibility mapping.
  private static func simplest(_ scalar: Unicode.Scalar) -> String {
    var text = String(scalar)
    if composed.contains(where: { $0.contains(scalar.value) }) {
      text = text.decomposedStringWithCompatibilityMapping
      text.unicodeScalars.removeAll { accents.contains($0.value) }
    }
    // A sigma at the end of a word is a sigma.
    return text.lowercased().replacing("ς", with: "σ")
  }

  /// Signs that LaTeX has a name for, and those that look like one of ASCII.
  private static let signs: [(bm_fold, [String: String])] = [
    (
      bm_fold_name,
      [
        "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "÷": "/", "≤": "le", "⩽": "le", "≦": "le",
        "≥": "ge", "⩾": "ge", "≧": "ge", "≠": "ne", "→": "to", "∞": "infty", "√": "sqrt",
        "∑": "sum", "∏": "prod", "∫": "int", "∈": "in", "∉": "notin", "±": "pm", "∓": "mp",
        "≡": "equiv", "≈": "approx", "∼": "sim", "≅": "cong", "°": "circ", "∘": "circ",
        "∠": "angle", "⊥": "perp", "∥": "paralle", "⊂": "subset", "∪": "cup", "∩": "cap",
        "∅": "emptyse", "∀": "forall", "∃": "exists", "∂": "partial", "∇": "nabla", "¬": "neg",
        "∧": "wedge", "∨": "vee", "⊕": "oplus", "⊗": "otimes", "∝": "propto", "∤": "nmid",
      ]
    ),
    (bm_fold_ascii, ["−": "-", "‐": "-", "‑": "-", "‒": "-", "–": "-", "⁄": "/", "∕": "/"]),
    (bm_fold_line, ["。": ""]),
    (bm_fold_gap, ["∣": "", "′": "", "″": "", "…": "", "⋯": "", "•": "", "■": ""]),
  ]
}
