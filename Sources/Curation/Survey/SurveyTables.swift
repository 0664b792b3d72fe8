internal import Foundation
internal import Notation

/// A survey's report as cells, for whoever aligns them.
package struct SurveyTables: Sendable {
  /// The values of one field.
  package struct Values: Sendable {
    package var title: String
    /// Value, count and share.
    package var rows: [[String]]
    /// What is not shown.
    package var note: String?
  }

  /// Field, the card's names where there is a card, types; then counts. The first row is a head.
  package private(set) var fields: [[String]]
  package let leftColumns: Int
  /// Field, unit, and figures. The first row is a head; empty where there are no figures.
  package private(set) var lengths: [[String]] = []
  package private(set) var values: [Values] = []
  /// Sentences for below the tables.
  package private(set) var notes: [String] = []

  /// Values shown of a field, unless it was asked for.
  static let shortList = 20
  /// Values shown of a field that was asked for and has more than `longList`.
  static let topList = 20
  static let longList = 64

  package init(_ report: SurveyReport) {
    let hasCard = report.source != nil
    let hasNulls = report.fields.contains { $0.nulls > 0 }
    let hasMissing = report.fields.contains { $0.missing > 0 }
    func row(_ field: String, _ parts: String, _ types: String, _ counts: [String]) -> [String] {
      let kept = zip(counts, [hasNulls, hasMissing, true]).filter(\.1).map(\.0)
      return [field] + (hasCard ? [parts] : []) + [types] + kept
    }
    leftColumns = hasCard ? 3 : 2
    fields = [row("field", "in the card", "type", ["null", "missing", "values"])]
    for field in report.fields {
      fields.append(
        row(
          name(of: field), shortened(field.parts.joined(separator: ", "), 36),
          shortened(field.typeText, hasCard ? 26 : 40),
          [count(field.nulls), count(field.missing), field.values?.distinctText ?? ""]))
    }
    let lines = report.fields.flatMap(Self.lengths)
    if !lines.isEmpty {
      lengths = [["", "", "min", "median", "p95", "max"]] + lines
    }
    values = report.fields.compactMap {
      Self.values($0, isNamed: report.only.contains($0.path))
    }
    notes = Self.notes(report, hidden: report.fields.count { $0.values != nil } - values.count)
  }

  private static func notes(_ report: SurveyReport, hidden: Int) -> [String] {
    var notes: [String] = []
    let holed = report.fields.filter { $0.nullElements > 0 }
    if !holed.isEmpty {
      let list = holed.map { "\(name(of: $0)) \(grouped($0.nullElements))" }
      notes.append("Nulls in lists: \(list.joined(separator: ", "))")
    }
    if !report.absent.isEmpty {
      notes.append("In the card, and in no row: \(report.absent.joined(separator: ", "))")
    }
    if report.only.isEmpty && hidden > 0 {
      notes.append("--field NAME lists the values of any field, --json has all figures.")
    }
    if report.hasMoreFields {
      notes.append(
        "There are more than \(ObjectSurvey.mostFields) fields; the others are left out.")
    }
    return notes
  }

  private static func lengths(_ field: SurveyReport.Field) -> [[String]] {
    var lines: [[String]] = []
    let name = name(of: field)
    func add(_ unit: String, _ figures: [String]) {
      lines.append([lines.isEmpty ? name : "", unit] + figures)
    }
    for (unit, f) in [("elements", field.elements), ("characters", field.characters)] {
      if let f { add(unit, [f.min, f.median, f.p95, f.max].map(grouped)) }
    }
    if let f = field.numbers {
      add("number", [rounded(f.min), rounded(f.median), "", rounded(f.max)])
    }
    return lines
  }

  private static func values(_ field: SurveyReport.Field, isNamed: Bool) -> Values? {
    guard let values = field.values, isNamed || values.isTelling else { return nil }
    let all = values.counts.count
    let shown =
      isNamed ? (all > longList ? topList : all) : (all > shortList + 1 ? shortList : all)
    let total = values.total + values.longTexts
    func row(_ value: String, _ count: Int) -> [String] {
      // Of what was not counted to its end no share is known.
      ["  " + value, grouped(count)] + (values.isComplete ? [percent(count, of: total)] : [])
    }
    var rows = values.counts.prefix(shown).map { row(shortened($0.value.text, 74), $0.count) }
    if shown < all && values.isComplete {
      let rest = values.counts.dropFirst(shown).reduce(0) { $0 + $1.count }
      rows.append(row("… \(grouped(all - shown)) others", rest))
    }
    if values.longTexts > 0 {
      rows.append(row("… texts of more than \(Tally.longestText) bytes", values.longTexts))
    }
    var note: String?
    if !values.isComplete {
      note = "Of the values that came first the most frequent; they occur at least so often."
    } else if isNamed && shown < all {
      note = "--json lists all of them."
    }
    let parts = field.parts.filter { $0 != field.path }.joined(separator: ", ")
    let some = values.isComplete ? grouped(all) : "more than \(grouped(all))"
    let title = name(of: field) + (parts.isEmpty ? "" : " (\(parts))") + ": "
    return Values(
      title: title + (all == 0 ? "no short" : some) + (all == 1 ? " value" : " values"), rows: rows,
      note: note)
  }
}

