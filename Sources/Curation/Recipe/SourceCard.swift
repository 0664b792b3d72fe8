internal import Files
internal import Notation
package import Samples

/// A described source: licence, revision, where its files are, which raw field plays which part.
package struct SourceCard: Sendable, FieldScope {
  package var name: String
  package var about: String
  package var licence: String
  package var homepage: String
  /// A commit, tag or branch of the hub's repository.
  package var revision: String
  /// The data set's name on the Hugging Face hub, `ORG/NAME`.
  package var hub: String
  /// The first one is meant where a recipe names none.
  package var configs: [Config]
  /// What the files are, where that is said; else they are told apart by their bytes.
  package var format: Format?
  /// Fields whose decoded values make a sample's id.
  package var identity: [String]
  package var fields: [Field]
  package var text: String
  /// All of it but `about`, without the file's comments and spacing.
  let meaning: String
  let file: String

  /// A layout that a card can name.
  package enum Format: String, CaseIterable, Sendable {
    /// `Posts.xml` of a dump of one of Stack Exchange's sites.
    case stackexchange
  }

  /// One of the tables that a data set is published in.
  package struct Config: Sendable {
    package var name: String
    /// As published.
    package var rows: Int?
    /// Layouts of the files in the repository, newest first; the first one that is there is taken.
    package var layouts: [String]
  }

  init(_ yaml: YAML, name: String, text: String) throws(RecipeError) {
    self.name = name
    self.text = text
    file = yaml.file
    guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) })
    else {
      throw yaml.fail("a source's name is its file's, of letters, digits, '.', '-' and '_'")
    }
    let known = [
      "about", "licence", "homepage", "revision", "hub", "configs", "identity", "fields", "format",
    ]
    let keys = try yaml.keyed("a source", known)
    func required(_ key: String) throws(RecipeError) -> YAML {
      guard let value = keys[key] else { throw yaml.fail("a source needs '\(key)'") }
      return value
    }
    var parts: [String] = []
    for key in known.dropFirst() {
      // A card without a format means what it meant before there were any.
      if key == "format" && keys[key] == nil { continue }
      parts.append(try keys[key]?.json() ?? "")
    }
    meaning = parts.joined(separator: "\n")
    about = try required("about").text("'about'")
    licence = try required("licence").text("'licence'")
    homepage = try keys["homepage"]?.text("'homepage'") ?? ""
    revision = try keys["revision"]?.text("'revision'") ?? "main"
    hub = try keys["hub"]?.text("'hub'") ?? ""
    format = try keys["format"].map(Self.format)

    configs = []
    for (key, value) in try keys["configs"]?.entries("'configs'") ?? [] {
      let config = try value.keyed("a config", ["rows", "files"])
      var layouts: [String] = []
      for layout in try config["files"]?.list("'files'") ?? [] {
        layouts.append(try layout.text("a file pattern"))
      }
      configs.append(
        Config(
          name: try key.text("a name"), rows: try config["rows"]?.whole("'rows'"), layouts: layouts)
      )
    }
    if configs.isEmpty { configs = [Config(name: "default", rows: nil, layouts: [])] }

    fields = []
    for (key, value) in try required("fields").entries("'fields'") {
      fields.append(try Self.field(try key.text("a name"), value))
    }
    identity = []
    for value in try required("identity").list("'identity'") {
      let name = try value.text("a field")
      let field = try field(named: name, at: value)
      guard !field.type.isList else { throw value.fail("a list cannot be an identity") }
      identity.append(name)
    }
    guard fields.contains(where: { $0.name == "prompt" && $0.type == .text }) else {
      throw try required("fields").fail("a source needs a field 'prompt' that is a text")
    }
  }

  private static func format(_ yaml: YAML) throws(RecipeError) -> Format {
    let name = try yaml.text("'format'")
    guard let format = Format(rawValue: name) else {
      let names = Format.allCases.map(\.rawValue)
      throw yaml.fail(
        "no format is called '\(name)'\(choices(for: name, among: names, "there is"))"
          + "; JSON and Parquet are told by their bytes and need none")
    }
    return format
  }

  /// Refuses a file of another layout than the card says.
  package func check(_ reader: any RowReader) throws {
    let isDump = reader is StackExchangeReader
    if format == .stackexchange && !isDump {
      throw FileError(
        reader.file.path,
        "is no Posts.xml of a Stack Exchange dump, which the card of '\(name)' says it is")
    }
    if isDump && format == nil {
      throw FileError(
        reader.file.path,
        "is XML; the card of '\(name)' has to say 'format: stackexchange' to read it")
    }
  }

  static func field(_ name: String, _ yaml: YAML) throws(RecipeError) -> Field {
    var path = yaml
    var type = FieldType.text
    var marks: Marks?
    if yaml.isMapping {
      let keys = try yaml.keyed("a field", ["from", "type", "between"])
      guard let from = keys["from"] else { throw yaml.fail("a field needs 'from'") }
      path = from
      if let value = keys["type"] {
        let name = try value.text("'type'")
        guard let known = FieldType(rawValue: name) else {
          let names = FieldType.allCases.map(\.rawValue)
          throw value.fail(
            "no type is called '\(name)'\(choices(for: name, among: names, "there are"))")
        }
        type = known
      }
      if let value = keys["between"] {
        let list = try value.list("'between'")
        guard list.count == 2, type == .text else {
          throw value.fail("'between' is a list of two marks in a text")
        }
        marks = Marks(try list[0].text("a mark"), try list[1].text("a mark"))
      }
    }
    guard let from = FieldPath(try path.text("a raw field")) else {
      throw path.fail("a raw field is 'key', 'key[0]', 'key[].member' or 'key[0].member'")
    }
    return Field(name: name, path: from, type: type, between: marks)
  }

  func field(named name: String, at place: YAML) throws(RecipeError) -> Field {
    if let field = fields.first(where: { $0.name == name }) { return field }
    throw place.fail(
      "\(self.name) has no field called '\(name)'"
        + choices(for: name, among: fields.map(\.name), "it has"))
  }

  /// The config of this name; nil takes the first.
  package func config(_ name: String?) -> Config? {
    guard let name else { return configs.first }
    return configs.first { $0.name == name }
  }
}

/// Whatever can say what a field's name means.
protocol FieldScope {
  func field(named name: String, at place: YAML) throws(RecipeError) -> Field
}
