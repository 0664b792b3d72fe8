internal import CSimdJSON
internal import Files

/// Finds the wanted fields of a row, one forward pass each; a worker owns one.
package struct RowScanner: ~Copyable {
  private let scanner: OpaquePointer
  private let projection: Projection
  private var values: [bm_value]
  private let typed: [(slot: Projection.Slot, field: Field)]

  /// Byte of the row at which the last fault lies.
  package private(set) var faultOffset = 0

  package init(_ projection: Projection) {
    var projection = projection
    typed = projection.fields.map { (projection.slot(of: $0), $0) }
    self.projection = projection
    values = Array(repeating: bm_value(), count: projection.columns.count)
    var texts: [UnsafeMutablePointer<CChar>] = []
    let wanted = projection.columns.map { column in
      let key = strdup(column.key)
      let member = strdup(column.member)
      texts += [key, member]
      return bm_wanted(
        key: key, key_length: column.key.utf8.count,
        member: member, member_length: column.member.utf8.count)
    }
    guard let scanner = bm_scanner_create(wanted, wanted.count) else { fatalError("out of memory") }
    self.scanner = scanner
    for text in texts { text.deallocate() }
  }

  deinit { bm_scanner_destroy(scanner) }

  /// Reads the row and lends it to `body` as a sample, or says what is wrong with it.
  ///
  /// The row must be followed by `ByteBuffer.padding` readable bytes.
  package mutating func scan(_ row: Span<UInt8>) -> RowFault? {
    let status = row.withUnsafeBufferPointer { bytes in
      values.withUnsafeMutableBufferPointer { values in
        bm_scan(scanner, bytes.baseAddress, bytes.count, values.baseAddress)
      }
    }
    guard status == bm_ok else {
      faultOffset = bm_error_offset(scanner)
      return fault(status, in: row)
    }
    return typeFault()
  }

  /// The row of the last successful scan, as a sample.
  @_lifetime(copy row, borrow self)
  package func sample(of row: Span<UInt8>) -> Sample {
    Sample(row: row, values: values.span, scanner: scanner)
  }

  /// Whether the last row had the key of this column at all.
  package func isPresent(_ column: Int) -> Bool { values[column].kind != bm_absent }

  /// How many top-level keys the last row had.
  package var keyCount: Int {
    var count = 0
    _ = bm_keys(scanner, &count)
    return count
  }

  /// All top-level keys of the last row, in its order.
  package func keys(of row: Span<UInt8>) -> [String] {
    var count = 0
    guard let keys = bm_keys(scanner, &count) else { return [] }
    return (0..<count).map { index in
      let key = Value(keys[index])
      var text = ByteBuffer(capacity: key.range.count)
      unescape(row.extracting(key.range), into: &text)
      return String(copying: text.bytes)
    }
  }

  private func fault(_ status: bm_status, in row: Span<UInt8>) -> RowFault {
    switch status {
    case bm_not_object: .notObject
    case bm_truncated: .truncated
    case bm_invalid_utf8: .invalidUTF8
    case bm_control_character: .controlCharacter
    case bm_invalid_escape: .invalidEscape
    case bm_too_deep: .tooDeep
    case bm_duplicate_key: .duplicateKey(keys(of: row).last ?? "")
    case bm_out_of_memory: fatalError("out of memory while reading a row")
    default: .syntax
    }
  }

  private mutating func typeFault() -> RowFault? {
    for (slot, field) in typed {
      let value = Value(values[slot.column])
      if let fault = fault(of: value, field, isElement: false) { return fault }
      // The elements of an empty list have no address.
      guard value.kind == .array, value.count > 0, field.type != .any else { continue }
      let elements = bm_elements(scanner, slot.column)!
      if let index = slot.index {
        guard index < value.count else { continue }
        if let fault = fault(of: Value(elements[index]), field, isElement: true) { return fault }
      } else {
        for index in 0..<value.count {
          if let fault = fault(of: Value(elements[index]), field, isElement: true) { return fault }
        }
      }
    }
    return nil
  }

  private mutating func fault(of value: Value, _ field: Field, isElement: Bool) -> RowFault? {
    if value.isUnpaired {
      faultOffset = value.range.lowerBound
      return .unpairedSurrogate(field: field.path.key)
    }
    if value.kind == .array && !isElement && field.path.index != nil { return nil }
    let type = isElement ? field.type.element ?? field.type : field.type
    guard !type.admits(value.kind) else { return nil }
    faultOffset = value.range.lowerBound
    return .wrongType(field: field.path.key, expected: type, found: value.kind)
  }
}

private func strdup(_ text: String) -> UnsafeMutablePointer<CChar> {
  let bytes = Array(text.utf8CString)
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
  copy.initialize(from: bytes, count: bytes.count)
  return copy
}
