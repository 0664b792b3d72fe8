internal import Samples

/// Scripts and stop words of a text, counted in one pass.
struct LanguageSurvey {
  /// Words of three letters and more, or characters, of each script.
  private var units = [Int](repeating: 0, count: Script.allCases.count)
  /// Stop words of each Latin language.
  private var votes = [Int](repeating: 0, count: Tongue.latin.count)
  /// Latin words of two letters and more.
  private var words = 0

  enum Script: Int, CaseIterable {
    case latin, han, kana, hangul, thai, cyrillic, greek, arabic, hebrew, devanagari

    /// It is counted by characters, as it has no spaces or long words.
    var isCounted: Bool { rawValue >= 1 && rawValue <= 4 }
  }

  init(_ text: Span<UInt8>) {
    let stopWords = StopWords.table
    var index = 0
    var isFenced = false
    while index < text.count {
      let byte = text[unchecked: index]
      if byte == UInt8(ascii: "`"), Self.isFence(text, at: index) {
        isFenced.toggle()
        index += 3
      } else if byte == UInt8(ascii: "\\") {
        // A command's name is no word.
        index += 1
        while index < text.count, Self.isLetter(text[index]) { index += 1 }
      } else if byte < 0x80 && !Self.isLetter(byte) {
        index += 1
      } else {
        let (script, length) = Self.script(text, at: index)
        guard let script, !isFenced else {
          index += length
          continue
        }
        if script.isCounted {
          units[script.rawValue] += 1
          index += length
        } else {
          read(script, text, &index, stopWords)
        }
      }
    }
  }

  /// Takes a word of an alphabet.
  private mutating func read(
    _ script: Script, _ text: Span<UInt8>, _ index: inout Int, _ stopWords: StopWords
  ) {
    var letters = 0
    var isCapital = true
    var hash = StopWords.seed
    while index < text.count {
      let byte = text[unchecked: index]
      if byte < 0x80 {
        guard script == .latin, Self.isLetter(byte) else { break }
        if byte >= 0x61 { isCapital = false }
        hash = StopWords.step(hash, byte | 0x20)
        index += 1
      } else {
        let (next, length) = Self.script(text, at: index)
        guard next == script else { break }
        isCapital = false
        for place in index..<index + length { hash = StopWords.step(hash, text[place]) }
        index += length
      }
      letters += 1
    }
    if letters >= 3 { units[script.rawValue] += 1 }
    guard script == .latin, letters >= 2 else { return }
    words += 1
    // NO is nitric oxide and AS a segment, whatever small words these may be.
    guard !isCapital else { return }
    var languages = stopWords.languages(of: hash)
    while languages != 0 {
      votes[languages.trailingZeroBitCount] += 1
      languages &= languages - 1
    }
  }

  private var total: Int { units.reduce(0, +) }

  /// The most frequent script; Chinese characters and kana are one here.
  private var main: (script: Script, count: Int) {
    var best = (script: Script.latin, count: units[0])
    let east = units[Script.han.rawValue] + units[Script.kana.rawValue]
    if east > best.count { best = (.han, east) }
    for script in Script.allCases.dropFirst(3) where units[script.rawValue] > best.count {
      best = (script, units[script.rawValue])
    }
    return best
  }

  /// The share of scripts beside the most frequent one.
  var mixing: Double { total > 0 ? Double(total - main.count) / Double(total) : 0 }

  /// The share of the Latin words that are stop words of the language that has most of them.
  var stopWords: Double { words > 0 ? Double(votes.max() ?? 0) / Double(words) : 0 }

  func tongue(mixing limit: Double) -> Tongue {
    guard total > 0 else { return words > 0 && votes[0] > 0 ? .en : words > 0 ? .unknown : .none }
    if mixing > limit { return .mixed }
    switch main.script {
    case .latin: return latinTongue
    case .han, .kana: return units[Script.kana.rawValue] * 20 > main.count ? .ja : .zh
    case .hangul: return .ko
    case .thai: return .thai
    case .cyrillic: return .cyrillic
    case .greek: return .greek
    case .arabic: return .arabic
    case .hebrew: return .hebrew
    case .devanagari: return .devanagari
    }
  }

