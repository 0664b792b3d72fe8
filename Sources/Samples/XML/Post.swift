internal import Files
internal import Markup

/// A question or an answer of a Stack Exchange dump, with what it adds to a row as JSON members.
struct Post {
  /// What it is sorted by: the number of its question, questions before answers, then its own number.
  var question: Int64
  var isAnswer: Bool
  var id: Int64
  var score: Int64
  /// Of a question the number of the answer that was accepted, 0 where none was.
  var accepted: Int64
  /// Its members, in the memory that holds them.
  var members: Range<Int>

  func precedes(_ other: Post) -> Bool {
    if question != other.question { return question < other.question }
    if isAnswer != other.isAnswer { return !isAnswer }
    return id < other.id
  }

  /// Whether this answer goes before the other one: the accepted one, else the higher score, else the
  /// older one.
  func isBetter(than other: Post, accepted: Int64) -> Bool {
    if (id == accepted) != (other.id == accepted) { return id == accepted }
    return score != other.score ? score > other.score : id < other.id
  }
}

/// Reads the element at hand of a dump.
///
/// Attributes as of the dump of 2024: https://meta.stackexchange.com/q/2677
struct PostReader {
  private let walker: XMLWalker
  /// Members that are wanted; nil takes all.
  private let keys: Set<String>?

  /// What a question and an answer add to a row, in their order.
  static let questionKeys = [
    "id", "title", "body", "tags", "score", "date", "link", "author", "licence",
  ]
  static let answerKeys = [
    "answer", "answer_id", "answer_score", "is_accepted", "answer_date", "answer_author",
    "answer_licence",
  ]

  init(_ walker: XMLWalker, keys: [String]?) {
    self.walker = walker
    self.keys = keys.map(Set.init)
  }

  /// Appends its members to the buffer; nil where it is neither question nor answer.
  func read(into buffer: inout ByteBuffer) throws -> Post? {
    guard let id = try number("Id"), id > 0 else { throw walker.failure("a row without 'Id'") }
    guard let type = try number("PostTypeId") else {
      throw walker.failure("row \(id) has no 'PostTypeId'")
    }
    guard type == 1 || type == 2 else { return nil }
    let isAnswer = type == 2
    var question = id
    if isAnswer {
      guard let parent = try number("ParentId"), parent > 0 else {
        throw walker.failure("the answer \(id) has no 'ParentId'")
      }
      question = parent
    }
    let score = try number("Score") ?? 0
    let start = buffer.count
    let prefix = isAnswer ? "answer_" : ""
    text("Body", as: isAnswer ? "answer" : "body", to: &buffer, since: start)
    member(prefix + "id", "\(id)", to: &buffer, since: start)
    member(prefix + "score", "\(score)", to: &buffer, since: start)
    text("CreationDate", as: prefix + "date", to: &buffer, since: start)
    if wants(prefix + "author") { author(prefix + "author", to: &buffer, since: start) }
    if wants(prefix + "licence") { licence(prefix + "licence", to: &buffer, since: start) }
    if !isAnswer {
      text("Title", as: "title", to: &buffer, since: start)
      if wants("tags") { tags(to: &buffer, since: start) }
      member("link", "\"/questions/\(id)\"", to: &buffer, since: start)
    }
    return Post(
      question: question, isAnswer: isAnswer, id: id, score: score,
      accepted: isAnswer ? 0 : try number("AcceptedAnswerId") ?? 0, members: start..<buffer.count)
  }

  func wants(_ key: String) -> Bool { keys?.contains(key) ?? true }

  // MARK: Members

  private func number(_ attribute: String) throws -> Int64? {
    guard let text = walker.text(of: attribute) else { return nil }
    guard let number = Int64(text) else {
      throw walker.failure("'\(attribute)' should be a whole number, and is \"\(text.prefix(40))\"")
    }
    return number
  }

  private func member(_ key: String, _ json: String, to buffer: inout ByteBuffer, since start: Int)
  {
    guard wants(key) else { return }
    if buffer.count > start { buffer.append(", ") }
    buffer.append("\"\(key)\": \(json)")
  }

  private func text(
    _ attribute: String, as key: String, to buffer: inout ByteBuffer, since start: Int
  ) {
    guard wants(key) else { return }
    if buffer.count > start { buffer.append(", ") }
    buffer.append("\"\(key)\": ")
    var isThere = false
    _ = walker.withValue(of: attribute) { bytes in
      isThere = true
      buffer.append(UInt8(ascii: "\""))
      escape(bytes, into: &buffer)
      buffer.append(UInt8(ascii: "\""))
    }
    if !isThere { buffer.append("null") }
  }

  /// `<a><b>` in dumps before 2024, `|a|b|` in later ones.
  private func tags(to buffer: inout ByteBuffer, since start: Int) {
    let text = walker.text(of: "Tags") ?? ""
    let names = text.split { "<>|".contains($0) }
    let list = names.map { name in
      var bytes = ByteBuffer()
      var json = ByteBuffer()
      bytes.append(String(name))
      escape(bytes.bytes, into: &json)
      return "\"" + String(copying: json.bytes) + "\""
    }
    member("tags", "[" + list.joined(separator: ", ") + "]", to: &buffer, since: start)
  }

  /// The page of who wrote it, below the site's address; of who has no page any more the name.
  private func author(_ key: String, to buffer: inout ByteBuffer, since start: Int) {
    if let user = walker.text(of: "OwnerUserId"),
      user.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2D })
    {
      member(key, "\"/users/\(user)\"", to: &buffer, since: start)
    } else {
      text("OwnerDisplayName", as: key, to: &buffer, since: start)
    }
  }

  /// What the dump says, else what the site's terms were on the day of writing.
  ///
  /// https://stackoverflow.com/help/licensing
  private func licence(_ key: String, to buffer: inout ByteBuffer, since start: Int) {
    if walker.text(of: "ContentLicense") != nil {
      return text("ContentLicense", as: key, to: &buffer, since: start)
    }
    let date = walker.text(of: "CreationDate") ?? ""
    let version = date < "2011-04-08" ? "2.5" : date < "2018-05-02" ? "3.0" : "4.0"
    member(key, date.isEmpty ? "null" : "\"CC BY-SA \(version)\"", to: &buffer, since: start)
  }
}
