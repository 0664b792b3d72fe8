internal import Foundation

/// What a server says to one whom it turns away, in the words of servers that there are.
struct Refusal {
  var status: Int
  var retryAfter = Behaviour.RetryAfter.unsaid
  var model = ""
  /// The header `Authorization`; some servers repeat it.
  var authorization: String?

  /// Value of `Retry-After`.
  var retryAfterValue: String? {
    switch retryAfter {
    case .unsaid: return nil
    case .seconds(let seconds): return "\(seconds)"
    case .date(let seconds):
      let format = DateFormatter()
      format.locale = Locale(identifier: "en_US_POSIX")
      format.timeZone = TimeZone(secondsFromGMT: 0)
      format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
      return format.string(from: Date(timeIntervalSinceNow: Double(seconds)))
    }
  }

  var reason: String {
    switch status {
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 402: "Payment Required"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 413: "Payload Too Large"
    case 422: "Unprocessable Entity"
    case 429: "Too Many Requests"
    case 500: "Internal Server Error"
    case 503: "Service Unavailable"
    default: "Status"
    }
  }

  var type: String { status == 413 ? "text/html" : "application/json" }

  var body: String {
    switch status {
    case 400:
      error(
        "This model's maximum context length is 4096 tokens. However, you requested more. Please "
          + "reduce the length of the messages or completion.", "BadRequestError", "400")
    case 401:
      error(
        key.isEmpty
          ? "You didn't provide an API key." : "Incorrect API key provided: \(key).",
        "invalid_request_error", "\"invalid_api_key\"")
    case 402: error("Insufficient Balance", "unknown_error", "\"invalid_request_error\"")
    case 404: error("The model `\(model)` does not exist.", "NotFoundError", "404")
    case 413:
      "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n"
        + "<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n</body>\r\n</html>"
    case 422:
      #"{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}"#
    case 429:
      error(
        "Rate limit reached for requests. Please slow down.", "requests",
        "\"rate_limit_exceeded\"")
    case 500:
      error("Internal error while serving [authorization: Bearer \(key)]", "server_error", "500")
    case 503: error("The server is overloaded. Please try again later.", "server_error", "503")
    default: error("Status \(status)", "error", "\(status)")
    }
  }

  private var key: String {
    guard let authorization else { return "" }
    return authorization.hasPrefix("Bearer ") ? String(authorization.dropFirst(7)) : authorization
  }

  private func error(_ message: String, _ type: String, _ code: String) -> String {
    var text = [UInt8]()
    text.appendEscaped(Array(message.utf8))
    return #"{"error":{"message":""# + String(decoding: text, as: UTF8.self)
      + #"","type":""# + type + #"","param":null,"code":"# + code + "}}"
  }
}

extension [UInt8] {
  /// Appends text as it stands between the quotes of a JSON string; bytes that are no UTF-8 go
  /// through, unless characters beyond ASCII are escaped as well.
  mutating func appendEscaped(_ text: some Collection<UInt8>, toASCII: Bool = false) {
    func hex(_ unit: UInt16) -> [UInt8] {
      let digits = Array("0123456789abcdef".utf8)
      return Array("\\u".utf8) + [12, 8, 4, 0].map { digits[Int(unit >> $0) & 15] }
    }
    if toASCII {
      for unit in String(decoding: text, as: UTF8.self).utf16 {
        if unit < 0x80 {
          appendEscaped(CollectionOfOne(UInt8(unit)))
        } else {
          append(contentsOf: hex(unit))
        }
      }
      return
    }
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(UInt8(ascii: "\\"))
        append(byte)
      case UInt8(ascii: "\n"): append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
      case 0..<0x20: append(contentsOf: hex(UInt16(byte)))
      default: append(byte)
      }
    }
  }
}