  private var latinTongue: Tongue {
    var best = 0
    for index in votes.indices where votes[index] > votes[best] { best = index }
    if best > 0, votes[best] >= 3, votes[best] > 2 * votes[0] { return Tongue.latin[best] }
    return votes[0] > 0 ? .en : .unknown
  }

  private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }

  private static func isFence(_ text: Span<UInt8>, at index: Int) -> Bool {
    index + 2 < text.count && text[index + 1] == 0x60 && text[index + 2] == 0x60
  }

  /// The script of the character that begins here, nil where it is no letter of one, and its bytes.
  private static func script(_ text: Span<UInt8>, at index: Int) -> (Script?, length: Int) {
    let byte = text[index]
    if byte < 0x80 { return (isLetter(byte) ? .latin : nil, 1) }
    let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    guard length > 1, index + length <= text.count else { return (nil, 1) }
    var scalar = UInt32(byte) & (0x7F >> UInt32(length))
    for place in index + 1..<index + length { scalar = scalar << 6 | UInt32(text[place] & 0x3F) }
    return (script(of: scalar), length)
  }

  private static func script(of scalar: UInt32) -> Script? {
    switch scalar {
    case 0xD7, 0xF7: nil
    case 0xC0...0x24F, 0x1E00...0x1EFF, 0x300...0x36F: .latin
    case 0x370...0x3FF, 0x1F00...0x1FFF: .greek
    case 0x400...0x52F: .cyrillic
    case 0x5D0...0x5EA: .hebrew
    case 0x620...0x6FF: .arabic
    case 0x900...0x97F: .devanagari
    case 0xE01...0xE7F: .thai
    case 0x3041...0x30FA: .kana
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF: .han
    case 0xAC00...0xD7A3: .hangul
    default: nil
    }
  }
}

/// The most frequent small words of languages in Latin script.
struct StopWords: Sendable {
  private var hashes = [UInt64](repeating: 0, count: 1024)
  private var masks = [UInt16](repeating: 0, count: 1024)

  static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  static let table = StopWords()

  static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
  }

  /// The languages that have a word, as bits in the order of `Tongue.latin`.
  func languages(of hash: UInt64) -> UInt16 {
    var place = Int(truncatingIfNeeded: hash >> 40) & 1023
    while masks[place] != 0 {
      if hashes[place] == hash { return masks[place] }
      place = (place + 1) & 1023
    }
    return 0
  }

  private init() {
    for (language, words) in Self.words.enumerated() {
      for word in words.split(separator: " ") {
        let hash = word.utf8.reduce(Self.seed, Self.step)
        var place = Int(truncatingIfNeeded: hash >> 40) & 1023
        while masks[place] != 0 && hashes[place] != hash { place = (place + 1) & 1023 }
        hashes[place] = hash
        masks[place] |= 1 << UInt16(language)
      }
    }
  }

  /// In the order of `Tongue.latin`.
  private static let words = [
    """
    the of and to is that for are with be by from this as it at which an not on can if has have what \
    or we each in was were will its such all then let how many when there their they one two any you \
    your these than into between more only given also
    """,
    """
    der die das und ist ein eine den dem des mit von für auf nicht sich auch wird sind wie oder im zu \
    man es dass durch bei einer einem einen als kann werden hat alle nach aus
    """,
    """
    le la les des est une dans que pour qui sur avec par pas au du et un ce sont il en on aux plus ou \
    où cette se si tous être deux elle ne
    """,
    """
    el la los las de que en un una por con para es del se su al lo como más son si entre cada cuál \
    cuántos todos sus está este esta dos sea
    """,
    """
    il lo la gli le di che un una per con del della è nel sono si da al dei delle non come più se \
    alla ogni tra due sia questo quanti
    """,
    """
    os as de que em um uma para com do da dos das no na por não se mais como ao são qual cada entre \
    seja pelo todos quantos está
    """,
    """
    de het een van en in is dat op te zijn met voor niet aan er die worden als bij ook wordt uit naar \
    hoeveel deze elke
    """,
    """
    jest na do się nie że to jak dla od po przez oraz które który ile czy przy są ze jeśli przez \
    każdy
    """,
    "ve bir bu için ile olan olarak kaç kadar daha gibi her ise değil veya olduğu",
    "yang dan di dari untuk dengan adalah ini itu pada tidak ada jika atau berapa dalam akan setiap",
    "là của và các một có cho với được trong không những này bằng từ số khi để",
  ]
}
