internal import CLibXML2
package import Files

/// The elements of an XML file one after another, by libxml2's reader: one of them is in memory at a
/// time.
///
/// Nothing outside the file is looked at: no DTD is loaded, no entity but XML's own five is known, and a
/// file that declares some is refused.
package final class XMLWalker {
  private let path: String
  private let feed: Feed
  private let reader: xmlTextReaderPtr
  private var isChecked = false
  /// The root's closing tag has been read.
  private var isClosed = false

  /// `head` holds bytes of the stream that were read before.
  package init(_ path: String, _ stream: any ByteStream, head: consuming ByteBuffer) throws {
    self.path = path
    feed = Feed(stream, head: head)
    guard LibXML2.isReady else { throw FileError(path, "libxml2 could not start") }
    let reader = xmlReaderForIO(
      { context, bytes, count in
        guard let context, let bytes, count > 0 else { return 0 }
        // Sound: the walker owns both feed and reader.
        let feed = Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue()
        return Int32(
          feed.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: Int(count))))
      }, nil, Unmanaged.passUnretained(feed).toOpaque(), nil, nil,
      Int32(XML_PARSE_NONET.rawValue | XML_PARSE_COMPACT.rawValue))
    guard let reader else { throw FileError(path, "libxml2 could not start") }
    self.reader = reader
    xmlTextReaderSetStructuredErrorHandler(
      reader,
      { context, error in
        guard let context, let error else { return }
        Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue().note(error.pointee)
      }, Unmanaged.passUnretained(feed).toOpaque())
  }

  deinit { xmlFreeTextReader(reader) }

  /// The name of the next element's opening tag with how deep it stands, the root at 0; nil at the end.
  package func next() throws -> (name: String, depth: Int)? {
    while true {
      let result = xmlTextReaderRead(reader)
      if let failure = feed.failure { throw failure }
      // An entity that is not known is an error after which the parser goes on.
      if result < 0 || feed.error != nil { throw syntaxError() }
      if result == 0 { return nil }
      let type = xmlTextReaderNodeType(reader)
      if xmlTextReaderDepth(reader) == 0 {
        isClosed =
          type == Int32(XML_READER_TYPE_END_ELEMENT.rawValue)
          || type == Int32(XML_READER_TYPE_ELEMENT.rawValue)
            && xmlTextReaderIsEmptyElement(reader) == 1
      }
      if !isChecked { try checkEntities() }
      guard type == Int32(XML_READER_TYPE_ELEMENT.rawValue) else { continue }
      let name = xmlTextReaderConstLocalName(reader).map { String(cString: $0) } ?? ""
      return (name, Int(xmlTextReaderDepth(reader)))
    }
  }

  /// Lends the value of an attribute of the element at hand; nil where it has none of this name.
  package func withValue<Result>(
    of attribute: String, _ body: (Span<UInt8>) throws -> Result
  ) rethrows -> Result? {
    guard xmlTextReaderMoveToAttribute(reader, attribute) == 1 else { return nil }
    defer { xmlTextReaderMoveToElement(reader) }
    guard let value = xmlTextReaderConstValue(reader) else { return nil }
    let bytes = UnsafeBufferPointer(start: value, count: Int(xmlStrlen(value)))
    return try body(Span(_unsafeElements: bytes))
  }

  package func text(of attribute: String) -> String? {
    withValue(of: attribute) { bytes in
      bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// An error at the element at hand.
  package func failure(_ message: String) -> FileError {
    // An element remembers no more lines than these; the parser is at most some hundred bytes ahead.
    let line = xmlTextReaderCurrentNode(reader).map { Int(xmlGetLineNo($0)) } ?? 0
    guard 1..<65535 ~= line else {
      return FileError(
        path, "near line \(xmlTextReaderGetParserLineNumber(reader)): \(message)")
    }
    return FileError(path, "line \(line): \(message)")
  }

  /// Refuses a document that declares entities, before its first row: what is short could stand for
  /// what is long, or for another file.
  private func checkEntities() throws {
    guard let node = xmlTextReaderCurrentNode(reader) else { return }
    if node.pointee.doc?.pointee.intSubset?.pointee.entities != nil {
      throw failure("the document declares entities, which no dump does; it is not read")
    }
    let type = xmlTextReaderNodeType(reader)
    isChecked = type == Int32(XML_READER_TYPE_ELEMENT.rawValue)
  }

  private func syntaxError() -> FileError {
    guard let error = feed.error else { return failure("is not XML") }
    if error.isEnding && !isClosed && feed.isAtEnd {
      return FileError(
        path,
        "ends in line \(error.line), before its root element does; it was cut short, fetch it again"
      )
    }
    return FileError(
      path,
      "line \(error.line): is not well-formed XML: \(error.message); fetch it again, or mend it there"
    )
  }
}

/// What libxml2 reads from, and what it had to say.
private final class Feed {
  private let stream: any ByteStream
  private var buffer: ByteBuffer
  private var used = 0
  private(set) var failure: FileError?
  /// The first one; those after it follow from it.
  private(set) var error: (line: Int, message: String, isEnding: Bool)?
  private(set) var isAtEnd = false

  private static let size = 1 << 18

  init(_ stream: any ByteStream, head: consuming ByteBuffer) {
    self.stream = stream
    buffer = head
  }

  /// Copies the next bytes; 0 at the end, -1 where they cannot be read.
  func read(into room: UnsafeMutableRawBufferPointer) -> Int {
    if used == buffer.count {
      buffer.removeAll()
      used = 0
      do throws(FileError) {
        isAtEnd = try stream.read(into: &buffer, upTo: Self.size) == 0
      } catch {
        failure = error
        return -1
      }
    }
    let count = min(room.count, buffer.count - used)
    buffer.withBytes(from: used) { bytes in
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }
    used += count
    return count
  }

  func note(_ found: xmlError) {
    // A namespace that nobody declared is no fault of the text.
    guard error == nil, found.level.rawValue >= XML_ERR_ERROR.rawValue,
      found.domain != Int32(XML_FROM_NAMESPACE.rawValue)
    else { return }
    let message = found.message.map { String(cString: $0) } ?? "unknown error"
    error = (
      Int(found.line), message.split(separator: "\n").first.map(String.init) ?? message,
      found.code == Int32(XML_ERR_DOCUMENT_END.rawValue)
    )
  }
}
