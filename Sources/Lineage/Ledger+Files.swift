internal import GRDB

/// A file's content hash, and how the file looked when it was taken.
package struct FileState: Equatable, Sendable {
  package var path: String
  package var byteCount: Int
  /// Nanoseconds since 1970.
  package var modified: Int
  package var inode: Int
  package var xxh3: String
  package var sha256: String?

  package init(
    path: String, byteCount: Int, modified: Int, inode: Int, xxh3: String, sha256: String? = nil
  ) {
    self.path = path
    self.byteCount = byteCount
    self.modified = modified
    self.inode = inode
    self.xxh3 = xxh3
    self.sha256 = sha256
  }
}

extension Ledger {
  /// What is known of a file's content, whether or not the file is still that.
  package func fileState(of path: String) throws -> FileState? {
    try access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT byte_count, modified, inode, xxh3, sha256 FROM file_state WHERE path = ?
          """, arguments: [path]
      ).map { row in
        FileState(
          path: path, byteCount: row[0], modified: row[1], inode: row[2], xxh3: row[3],
          sha256: row[4])
      }
    }
  }

  /// Keeps a file's hash for the next time, in the place of what was known of it.
  package func remember(_ state: FileState) throws {
    try access { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO file_state VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [
          state.path, state.byteCount, state.modified, state.inode, state.xxh3, state.sha256,
        ])
    }
  }
}

/// A source file as a run read it.
package struct ReadFile: Equatable, Sendable {
  package var source: String
  package var path: String
  package var byteCount: Int
  package var rowCount: Int
  package var xxh3: String
  package var sha256: String?
}

extension Ledger {
  /// The source files that a run read, in the order of reading.
  package func sourceFiles(of run: Int64) throws -> [ReadFile] {
    try access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT source.name, path, byte_count, row_count, xxh3, sha256
          FROM source_file JOIN source ON source.id = source_file.source WHERE source.run = ?
          ORDER BY source_file.id
          """, arguments: [run]
      ).map {
        ReadFile(
          source: $0[0], path: $0[1], byteCount: $0[2], rowCount: $0[3], xxh3: $0[4],
          sha256: $0[5])
      }
    }
  }

  /// How many rows an output file has, as the latest run that wrote it left it; 0 if none did.
  package func rowCount(ofOutput path: String) throws -> Int {
    try access { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT row_count FROM (
            SELECT row_count, id FROM output_file WHERE path = ?1
            UNION ALL SELECT row_count, id FROM teaching WHERE path = ?1)
          ORDER BY id DESC LIMIT 1
          """, arguments: [path]) ?? 0
    }
  }

  /// What became of a branch's samples in a run, by source.
  package func counts(of branch: String, in run: Int64) throws -> [(String, Funnel.Counts)] {
    try access { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT source.name, fate.kind, count(*),
            sum(fate.kind = 'duplicate' AND \(Fate.isNear))
          FROM fate
          JOIN sample ON sample.id = fate.sample JOIN source_file ON source_file.id = sample.file
          JOIN source ON source.id = source_file.source
          JOIN branch ON branch.id = fate.branch
          WHERE branch.run = ? AND branch.name = ?
          GROUP BY source.id, fate.kind ORDER BY source.id
          """, arguments: [run, branch])
      var result: [(String, Funnel.Counts)] = []
      for row in rows {
        let name: String = row[0]
        if result.last?.0 != name { result.append((name, Funnel.Counts())) }
        let count: Int = row[2]
        let last = result.count - 1
        result[last].1.read += count
        result[last].1.nearDuplicates += row[3]
        switch Fate(rawValue: row[1]) {
        case .kept: result[last].1.kept += count
        case .seed: result[last].1.seeds += count
        case .dropped: result[last].1.dropped += count
        case .duplicate: result[last].1.duplicates += count
        case .quarantined, nil: result[last].1.quarantined += count
        }
      }
      return result
    }
  }
}
