internal import Notation

/// A question that many ask, under a name; `docs/queries.md` shows them all.
package struct NamedQuery: Encodable, Sendable {
  package var name: String
  /// What it asks, in a sentence.
  package var question: String
  /// What else can be done with the answer.
  package var remark: String?
  package var parameters: [Parameter] = []
  package var sql: String

  package struct Parameter: Encodable, Sendable {
    package var name: String
    package var about: String
    package var example: String
  }

  /// The text of a query: that of this name, or the text itself where it is no name.
  package static func sql(of text: String) throws -> String {
    guard text.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil else { return text }
    guard let query = all.first(where: { $0.name == text }) else {
      throw LedgerError(
        "no query is called '\(text)'" + choices(for: text, among: all.map(\.name), "there are"))
    }
    return query.sql
  }

  /// The documentation of all of them.
  package static var page: String {
    let start = """
      # Queries

      Printed by `branchmerge query --markdown`. `branchmerge query NAME --workspace work` asks the
      ledger of a workspace one of these; `--set` gives a parameter its value:

      ```
      branchmerge query why --workspace work --set id=\(all.compactMap(\.parameters.first)[0].example)
      ```

      In `sqlite3 work/lineage.sqlite` (3.38 or newer) they can be pasted. There a parameter is set so:

      ```
      .mode box
      .parameter set :id "'\(all.compactMap(\.parameters.first)[0].example)'"
      ```

      [ledger.md](ledger.md) explains the tables. `(SELECT max(id) FROM branch GROUP BY name)` is the
      latest build of each branch: `branchmerge branch` builds all in one run, `branchmerge run` each in
      a run of its own.
      """
    let list = all.map { "| [`\($0.name)`](#\($0.name)) | \($0.question) |" }
    let sections = all.map { query in
      var parts = ["## \(query.name)", query.question]
      if let remark = query.remark { parts.append(remark) }
      if !query.parameters.isEmpty {
        parts.append(
          query.parameters.map { "- `:\($0.name)`: \($0.about), as in `\($0.example)`" }
            .joined(separator: "\n"))
      }
      return (parts + ["```sql\n\(query.sql);\n```"]).joined(separator: "\n\n")
    }
    return
      ([start, (["| query | asks |", "|---|---|"] + list).joined(separator: "\n")] + sections)
      .joined(separator: "\n\n")
  }
}
