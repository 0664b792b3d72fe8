internal import Notation

/// The lines of the OpenAI batch format.
enum BatchLine {
  /// A request as a line of the file that goes to a batch.
  static func text(of request: TeacherRequest) -> String {
    #"{"custom_id":"\#(request.hash)","method":"POST","url":"/v1/chat/completions","body":"#
      + request.body(isStreamed: false) + "}\n"
  }
}

/// What a line of a batch's results says of one request.
struct BatchResult {
  /// The request's hash, if the line is of this store.
  let request: String
  let outcome: Outcome
  /// All of the line.
  let line: JSON
  /// Of HTTP, where the request came so far.
  let status: Int?

  enum Outcome {
    case answer(Completion, body: JSON)
    /// Status 200, and no whole answer.
    case broken(String)
    case failed(String)
    case refused(String)
  }

  /// Throws where nobody can say of which request it is.
  init(_ line: JSON) throws(BatchLineError) {
    guard line.members != nil else { throw BatchLineError("is no JSON object") }
    guard let request = line["custom_id"]?.text else {
      throw BatchLineError("has no 'custom_id'; it is no result of a batch")
    }
    let response = line["response"] ?? .null
    let error = line["error"] ?? .null
    guard response != .null || error != .null else {
      throw BatchLineError(
        line["url"] == nil
          ? "has neither 'response' nor 'error'" : "is a request, and not what came of it")
    }
    self.request = request
    self.line = line
    status = response["status_code"]?.int
    outcome = Self.outcome(status, response["body"] ?? .null, error)
  }

  private static func outcome(_ status: Int?, _ body: JSON, _ error: JSON) -> Outcome {
    let hasError = !isNothing(error) || body["error"].map { !isNothing($0) } == true
    if 200..<300 ~= status ?? 200 {
      do throws(CompletionError) {
        return .answer(try Completion(body), body: body)
      } catch {
        if !hasError { return .broken(error.description) }
      }
    }
    // vLLM has status 400 and a bare text for whatever went wrong with it.
    let isTold = error.members != nil || body.members != nil
    let words = words(of: isNothing(error) ? body : error) ?? status.map { "status \($0)" }
    return isTold && [400, 413, 422].contains(status)
      ? .refused(words ?? "refused") : .failed(words ?? "failed")
  }

  private static func isNothing(_ error: JSON) -> Bool {
    error == .null || error == .object([]) || error == .string("")
  }

  /// What an error says, its code first: 'batch_expired'.
  private static func words(of error: JSON) -> String? {
    guard !isNothing(error), let words = serverWords(Array(error.compact.utf8)) else { return nil }
    let code = error["code"]?.text ?? error["error"]?["code"]?.text
    return (code.map { "\(quoted($0)): " } ?? "") + words
  }
}

/// Why a line is no result.
struct BatchLineError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
