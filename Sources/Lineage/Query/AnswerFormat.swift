internal import Files
internal import GRDB
internal import Notation

/// How much of an answer was written.
package struct Answer: Equatable, Sendable {
  package var rowCount = 0
  /// Fewer than all only in a table.
  package var shownRows = 0
  /// Whether a text in the table was too long for it.
  package var isCut = false
}

/// How the rows of an answer are written: NULL is nothing, or JSON's null; a blob is hexadecimal.
package enum AnswerFormat: Sendable {
  /// Aligned columns of the first rows, for people; what moves a cursor is escaped.
  case table
  /// RFC 4180, with the names of the columns first.
  case csv
  /// An array with an object for each row, on a line of its own.
  case json

  /// Rows of a table, whose columns need widths.
  package static let tableRows = 1000
  /// Characters of a text in a table, as `quoted` cuts them.
  package static let tableWidth = 120

  func write(_ columns: [String], _ rows: RowCursor, _ write: (String) throws -> Void) throws
    -> Answer
  {
    switch self {
    case .table: try writeTable(columns, rows, write)
    case .csv: try writeCSV(columns, rows, write)
    case .json: try writeJSON(columns, rows, write)
    }
  }
}

// MARK: - Table

extension AnswerFormat {
  private func writeTable(
    _ columns: [String], _ rows: RowCursor, _ write: (String) throws -> Void
  ) throws -> Answer {
    var answer = Answer()
    var lines = [columns.map { cell($0) }]
    // A column of numbers alone stands to the right.
    var hasNumber = columns.map { _ in false }
    var hasText = hasNumber
    while answer.shownRows < Self.tableRows, let row = try rows.next() {
      answer.shownRows += 1
      lines.append(
        columns.indices.map { index in
          let value: DatabaseValue = row[index]
          switch value.storage {
          case .null: return ""
          case .int64, .double: hasNumber[index] = true
          case .string, .blob: hasText[index] = true
          }
          let text = plain(value)
          answer.isCut = answer.isCut || text.unicodeScalars.count > Self.tableWidth
          return cell(text)
        })
    }
    let isRight = zip(hasNumber, hasText).map { $0 && !$1 }
    let widths = columns.indices.map { index in lines.map { $0[index].count }.max() ?? 0 }
    try write(
      lines.map { line in
        let cells = line.enumerated().map { index, cell in
          let padding = String(repeating: " ", count: widths[index] - cell.count)
          return isRight[index] ? padding + cell : cell + padding
        }
        return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
      }.joined())
    answer.rowCount = answer.shownRows
    while try rows.next() != nil { answer.rowCount += 1 }
    return answer
  }

  private func cell(_ text: String) -> String { String(quoted(text).dropFirst().dropLast()) }
}

// MARK: - Streams

extension AnswerFormat {
  private static let pieceBytes = 1 << 16

  private func writeCSV(
    _ columns: [String], _ rows: RowCursor, _ write: (String) throws -> Void
  ) throws -> Answer {
    let names = columns.map { field($0, isAlone: columns.count == 1) }.joined(separator: ",")
    return try stream(rows, after: names + "\r\n", write) { row, _, text in
      for index in columns.indices {
        if index > 0 { text += "," }
        text += field(plain(row[index]), isAlone: columns.count == 1)
      }
      text += "\r\n"
    }
  }

  private func field(_ text: String, isAlone: Bool) -> String {
    // An empty line would be no row.
    if text.isEmpty { return isAlone ? "\"\"" : "" }
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D })
    else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  private func writeJSON(
    _ columns: [String], _ rows: RowCursor, _ write: (String) throws -> Void
  ) throws -> Answer {
    for (index, name) in columns.enumerated() where columns[..<index].contains(name) {
      throw LedgerError(
        "two columns are called \(quoted(name)), and an object has each key once; rename one by AS")
    }
    let keys = columns.map { JSON.quoted($0) + ": " }
    let answer = try stream(rows, after: "[", write) { row, number, text in
      text += number > 1 ? ",\n  {" : "\n  {"
      for (index, key) in keys.enumerated() {
        if index > 0 { text += ", " }
        text += key
        text += json(row[index])
      }
      text += "}"
    }
    try write(answer.rowCount > 0 ? "\n]\n" : "]\n")
    return answer
  }

  private func stream(
    _ rows: RowCursor, after start: String, _ write: (String) throws -> Void,
    append: (Row, Int, inout String) -> Void
  ) throws -> Answer {
    var answer = Answer()
    var text = start
    while let row = try rows.next() {
      answer.rowCount += 1
      append(row, answer.rowCount, &text)
      if text.utf8.count >= Self.pieceBytes {
        try Interruption.check()
        try write(text)
        text.removeAll(keepingCapacity: true)
      }
    }
    try write(text)
    answer.shownRows = answer.rowCount
    return answer
  }
}

// MARK: - Values

extension AnswerFormat {
  private func plain(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null: ""
    case .int64(let number): String(number)
    case .double(let number): "\(number)"
    case .string(let text): text
    case .blob(let bytes): hex(Array(bytes))
    }
  }

  private func json(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null: "null"
    case .int64(let number): String(number)
    // As SQLite writes what JSON has no word for; NaN it has none either, and makes NULL of it.
    case .double(let number) where number.isInfinite: number < 0 ? "-9e999" : "9e999"
    case .double(let number): "\(number)"
    case .string(let text): JSON.quoted(text)
    case .blob(let bytes): "\"\(hex(Array(bytes)))\""
    }
  }
}
