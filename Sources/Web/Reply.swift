internal import HTTPTypes

/// An answer before it is HTTP.
struct Reply: Sendable {
  var status: HTTPResponse.Status
  var type: String
  var body: String
  /// Beside those that every answer has.
  var headers: [(HTTPField.Name, String)] = []

  init(_ status: HTTPResponse.Status, type: String, _ body: String) {
    self.status = status
    self.type = type
    self.body = body
  }

  /// A few words, without a page around them.
  init(_ status: HTTPResponse.Status, _ words: String) {
    self.init(status, type: "text/plain; charset=utf-8", words + "\n")
  }
}
