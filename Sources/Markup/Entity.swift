internal import CLibXML2

/// What an entity of HTML stands for, by libxml2's table of the 253 that HTML 4 has.
enum Entity {
  static func scalar(named name: String) -> Unicode.Scalar? {
    guard let found = htmlEntityLookup(name) else { return nil }
    return readable(found.pointee.value)
  }

  /// Controls are none; 128 to 159 mean what Windows-1252 has there, as browsers read them.
  static func scalar(numbered value: UInt32) -> Unicode.Scalar? {
    if 0x80...0x9F ~= value { return readable(windows1252[Int(value) - 0x80]) }
    return readable(value)
  }

  private static func readable(_ value: UInt32) -> Unicode.Scalar? {
    switch value {
    // A space that must not break is a space to whoever reads the text.
    case 0xA0: " "
    case 0x09, 0x0A, 0x0D: Unicode.Scalar(value)
    case 0..<0x20, 0x7F...0x9F, 0xFFFE, 0xFFFF: nil
    default: Unicode.Scalar(value)
    }
  }

  private static let windows1252: [UInt32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC,
    0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
  ]
}
