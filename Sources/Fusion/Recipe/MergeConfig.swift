internal import Files
internal import Foundation
package import Notation

/// A merge file: mergekit's YAML as it is, and our own keys beside it.
///
/// Several documents build on each other: each but one has a `name`, by which others take it for
/// a model, and the one without is the output.
package struct MergeConfig: Sendable {
  /// The file's name in messages.
  package let file: String
  /// The file as it was given.
  package let text: String
  /// What the file says, without its comments and spacing.
  package let meaning: String
  /// In an order in which each needs only what stands before it; the last is the output.
  package let documents: [MergeDocument]

  package init(reading path: String) throws {
    let stream = try FileStream(path)
    let bytes = try stream.bytes(at: 0, count: stream.byteCount)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RecipeError(path, "is not UTF-8")
    }
    try self.init(parsing: text, file: path)
  }

  package init(parsing text: String, file: String) throws(RecipeError) {
    self.file = file
    self.text = text
    var documents: [MergeDocument] = []
    var meanings: [String] = []
    for yaml in try YAML.documents(of: text, file: file) {
      documents.append(try MergeDocument(yaml))
      meanings.append(try yaml.json())
    }
    meaning = meanings.joined(separator: "\n")
    self.documents = try Self.ordered(documents)
  }

  /// A merge that stands in another file, as one document.
  package init(_ yaml: YAML) throws(RecipeError) {
    file = yaml.file
    meaning = try yaml.json()
    text = meaning + "\n"
    documents = try Self.ordered([MergeDocument(yaml)])
  }

  /// Every model that is named, and is not made by one of the documents.
  package var models: [ModelReference] {
    documents.flatMap(\.references).filter { document(for: $0) == nil }
  }

  /// Which document a model is the result of; nil for a folder.
  package func document(for model: ModelReference) -> Int? {
    documents.dropLast().firstIndex { $0.name == model.identity }
  }

  private static func ordered(_ documents: [MergeDocument]) throws(RecipeError) -> [MergeDocument] {
    guard documents.count > 1 else { return documents }
    // The search below goes as deep as there are documents.
    guard documents.count <= 1000 else {
      throw documents[1000].place.fail("a file has at most 1000 documents")
    }
    var indices: [String: Int] = [:]
    var output: Int?
    for (index, document) in documents.enumerated() {
      if let name = document.name {
        guard indices.updateValue(index, forKey: name) == nil else {
          throw document.place.fail("another document is called '\(name)' already")
        }
      } else {
        guard output == nil else {
          throw document.place.fail(
            "another document has no 'name' either; only the one that is the output goes without")
        }
        output = index
      }
    }
    guard let output else {
      throw documents[documents.count - 1].place.fail(
        "every document has a 'name'; the one that is the output goes without")
    }
    var order: [Int] = []
    var open: [Int] = []
    try visit(output, of: documents, by: indices, &open, &order)
    if let unused = documents.indices.first(where: { !order.contains($0) }) {
      // A ring that the output does not touch is told as such.
      try visit(unused, of: documents, by: indices, &open, &order)
      throw documents[unused].place.fail(
        "the output does not use '\(documents[unused].name ?? "")'; name it as a model, or remove"
          + " the document")
    }
    return order.map { documents[$0] }
  }

  /// Puts a document behind all that it needs.
  private static func visit(
    _ index: Int, of documents: [MergeDocument], by indices: [String: Int], _ open: inout [Int],
    _ order: inout [Int]
  ) throws(RecipeError) {
    guard !order.contains(index) else { return }
    open.append(index)
    for model in documents[index].references {
      guard let needed = indices[model.identity] else { continue }
      if let start = open.firstIndex(of: needed) {
        let ring = (open[start...] + [needed]).map { "'\(documents[$0].name ?? "")'" }
        throw model.place.fail(
          "a document cannot be made from itself: \(ring.joined(separator: " needs "))")
      }
      try visit(needed, of: documents, by: indices, &open, &order)
    }
    open.removeLast()
    order.append(index)
  }
}
