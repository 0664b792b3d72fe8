import Foundation
import Testing

@testable import Teaching

struct ServerWordsTests {
  @Test(arguments: [
    (#"{"error":{"message":"Incorrect API key","type":"x"}}"#, "'Incorrect API key'"),
    (#"{"error":"out of memory"}"#, "'out of memory'"),
    (#"{"object":"error","message":"no\nsuch  model","code":404}"#, "'no such model'"),
    (
      #"{"detail":"Unexpected keys in the request: {'top_k'}"}"#,
      "'Unexpected keys in the request: {'top_k'}'"
    ),
    (
      #"{"detail":[{"type":"missing","loc":["body","messages",0],"msg":"Field required"},"#
        + #"{"msg":"no"}]}"#, "'body.messages.0: Field required; no'"
    ),
    (#"{"code":3}"#, #"'{"code":3}'"#),
    ("Internal Server Error", "'Internal Server Error'"),
    ("<html>\r\n<head><title>413 Too Large</title></head></html>", "'413 Too Large'"),
    ("a\u{1B}[2Jb\u{202E}", "'a\\u{1b}[2Jb\\u{202e}'"),
  ])
  func `what a server says is found in its forms and quoted`(_ body: String, _ words: String) {
    #expect(serverWords(Array(body.utf8)) == words)
  }

  @Test func `nothing is nothing, and much is cut`() {
    #expect(serverWords([]) == nil)
    #expect(serverWords(Array(" \n".utf8)) == nil)
    #expect(
      serverWords(Array(String(repeating: "ab ", count: 1000).utf8))
        == "'" + String(repeating: "ab ", count: 100) + "…'")
    #expect(serverWords([0xFF, 0x41]) == "'\u{FFFD}A'")
  }
}

struct RetryAfterTests {
  @Test(
    arguments: [
      ("7", 7.0), (" 0", 0), ("1.5", 1.5), ("999999999", 86_400), ("-1", nil), ("inf", nil),
      ("soon", nil), ("", nil), ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
      ("Sunday, 06-Nov-94 08:49:37 GMT", 37), ("Sun Nov  6 08:49:37 1994", 37),
      ("Sun, 06 Nov 1994 08:48:37 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 CET", nil),
      ("Sun, 99 Nov 1994 08:49:37 GMT", nil),
    ] as [(String, Double?)])
  func `a pause is told in seconds or as a date`(_ value: String, _ seconds: Double?) {
    // 08:49:00 on that day
    #expect(RetryAfter.seconds(value, now: 784_111_740) == seconds)
  }

  @Test func `dates are counted as the calendar does`() {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    for day in stride(from: 0, to: 60_000, by: 17) {
      let time = Double(day) * 86_400 + 3_723
      #expect(RetryAfter.date(format.string(from: Date(timeIntervalSince1970: time))) == time)
    }
  }
}

struct TeacherKeyTests {
  private let secret = #"sk-a/b\c"d%e"#

  @Test(arguments: [
    #"sk-a/b\c"d%e"#, #"sk-a\/b\\c\"d%e"#, #"sk\u002Da\u002fb\\c\"d%e"#, #"sk-a%2Fb%5cc%22d%25e"#,
    #"%73k-a/b\c"d%e"#,
  ])
  func `a key is found in every spelling`(_ spelling: String) throws {
    let key = try TeacherKey(secret, from: "KEY")
    for isJSON in [true, false] {
      let text = "a \(spelling), \(spelling)."
      let bytes = key.redacting(Array(text.utf8), isJSON: isJSON)
      #expect(String(decoding: bytes, as: UTF8.self) == "a •••, •••.")
    }
  }

  @Test func `what is not the key stays`() throws {
    let key = try TeacherKey("nsecret-1", from: "KEY")
    for text in ["nsecret-", "secret-1", #"%6zsecret"#, "", "nsecret-2 \\", "%", "\\u00"] {
      #expect(key.redacting(text) == text)
    }
    // A newline, and then no key.
    let json = Array(#""\nsecret-1""#.utf8)
    #expect(key.redacting(json, isJSON: true) == json)
    #expect(key.redacting(#"\nsecret-1"#) == #"\•••"#)
    // A word that answers have in them is no secret.
    let word = try TeacherKey("EMPTY", from: "KEY")
    #expect(word.redacting("EMPTY") == "EMPTY")
  }

  @Test func `a key is shown nowhere`() throws {
    let key = try TeacherKey("sk-123456789", from: "KEY")
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped, "\([key])"] {
      #expect(!text.contains("123456789"))
    }
  }

  @Test func `what is no key is refused without being repeated`() {
    for secret in ["", "sk 1234", "sk-ü", "sk-1234\n"] {
      let error = #expect(throws: AskingError.self) { try TeacherKey(secret, from: "KEY") }
      #expect(error?.description.contains("the environment variable KEY") == true)
      #expect(secret.isEmpty || error?.description.contains(secret) == false)
    }
    let error = #expect(throws: AskingError.self) {
      try TeacherKey(named: "BRANCHMERGE_NO_SUCH_VARIABLE")
    }
    #expect(
      error?.description
        == "the environment variable BRANCHMERGE_NO_SUCH_VARIABLE is not set; it should hold the key"
        + " of the teacher's server")
    #expect((try? TeacherKey(named: nil)) == nil)
  }
}
