internal import CLibXML2

/// libxml2's parser of HTML as a stream of events: what is left open is closed, what is wrong is put
/// right, and nothing is fetched. One is used for many texts, by one thread at a time.
final class PageParser {
  private let context: htmlParserCtxtPtr

  init() {
    guard LibXML2.isReady, let context = htmlNewParserCtxt() else { fatalError("out of memory") }
    self.context = context
    var handler = htmlSAXHandler()
    handler.initialized = XML_SAX2_MAGIC
    handler.startElement = { context, name, attributes in
      guard let name else { return }
      events(context).start(String(cString: name), Attributes(attributes))
    }
    handler.endElement = { context, _ in events(context).end() }
    handler.characters = { context, _, count in events(context).pieces(Int(count)) }
    handler.ignorableWhitespace = handler.characters
    handler.cdataBlock = handler.characters
    context.pointee.sax.pointee = handler
  }

  deinit { htmlFreeParserCtxt(context) }

  func parse(_ html: [UInt8], _ events: any PageEvents) {
    let box = EventBox(events)
    context.pointee.userData = Unmanaged.passUnretained(box).toOpaque()
    let options =
      HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue
      | HTML_PARSE_NODEFDTD.rawValue | HTML_PARSE_NONET.rawValue | HTML_PARSE_NOIMPLIED.rawValue
    html.withUnsafeBytes { bytes in
      // There is no tree, and so none to free.
      _ = htmlCtxtReadMemory(
        context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count), nil,
        "UTF-8", Int32(options))
    }
    withExtendedLifetime(box) {}
  }
}

/// What happens in a page, in its order.
protocol PageEvents: AnyObject {
  func start(_ name: String, _ attributes: Attributes)
  func end()
  /// The next so many pieces.
  func pieces(_ count: Int)
}

/// The attributes of one tag, lent for the event.
struct Attributes {
  private let list: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?

  fileprivate init(_ list: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?) { self.list = list }

  /// The value without entities; nil where the tag has none of this name.
  subscript(name: String) -> String? {
    guard let list else { return nil }
    var index = 0
    while let key = list[index] {
      if String(cString: key) == name { return list[index + 1].map { String(cString: $0) } ?? "" }
      index += 2
    }
    return nil
  }
}

private final class EventBox {
  let events: any PageEvents
  init(_ events: any PageEvents) { self.events = events }
}

/// Sound: the box outlives the parsing of its text.
private func events(_ context: UnsafeMutableRawPointer?) -> any PageEvents {
  Unmanaged<EventBox>.fromOpaque(context!).takeUnretainedValue().events
}
