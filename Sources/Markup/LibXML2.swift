internal import CLibXML2

/// The library, made ready once for all threads.
///
/// What a text says of other files is never looked at: whoever asks for one gets none.
enum LibXML2 {
  static let isReady: Bool = {
    xmlInitParser()
    xmlSetExternalEntityLoader { _, _, _ in nil }
    return true
  }()
}
