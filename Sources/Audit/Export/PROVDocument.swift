internal import Notation

/// A document of PROV-JSON that grows: records by their names, and relations between them.
struct PROVDocument {
  /// What a record says of itself besides its name.
  enum Value {
    case text(String)
    case texts([String])
    case whole(Int)
    /// Of something defined elsewhere, with its prefix.
    case name(String)

    fileprivate var json: JSON {
      switch self {
      case .text(let text): .string(text)
      case .texts(let texts): texts.count == 1 ? .string(texts[0]) : .array(texts.map(JSON.string))
      case .whole(let number): .members(["$": .string("\(number)"), "type": .string("xsd:long")])
      case .name(let name): .members(["$": .string(name), "type": .string("xsd:QName")])
      }
    }
  }

  private let namespace: String
  private var records: [(kind: String, members: [JSON.Member])] = [
    "entity", "activity", "agent",
  ].map { ($0, []) }
  private var known: Set<String> = []
  private var relations: Set<JSON> = []

  /// `namespace` is that of all names which the document gives.
  init(namespace: String) { self.namespace = namespace }

  /// The qualified name of what the document calls so.
  func name(_ local: String) -> String { "ws:" + percentEncoded(local) }

  mutating func entity(_ local: String, label: String, _ values: [(String, Value?)]) -> String {
    add("entity", local, [("prov:label", .text(label))] + values)
  }

  mutating func agent(_ local: String, label: String) -> String {
    add(
      "agent", local,
      [("prov:label", .text(label)), ("prov:type", .name("prov:SoftwareAgent"))])
  }

  mutating func activity(
    _ local: String, label: String, started: String, ended: String?, _ values: [(String, Value?)]
  ) -> String {
    add(
      "activity", local,
      [
        ("prov:startTime", .text(started)), ("prov:endTime", ended.map { .text($0) }),
        ("prov:label", .text(label)),
      ] + values)
  }

  /// Adds a record unless one has the name already; returns the qualified name.
  private mutating func add(_ kind: String, _ local: String, _ values: [(String, Value?)])
    -> String
  {
    let name = name(local)
    if known.insert(name).inserted { append(JSON.Member(name, members(of: values)), to: kind) }
    return name
  }

  /// Connects records, named by the roles that PROV-JSON has for the relation's ends; what is said
  /// already is not said again.
  mutating func relate(
    _ relation: String, _ ends: [(String, String)], _ values: [(String, Value?)] = []
  ) {
    let members = self.members(of: ends.map { ($0.0, .text($0.1)) } + values)
    guard relations.insert(.members([relation: members])).inserted else { return }
    append(JSON.Member("_:r\(relations.count)", members), to: relation)
  }

  private func members(of values: [(String, Value?)]) -> JSON {
    .object(
      values.compactMap { key, value in
        if case .texts(let texts) = value, texts.isEmpty { return nil }
        return value.map { JSON.Member(key, $0.json) }
      })
  }

  private mutating func append(_ member: JSON.Member, to kind: String) {
    if let index = records.firstIndex(where: { $0.kind == kind }) {
      records[index].members.append(member)
    } else {
      records.append((kind, [member]))
    }
  }

  var json: JSON {
    let prefixes = JSON.members([
      "ws": .string(namespace), "bm": .string("urn:branchmerge:"),
      "dct": .string("http://purl.org/dc/terms/"),
    ])
    return .object(
      [JSON.Member("prefix", prefixes)]
        + records.filter { !$0.members.isEmpty }.map { JSON.Member($0.kind, .object($0.members)) })
  }
}
