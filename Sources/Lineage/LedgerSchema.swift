internal import GRDB

/// The tables of `lineage.sqlite`; `docs/ledger.md` explains them column by column.
///
/// What must hold between the columns of a fate is not a constraint of the table, which would make
/// each insertion half as dear again: `Funnel.verify` asks it of all rows at once before the commit.
enum LedgerSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            started TEXT NOT NULL,
            finished TEXT NOT NULL,
            published TEXT,
            tool TEXT NOT NULL,
            recipe TEXT NOT NULL,
            recipe_path TEXT NOT NULL,
            recipe_text TEXT NOT NULL,
            options TEXT NOT NULL
          ) STRICT;

          CREATE TABLE source (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run,
            name TEXT NOT NULL,
            config TEXT NOT NULL,
            licence TEXT NOT NULL,
            homepage TEXT NOT NULL,
            revision TEXT NOT NULL,
            card TEXT NOT NULL,
            UNIQUE (run, name, config)
          ) STRICT;

          CREATE TABLE source_file (
            id INTEGER PRIMARY KEY,
            source INTEGER NOT NULL REFERENCES source,
            path TEXT NOT NULL,
            format TEXT NOT NULL,
            byte_count INTEGER NOT NULL,
            row_count INTEGER NOT NULL,
            first_sample INTEGER NOT NULL,
            xxh3 TEXT NOT NULL,
            published_sha256 TEXT,
            sha256 TEXT
          ) STRICT;

          CREATE TABLE branch (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run,
            name TEXT NOT NULL,
            row_format TEXT NOT NULL,
            UNIQUE (run, name)
          ) STRICT;

          CREATE TABLE step (
            id INTEGER PRIMARY KEY,
            branch INTEGER NOT NULL REFERENCES branch,
            source INTEGER NOT NULL REFERENCES source,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('filter', 'pick', 'prompt', 'response')),
            text TEXT NOT NULL,
            UNIQUE (branch, source, position)
          ) STRICT;

          CREATE TABLE output_file (
            id INTEGER PRIMARY KEY,
            branch INTEGER NOT NULL REFERENCES branch,
            path TEXT NOT NULL,
            byte_count INTEGER NOT NULL,
            row_count INTEGER NOT NULL,
            xxh3 TEXT NOT NULL
          ) STRICT;

          CREATE TABLE sample (
            id INTEGER PRIMARY KEY,
            file INTEGER NOT NULL REFERENCES source_file,
            row INTEGER NOT NULL,
            byte_offset INTEGER,
            byte_count INTEGER NOT NULL,
            row_xxh3 INTEGER,
            sample_id TEXT
          ) STRICT;

          CREATE TABLE fate (
            sample INTEGER NOT NULL REFERENCES sample,
            branch INTEGER NOT NULL REFERENCES branch,
            kind TEXT NOT NULL,
            step INTEGER REFERENCES step,
            evidence TEXT,
            duplicate_of INTEGER REFERENCES sample,
            picked INTEGER,
            candidates INTEGER,
            output INTEGER REFERENCES output_file,
            output_row INTEGER,
            PRIMARY KEY (sample, branch)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }

  /// Built after the rows, which is several times cheaper than keeping it up to date. A sample is
  /// found by its place through `source_file.first_sample`: those of a file follow each other.
  static let indexes = [("sample_by_id", "sample (sample_id)")]
}