extension SurveyReport.Field {
  /// `texts`, or each type with its count.
  fileprivate var typeText: String {
    switch types.count {
    case 0: nulls > 0 ? "only null" : ""
    case 1: types[0].type.word
    default: types.map { "\($0.type.word) \(grouped($0.count))" }.joined(separator: ", ")
    }
  }
}

extension Shape {
  fileprivate var word: String {
    switch self {
    case .empty: "empty list"
    case .mixed: "mixed list"
    default: "\(self)"
    }
  }
}

extension SurveyReport.Values {
  /// How many different values there are, as far as that is known.
  fileprivate var distinctText: String {
    if !isComplete { return ">\(grouped(distinct))" }
    return longTexts == 0 ? grouped(distinct) : "long"
  }

  /// Whether the values are few and come again and again, as those that a filter names do.
  fileprivate var isTelling: Bool {
    guard isComplete, longTexts == 0 else { return false }
    if case .flag = counts.first?.value { return true }
    return total >= 2 * counts.count
  }
}

extension TallyValue {
  /// As a filter would have it: a text that YAML would take for something else is quoted.
  fileprivate var text: String {
    switch self {
    case .flag(let flag): return "\(flag)"
    case .number(let number): return numberText(number)
    case .text(let bytes):
      let text = String(decoding: bytes, as: UTF8.self)
      if text.unicodeScalars.contains(where: \.isInvisible) { return quoted(text) }
      let words = ["", "~", "null", "true", "false"]
      let isTaken =
        words.contains(text.lowercased()) || Double(text) != nil
        || "-?:,[]{}#&*!|>'\"%@`".contains(text.prefix(1))
      let isEdged = text.first?.isWhitespace == true || text.last?.isWhitespace == true
      return isTaken || isEdged ? JSON.quoted(text) : text
    }
  }
}

/// A JSON string in which nothing moves the terminal's cursor.
private func quoted(_ text: String) -> String {
  JSON.quoted(text).unicodeScalars.map { scalar in
    scalar.isInvisible ? String(format: "\\u%04x", scalar.value) : String(scalar)
  }.joined()
}

extension Unicode.Scalar {
  fileprivate var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

/// A number in six digits where it is not whole.
private func rounded(_ number: Double) -> String {
  Int(exactly: number) == nil ? String(format: "%.6g", number) : numberText(number)
}

/// A number as a filter has it: whole ones without a point, no thousands set apart.
private func numberText(_ number: Double) -> String {
  guard let whole = Int(exactly: number), abs(whole) < 1 << 53 else {
    return number.description
  }
  return String(whole)
}

private func count(_ number: Int) -> String { number == 0 ? "-" : grouped(number) }

private func percent(_ part: Int, of whole: Int) -> String {
  String(format: "%.1f %%", 100 * Double(part) / Double(max(1, whole)))
}

/// A field's path, fit for one cell.
private func name(of field: SurveyReport.Field) -> String {
  let isPlain = !field.path.unicodeScalars.contains(where: \.isInvisible)
  return shortened(isPlain ? field.path : quoted(field.path), 36)
}

/// The beginning of a text, as long as it may be.
private func shortened(_ text: String, _ limit: Int) -> String {
  text.count <= limit ? text : text.prefix(limit - 1) + "…"
}
