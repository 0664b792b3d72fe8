internal import Foundation
internal import Notation

/// A cluster of near duplicates that is none: a template around many problems, most likely.
package struct TooLargeCluster: Error, CustomStringConvertible {
  package let branches: [String]
  /// What was compared: prompt or response.
  package let part: String
  package let size: Int
  package let limit: Int
  /// That of its centre, and some others.
  package let texts: [Text]

  package struct Text: Sendable {
    package let id: String
    package let text: String
  }

  package var description: String {
    let names = branches.map { quoted($0) }.joined(separator: ", ")
    var lines = [
      "\(branches.count == 1 ? "branch" : "branches") \(names): \(grouped(size)) rows would become"
        + " one, as each \(part) resembles another; that is more than the limit of"
        + " \(grouped(limit)), and more likely a template than a duplicate. Its centre, and others:"
    ]
    lines += texts.map { "  \($0.id): \(Self.beginning(of: $0.text))" }
    if let prefix = commonPrefix {
      lines.append("They begin alike. Take this off by 'near' with")
      lines.append("  prefixes: [\(JSON.quoted(prefix))]")
      lines.append("or, if they are one text indeed, raise its 'limit'; nothing was written")
    } else {
      lines.append(
        "Take off what they share by 'prefixes' of 'near', or, if they are one text indeed, raise"
          + " its 'limit'; nothing was written")
    }
    return lines.joined(separator: "\n")
  }

  private static func beginning(of text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return quoted(words.count > 200 ? words.prefix(190) + " …" : words)
  }

  /// What all of the texts begin with, in whole words.
  private var commonPrefix: String? {
    guard var prefix = texts.first?.text, texts.count > 1 else { return nil }
    for text in texts.dropFirst() { prefix = prefix.commonPrefix(with: text.text) }
    if texts.contains(where: { $0.text.count > prefix.count }) {
      let end = prefix.lastIndex(where: \.isWhitespace) ?? prefix.startIndex
      prefix = String(prefix[..<end])
    }
    prefix = prefix.trimmingCharacters(in: .whitespacesAndNewlines)
    return prefix.count >= 20 ? prefix : nil
  }
}
