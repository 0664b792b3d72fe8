internal import GRDB

extension SearchIndex {
  /// The beginnings of prompts by the ledger's numbers of their samples, without those that the
  /// index does not have.
  package func prompts(of samples: [Int64], length: Int) throws -> [Int64: String] {
    try database.read { database in
      let statement = try database.makeStatement(
        sql: "SELECT substr(text, 1, ?) FROM prompt WHERE document = ?")
      var prompts: [Int64: String] = [:]
      for sample in samples {
        guard let document = document(of: sample) else { continue }
        prompts[sample] = try String.fetchOne(statement, arguments: [length, document])
      }
      return prompts
    }
  }

  private func document(of sample: Int64) -> Int64? {
    for content in contents {
      let count = content.documents.upperBound - content.documents.lowerBound
      for first in content.firstSamples where sample >= first && sample - first < count {
        return content.documents.lowerBound + sample - first
      }
    }
    return nil
  }
}
