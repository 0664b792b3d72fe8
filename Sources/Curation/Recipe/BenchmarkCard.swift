internal import Notation
internal import Samples

/// A described benchmark: `datasets/benchmarks/NAME.yaml`. Its questions are not in the repository;
/// the user has their file, or a file of hashes.
package struct BenchmarkCard: Sendable {
  package let name: String
  package let about: String
  package let licence: String
  package let homepage: String
  package let revision: String
  /// The data set's name on the Hugging Face hub, and its file there.
  package let hub: String
  package let file: String
  /// What tells an item from the others; nil where only its number does.
  let id: Field?
  let prompt: Field
  package let text: String
  /// All of it that decides what the items are.
  let meaning: String

  init(_ yaml: YAML, name: String, text: String) throws(RecipeError) {
    self.name = name
    self.text = text
    guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) })
    else {
      throw yaml.fail("a benchmark's name is its file's, of letters, digits, '.', '-' and '_'")
    }
    let keys = try yaml.keyed(
      "a benchmark", ["about", "licence", "homepage", "revision", "hub", "file", "fields"])
    func required(_ key: String) throws(RecipeError) -> YAML {
      guard let value = keys[key] else { throw yaml.fail("a benchmark needs '\(key)'") }
      return value
    }
    about = try required("about").text("'about'")
    licence = try required("licence").text("'licence'")
    homepage = try keys["homepage"]?.text("'homepage'") ?? ""
    revision = try keys["revision"]?.text("'revision'") ?? "main"
    hub = try keys["hub"]?.text("'hub'") ?? ""
    file = try keys["file"]?.text("'file'") ?? ""
    let place = try required("fields")
    let fields = try place.keyed("'fields'", ["id", "prompt"])
    guard let prompt = fields["prompt"] else { throw place.fail("a benchmark needs 'prompt'") }
    self.prompt = try SourceCard.field("prompt", prompt)
    guard self.prompt.type == .text else { throw prompt.fail("a prompt is a text") }
    id = try fields["id"].map { value throws(RecipeError) in
      var field = try SourceCard.field("id", value)
      // A number is as good as a text.
      field.type = .any
      return field
    }
    meaning = try place.json()
  }

  /// How its file comes to where it is looked for.
  package var advice: String {
    let revision = revision == "main" ? "" : " --revision \(revision)"
    let fetch =
      hub.isEmpty
      ? homepage : "hf download --repo-type dataset \(hub)\(revision) \(file)"
    return "get it (\(fetch)) and put it there, or give it with --benchmark \(name)=PATH; a file of"
      + " hashes, made by 'branchmerge fingerprint \(name) PATH', will do"
  }
}
