/// The cells of a table until its end, when it is known how they can be written.
struct PageTable {
  private var rows: [[[UInt8]]] = []
  private var hasHeader = false

  mutating func beginRow() { rows.append([]) }

  mutating func add(_ cell: [UInt8], isHeader: Bool) {
    if rows.isEmpty { beginRow() }
    if rows.count == 1 && isHeader { hasHeader = true }
    rows[rows.count - 1].append(cell)
  }

  /// A line for each row, its cells between bars, or between tabs where a cell has a bar of its own.
  ///
  /// A table of one column only lays out the page: its cells are blocks.
  func write(to sink: inout TextSink) {
    let rows = rows.filter { $0.contains { !$0.isEmpty } }
    guard rows.contains(where: { $0.count > 1 }) else {
      for cell in rows.joined() where !cell.isEmpty {
        sink.breakBlock(2)
        sink.keep(cell)
      }
      return sink.breakBlock(2)
    }
    let bar = UInt8(ascii: "|")
    let hasBars = rows.contains { $0.contains { $0.contains(bar) } }
    sink.breakBlock(2)
    for (index, row) in rows.enumerated() {
      if index > 0 { sink.breakBlock(1) }
      let cells = row.map(Self.line)
      if hasBars {
        sink.keep(Array(cells.joined(separator: [0x09])))
      } else {
        sink.keep(Array("| ".utf8) + cells.joined(separator: Array(" | ".utf8)) + " |".utf8)
        if index == 0 && hasHeader {
          sink.breakBlock(1)
          sink.keep((String(repeating: "|---", count: row.count) + "|").utf8)
        }
      }
    }
    sink.breakBlock(2)
  }

  /// A text on one line: white space with a line break in it becomes a space.
  static func line(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(0x0A) else { return text }
    var line: [UInt8] = []
    for byte in text {
      guard byte == 0x0A || byte == 0x0D else {
        if byte == 0x20, line.last == 0x20 { continue }
        line.append(byte)
        continue
      }
      if line.last != 0x20 { line.append(0x20) }
    }
    return line
  }
}
