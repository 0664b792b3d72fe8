/// A row as a branch writes it, in which the name of each part stands in its place: `id`, `prompt`
/// and `response`, or `answer` in a seed.
///
/// It shows the columns of a row format, and what is in each, to those who have to describe them.
package enum RowExample {
  /// The JSON of one row; nil for a format that this version does not have.
  package static func row(of format: String) -> String? {
    RowFormats.all.first { $0.name == format }.map { text($0.frame, last: "response") }
  }

  package static var seed: String { text(Seed.frame, last: "\"answer\"") }

  private static func text(_ frame: RowFrame, last: String) -> String {
    func part(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    return part(frame.start) + "id" + part(frame.afterID) + "prompt" + part(frame.afterPrompt)
      + last + part(frame.end)
  }
}
