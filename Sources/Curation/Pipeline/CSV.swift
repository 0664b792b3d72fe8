internal import Files

/// A table of text as RFC 4180 has it: fields set apart by commas, in quotation marks where they hold
/// a comma, a line's end or a mark, which is then doubled. The first line names the columns.
struct CSV {
  let header: [String]
  let rows: [[String]]

  init(_ text: String, path: String) throws(FileError) {
    var lines: [[String]] = []
    var line: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var number = 1
    let bytes = Array(text.utf8)
    var place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    func endField() {
      line.append(String(decoding: field, as: UTF8.self))
      field = []
    }
    func endLine() {
      endField()
      if line != [""] { lines.append(line) }
      line = []
    }
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\n") { number += 1 }
      if isQuoted {
        if byte != UInt8(ascii: "\"") {
          field.append(byte)
        } else if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
          field.append(byte)
          place += 1
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\"") where field.isEmpty: isQuoted = true
      case UInt8(ascii: ","): endField()
      case UInt8(ascii: "\n"): endLine()
      case UInt8(ascii: "\r") where place < bytes.count && bytes[place] == UInt8(ascii: "\n"): break
      default: field.append(byte)
      }
    }
    guard !isQuoted else {
      throw FileError(path, "ends within quotation marks, at line \(number); fetch it again")
    }
    if !field.isEmpty || !line.isEmpty { endLine() }
    header = lines.first ?? []
    for (index, row) in lines.enumerated() where row.count != lines[0].count {
      throw FileError(
        path, "row \(index + 1) has \(row.count) fields, and the header \(lines[0].count)")
    }
    rows = Array(lines.dropFirst())
  }
}
