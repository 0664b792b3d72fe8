internal import GRDB

/// The tables of `teacher.sqlite`; `docs/teacher.md` explains them column by column.
///
/// A migration only ever adds: what was paid for stays.
enum StoreSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE request (
            id INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            parameters TEXT NOT NULL,
            messages TEXT NOT NULL,
            answer INTEGER NOT NULL
          ) STRICT;

          CREATE TABLE asking (
            id INTEGER PRIMARY KEY,
            started TEXT NOT NULL,
            finished TEXT,
            seconds REAL,
            tool TEXT NOT NULL,
            recipe TEXT NOT NULL,
            branch TEXT NOT NULL,
            origin TEXT NOT NULL CHECK (origin IN ('server', 'batch')),
            prices TEXT
          ) STRICT;

          CREATE TABLE attempt (
            id INTEGER PRIMARY KEY,
            request INTEGER NOT NULL REFERENCES request,
            asking INTEGER NOT NULL REFERENCES asking,
            seed TEXT NOT NULL,
            server TEXT NOT NULL,
            started TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN
              ('begun', 'answered', 'broken', 'failed', 'refused', 'abandoned')),
            status INTEGER,
            response BLOB,
            finish_reason TEXT,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            usage TEXT NOT NULL CHECK (usage IN ('server', 'estimated', 'reserved', 'none')),
            cost REAL,
            first_byte_ms INTEGER,
            latency_ms INTEGER,
            problem TEXT
          ) STRICT;
          CREATE INDEX attempt_by_request ON attempt (request);
          CREATE INDEX attempt_begun ON attempt (id) WHERE state = 'begun';

          CREATE TABLE policy (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL UNIQUE
          ) STRICT;

          CREATE TABLE verdict (
            attempt INTEGER NOT NULL REFERENCES attempt,
            policy INTEGER NOT NULL REFERENCES policy,
            is_accepted INTEGER NOT NULL,
            reason TEXT,
            PRIMARY KEY (attempt, policy)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }
}
