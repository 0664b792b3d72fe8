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
    migrator.registerMigration("2") { try $0.execute(sql: stageTables) }
    migrator.registerMigration("3") { try $0.execute(sql: outputPlaces) }
    migrator.registerMigration("4") { try $0.execute(sql: teachingTables) }
    migrator.registerMigration("5") { try $0.execute(sql: answersAndBenchmarks) }
    return migrator
  }

  /// What became of the data sets: stages of a recipe, trainings, checkpoints and merges.
  private static let stageTables = """
    CREATE TABLE file_state (
      path TEXT PRIMARY KEY,
      byte_count INTEGER NOT NULL,
      modified INTEGER NOT NULL,
      inode INTEGER NOT NULL,
      xxh3 TEXT NOT NULL,
      sha256 TEXT
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE stage (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped')),
      started TEXT NOT NULL,
      finished TEXT,
      process INTEGER NOT NULL,
      tool TEXT NOT NULL,
      recipe_path TEXT NOT NULL,
      command TEXT NOT NULL,
      identity TEXT NOT NULL,
      run INTEGER REFERENCES run,
      message TEXT
    ) STRICT;
    CREATE INDEX stage_by_name ON stage (name);

    CREATE TABLE ingredient (
      stage INTEGER NOT NULL REFERENCES stage,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (stage, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE product (
      stage INTEGER NOT NULL REFERENCES stage,
      path TEXT NOT NULL,
      byte_count INTEGER NOT NULL,
      xxh3 TEXT NOT NULL,
      PRIMARY KEY (stage, path)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checkpoint (
      id INTEGER PRIMARY KEY,
      stage INTEGER NOT NULL REFERENCES stage,
      role TEXT NOT NULL CHECK (role IN ('base', 'expert', 'merged')),
      name TEXT NOT NULL,
      path TEXT NOT NULL,
      parameter_count INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE checkpoint_file (
      checkpoint INTEGER NOT NULL REFERENCES checkpoint,
      path TEXT NOT NULL,
      byte_count INTEGER NOT NULL,
      xxh3 TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      PRIMARY KEY (checkpoint, path)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE training (
      id INTEGER PRIMARY KEY,
      stage INTEGER NOT NULL REFERENCES stage,
      branch TEXT NOT NULL,
      output INTEGER REFERENCES output_file,
      checkpoint INTEGER NOT NULL REFERENCES checkpoint,
      trainer TEXT NOT NULL,
      command TEXT,
      config TEXT,
      versions TEXT,
      log TEXT,
      row_count INTEGER NOT NULL,
      token_count INTEGER,
      data_xxh3 TEXT
    ) STRICT;

    CREATE TABLE metric (
      training INTEGER NOT NULL REFERENCES training,
      step INTEGER NOT NULL,
      epoch REAL,
      loss REAL,
      learning_rate REAL,
      PRIMARY KEY (training, step)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE left_out (
      training INTEGER NOT NULL REFERENCES training,
      output_row INTEGER NOT NULL,
      token_count INTEGER NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (training, output_row)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE merge (
      id INTEGER PRIMARY KEY,
      stage INTEGER NOT NULL REFERENCES stage,
      checkpoint INTEGER NOT NULL REFERENCES checkpoint,
      method TEXT NOT NULL,
      config TEXT NOT NULL
    ) STRICT;

    CREATE TABLE merge_input (
      merge INTEGER NOT NULL REFERENCES merge,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      checkpoint INTEGER NOT NULL REFERENCES checkpoint,
      is_base INTEGER NOT NULL,
      entry_count INTEGER,
      PRIMARY KEY (merge, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE merge_tensor (
      merge INTEGER NOT NULL REFERENCES merge,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      record TEXT NOT NULL,
      PRIMARY KEY (merge, position)
    ) STRICT, WITHOUT ROWID;
    """

  /// Where in its file an output row stands, and what its bytes are.
  private static let outputPlaces = """
    ALTER TABLE fate ADD COLUMN output_offset INTEGER;
    ALTER TABLE fate ADD COLUMN output_byte_count INTEGER;
    ALTER TABLE fate ADD COLUMN output_xxh3 INTEGER;
    """

  /// What a teacher made of a branch's seeds.
  private static let teachingTables = """
    CREATE TABLE teaching (
      id INTEGER PRIMARY KEY,
      stage INTEGER NOT NULL REFERENCES stage,
      branch INTEGER NOT NULL REFERENCES branch,
      model TEXT NOT NULL,
      question TEXT NOT NULL,
      policy TEXT NOT NULL,
      store TEXT NOT NULL,
      path TEXT NOT NULL,
      byte_count INTEGER NOT NULL,
      row_count INTEGER NOT NULL,
      kept_count INTEGER NOT NULL,
      xxh3 TEXT NOT NULL
    ) STRICT;
    CREATE INDEX teaching_by_rows ON teaching (xxh3);

    CREATE TABLE taught (
      teaching INTEGER NOT NULL REFERENCES teaching,
      seed INTEGER NOT NULL REFERENCES sample,
      seed_row INTEGER NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('taught', 'rejected', 'failed', 'refused')),
      reason TEXT,
      request TEXT,
      attempt INTEGER,
      attempts INTEGER NOT NULL,
      server TEXT,
      finish_reason TEXT,
      prompt_tokens INTEGER,
      completion_tokens INTEGER,
      output_row INTEGER,
      output_offset INTEGER,
      output_byte_count INTEGER,
      output_xxh3 INTEGER,
      PRIMARY KEY (teaching, seed)
    ) STRICT, WITHOUT ROWID;
    """

  /// Two more kinds of step, for which SQLite needs the table made anew, and the benchmarks that
  /// prompts were held against. References are by name and stay; they are checked afterwards.
  private static let answersAndBenchmarks = """
    CREATE TABLE step_of_six_kinds (
      id INTEGER PRIMARY KEY,
      branch INTEGER NOT NULL REFERENCES branch,
      source INTEGER NOT NULL REFERENCES source,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      kind TEXT NOT NULL
        CHECK (kind IN ('filter', 'pick', 'prompt', 'without', 'response', 'verify')),
      text TEXT NOT NULL,
      UNIQUE (branch, source, position)
    ) STRICT;
    INSERT INTO step_of_six_kinds SELECT id, branch, source, position, name, kind, text FROM step;
    DROP TABLE step;
    ALTER TABLE step_of_six_kinds RENAME TO step;

    CREATE TABLE benchmark (
      id INTEGER PRIMARY KEY,
      run INTEGER NOT NULL REFERENCES run,
      name TEXT NOT NULL,
      licence TEXT NOT NULL,
      homepage TEXT NOT NULL,
      revision TEXT NOT NULL,
      card TEXT NOT NULL,
      path TEXT NOT NULL,
      byte_count INTEGER NOT NULL,
      item_count INTEGER NOT NULL,
      xxh3 TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      UNIQUE (run, name)
    ) STRICT;
    """

  /// Built after the rows, which is several times cheaper than keeping it up to date. A sample is
  /// found by its place through `source_file.first_sample`: those of a file follow each other.
  static let indexes = [("sample_by_id", "sample (sample_id)")]
}
