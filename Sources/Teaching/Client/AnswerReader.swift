internal import NIOCore
internal import NIOHTTP1
internal import Notation

/// Takes in what one server says to one request, piece by piece, and tells what that is.
///
/// A stream is joined as it comes. Its bytes are kept besides, up to a limit, for the case that it
/// turns out to be no answer.
final class AnswerReader {
  private(set) var status: Int?
  /// Bytes of text so far, as they are spelt in JSON.
  var textCount: Int { joiner.textCount }
  /// Whether nothing that may still come makes a difference.
  private(set) var isOver = false

  /// Whether `[DONE]` has come.
  var isWhole: Bool { joiner.isDone }

  private enum Form { case unknown, stream, object, words }
  private var form = Form.unknown
  private var events = EventStream()
  private var joiner = ChunkJoiner()
  /// What makes the answer useless, or stands in its place.
  private var fault: String?
  private var error: [UInt8]?
  private var raw: [UInt8] = []
  private var byteCount = 0
  private var retryAfter: Double?
  private var location: String?
  private let key: TeacherKey?
  private let rawLimit, answerLimit: Int

  /// Larger answers are nobody's, and larger refusals need not be read.
  static let answerByteLimit = 64 << 20
  static let rawByteLimit = 1 << 20

  /// `rawLimit`: bytes that are kept of a stream as they came.
  init(
    key: TeacherKey?, rawLimit: Int = rawByteLimit, answerLimit: Int = answerByteLimit
  ) {
    self.key = key
    self.rawLimit = rawLimit
    self.answerLimit = answerLimit
  }

  /// `now` is in seconds since 1970.
  func read(_ head: HTTPResponseHead, now: Double) {
    status = Int(head.status.code)
    guard 200..<300 ~= head.status.code else {
      form = .words
      location = head.headers.first(name: "location").map { key.redacting($0) }
      let date = head.headers.first(name: "date").flatMap { RetryAfter.date($0) }
      retryAfter = head.headers.first(name: "retry-after")
        .flatMap { RetryAfter.seconds($0, now: date ?? now) }
      return
    }
    let type = (head.headers.first(name: "content-type") ?? "").lowercased()
    if type.hasPrefix("text/event-stream") {
      form = .stream
    } else if type.hasPrefix("application/json") {
      form = .object
    }
  }

  func read(_ buffer: NIOCore.ByteBuffer) {
    guard !isOver else { return }
    let bytes = buffer.readableBytesView
    byteCount += bytes.count
    if form == .unknown { form = guess(bytes) }
    let keptLimit = form == .object ? answerLimit : rawLimit
    if raw.count < keptLimit { raw.append(contentsOf: bytes.prefix(keptLimit - raw.count)) }
    if byteCount > (form == .words ? Self.rawByteLimit : answerLimit) {
      fault = "an answer of more than \(answerLimit >> 20) MiB"
      isOver = true
    } else if form == .stream {
      // White space that came before the form was known counts for nothing.
      join { (take: EventTaking) throws(JSONError) in try events.read(bytes, take) }
    }
  }

  /// Where the type does not tell: an object begins with a brace.
  private func guess(_ bytes: ByteBufferView) -> Form {
    switch bytes.first(where: { $0 > 0x20 }) {
    case nil: .unknown
    case UInt8(ascii: "{"): .object
    default: .stream
    }
  }

  private typealias EventTaking = (ArraySlice<UInt8>) throws(JSONError) -> Void

  private func join(_ read: (EventTaking) throws(JSONError) -> Void) {
    do throws(JSONError) {
      try read(take)
      error = error ?? joiner.error
    } catch {
      fault = "the stream has what is no JSON: \(error.message)"
    }
    isOver = fault != nil || error != nil || joiner.isDone
  }

  private func take(_ event: ArraySlice<UInt8>) throws(JSONError) {
    do throws(JSONError) {
      try joiner.read(event)
    } catch {
      // Some servers put a message into an error without escaping it.
      guard event.starts(with: Self.errorOpening) else { throw error }
      self.error = Array(event)
    }
  }

  private static let errorOpening = Array(#"{"error""#.utf8)

  /// What has come when nothing more does; `problem` is why, where the body did not end as it
  /// should.
  func end(_ problem: String?) -> Reply {
    guard let status else { return Reply(.nothing, nil, nil, problem) }
    if form == .stream, problem == nil, !isOver {
      join { (take: EventTaking) throws(JSONError) in try events.finish(take) }
    }
    var reply = result(of: status, problem)
    reply.textCount = textCount
    if reply.response == nil {
      reply.response = key.redacting(raw, isJSON: false)
      if byteCount > raw.count, case .broken = reply.result {
        reply.problem = (reply.problem ?? "") + "; kept are \(raw.count) of \(byteCount) bytes"
      }
    }
    return reply
  }

  private func result(of status: Int, _ problem: String?) -> Reply {
    if form == .words {
      let words = serverWords(key.redacting(raw, isJSON: false))
      return Reply(.status(retryAfter: retryAfter, location: location), status, nil, words)
    }
    if let error {
      return Reply(.error, status, nil, serverWords(key.redacting(error, isJSON: false)))
    }
    if let fault { return Reply(.broken, status, nil, fault) }
    if form == .stream {
      guard joiner.isDone || joiner.isFinished && problem == nil else {
        let words = joiner.isEmpty ? serverWords(key.redacting(raw, isJSON: false)) : nil
        let problem = problem ?? "the stream ended without a finish reason"
        return Reply(.broken, status, nil, problem + (words.map { ": \($0)" } ?? ""))
      }
      return whole(joiner.completion(), status)
    }
    if let problem { return Reply(.broken, status, nil, problem) }
    guard form == .object else { return Reply(.broken, status, nil, "an empty body") }
    return whole(raw, status)
  }

  private func whole(_ bytes: [UInt8], _ status: Int) -> Reply {
    let bytes = key.redacting(bytes, isJSON: true)
    do {
      let json = try JSON(parsing: bytes)
      let isError = json["error"] ?? .null != .null || json["object"]?.text == "error"
      guard !isError || json["choices"] != nil else {
        return Reply(.error, status, nil, serverWords(bytes))
      }
      return Reply(.answer(try Completion(json)), status, bytes, nil)
    } catch let error as JSONError {
      return Reply(.broken, status, nil, "the answer is no JSON: \(error)")
    } catch {
      return Reply(.broken, status, nil, "\(error)")
    }
  }
}

/// What a server said to a request, all in all.
struct Reply: Sendable {
  enum Result: Sendable {
    case answer(Completion)
    /// Status 200, and no whole answer.
    case broken
    /// Status 200, and an error in the place of an answer.
    case error
    /// Any other status; seconds after which one may ask again, where the server tells.
    case status(retryAfter: Double?, location: String?)
    /// Not a byte.
    case nothing
  }

  var result: Result
  var status: Int?
  /// Of an answer its JSON, of anything else what came, without the key.
  var response: [UInt8]?
  /// What is wrong, in the words of the server if it has some.
  var problem: String?
  /// Bytes of a stream's text.
  var textCount = 0

  init(_ result: Result, _ status: Int?, _ response: [UInt8]?, _ problem: String?) {
    self.result = result
    self.status = status
    self.response = response
    self.problem = problem
  }
}
