/// A command as a recipe has it: words between white space, some with names in braces.
///
/// Words are cut before anything is filled in, so that a path with spaces stays one word. There
/// is no quoting: what needs a shell is a script.
struct CommandTemplate {
  let words: [String]

  static let known = ["config", "data", "base", "output", "branch", "gpus", "resume"]

  init(_ text: String) { words = text.split(whereSeparator: \.isWhitespace).map(String.init) }

  /// The names in braces, in order.
  var names: [String] {
    words.flatMap { word in
      word.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
        guard let end = part.firstIndex(of: "}") else { return nil }
        let name = part[..<end]
        return !name.isEmpty && name.allSatisfy { $0.isLetter || $0 == "_" } ? String(name) : nil
      }
    }
  }

  /// The words to start; one that is nothing but an empty value is left out.
  func filled(_ values: [String: String]) -> [String] {
    words.compactMap { word in
      var text = ""
      var rest = word[...]
      while let start = rest.firstIndex(of: "{") {
        text += rest[..<start]
        rest = rest[start...]
        guard let end = rest.firstIndex(of: "}"),
          let value = values[String(rest[rest.index(after: start)..<end])]
        else {
          text += "{"
          rest = rest.dropFirst()
          continue
        }
        text += value
        rest = rest[rest.index(after: end)...]
      }
      text += rest
      return text.isEmpty ? nil : text
    }
  }
}

/// Words as a shell takes them back.
package func shellLine(_ words: [String]) -> String {
  words.map { word in
    let isPlain =
      !word.isEmpty
      && word.unicodeScalars.allSatisfy {
        ("a"..."z") ~= $0 || ("A"..."Z") ~= $0 || ("0"..."9") ~= $0
          || "-_./=:,@%+".unicodeScalars.contains($0)
      }
    return isPlain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }.joined(separator: " ")
}
