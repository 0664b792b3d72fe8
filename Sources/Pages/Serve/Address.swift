/// A path of the server with what it asks for, as a link has it.
package struct Address: Sendable {
  /// Percent-encoded.
  package private(set) var text: String

  /// Parameters that are nil are left away.
  package init(_ path: String, _ parameters: [(String, String?)] = []) {
    text = path
    for (name, value) in parameters {
      guard let value else { continue }
      text += (text.utf8.count == path.utf8.count ? "?" : "&") + name + "=" + Self.encoded(value)
    }
  }

  /// The page of a sample, by id or by FILE:ROW.
  package static func sample(_ name: String, run: Int64? = nil) -> Address {
    Address("/sample", [("id", name), ("run", run.map { String($0) })])
  }

  package func link(_ content: HTML, _ attributes: HTML = "") -> HTML {
    "<a href=\"\(text)\"\(attributes)>\(content)</a>"
  }

  /// All bytes but letters, digits and four marks as RFC 3986 says.
  private static func encoded(_ value: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        result.append(byte)
      default:
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
