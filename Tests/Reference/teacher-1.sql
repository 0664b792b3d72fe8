PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('1');
CREATE TABLE request (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  parameters TEXT NOT NULL,
  messages TEXT NOT NULL,
  answer INTEGER NOT NULL
) STRICT;
INSERT INTO request VALUES(1,'cb64c3cedd65b93a750697fe18fe7df068defde3818e401584b5e9bfb4b05cb3','r1','{"max_tokens":100,"temperature":0.6,"top_p":0.95}','[{"role":"user","content":"What is 0 + \"é\"?"}]',1);
INSERT INTO request VALUES(2,'3906bb7753b6a7b56a624c86342fe171ecf9cdb6bb3f836cf55d6e39648d19cb','r1','{"max_tokens":100,"temperature":0.6,"top_p":0.95}','[{"role":"user","content":"What is 1 + \"é\"?"}]',1);
INSERT INTO request VALUES(3,'13b72d2053487be31270f39c8a93e2e10775a919194d2c8c8ed0a77b47dc9331','r1','{"max_tokens":100,"temperature":0.6,"top_p":0.95}','[{"role":"user","content":"What is 2 + \"é\"?"}]',1);
INSERT INTO request VALUES(4,'b0eaa05bfeb6ef6085c1d90f259de757de3ee28650d52c4ebb4303bbbffcd682','r1','{"max_tokens":100,"temperature":0.6,"top_p":0.95}','[{"role":"user","content":"What is 3 + \"é\"?"}]',1);
INSERT INTO request VALUES(5,'a4c022ce56edcc6e6e1ce00724bda9d23f2c1697e837cdba1643bb596d77343f','r1','{"max_tokens":100,"temperature":0.6,"top_p":0.95}','[{"role":"user","content":"What is 4 + \"é\"?"}]',1);
INSERT INTO request VALUES(6,'898a50e6bb21212af867af79da162e5244ef876db075e9914e65cdf6cf78ae8a','r1','{"max_tokens":100,"temperature":0.6,"top_p":0.95}','[{"role":"user","content":"What is 5 + \"é\"?"}]',1);
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
INSERT INTO asking VALUES(1,'2026-11-21T21:00:34Z','2026-11-21T21:00:34Z',9.5,'branchmerge 0.1.0','small','science','server',NULL);
INSERT INTO asking VALUES(2,'2026-11-21T21:00:34Z','2026-11-21T21:00:34Z',NULL,'test 1','small','science','batch','{"prompt":2.0,"completion":8.0,"currency":"USD"}');
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
INSERT INTO attempt VALUES(1,1,1,'pool:0','http://localhost:8000/v1','2026-11-21T20:00:00Z','answered',200,X'7b226964223a2263686174636d706c2d30222c226f626a656374223a22636861742e636f6d706c6574696f6e222c2263726561746564223a312c226d6f64656c223a227231222c2263686f69636573223a5b7b22696e646578223a302c226d657373616765223a7b22726f6c65223a22617373697374616e74222c22636f6e74656e74223a223c7468696e6b3e536f2e3c2f7468696e6b3e466f75722e227d2c2266696e6973685f726561736f6e223a2273746f70227d5d2c227573616765223a7b2270726f6d70745f746f6b656e73223a392c22636f6d706c6574696f6e5f746f6b656e73223a377d7d','stop',9,7,'server',7.3999999999999996227e-05,12,345,NULL);
INSERT INTO attempt VALUES(2,2,1,'pool:1','http://localhost:8000/v1','2026-11-21T20:00:01Z','answered',200,X'7b226964223a2263686174636d706c2d31222c226f626a656374223a22636861742e636f6d706c6574696f6e222c2263726561746564223a312c226d6f64656c223a227231222c2263686f69636573223a5b7b22696e646578223a302c226d657373616765223a7b22726f6c65223a22617373697374616e74222c22636f6e74656e74223a223c7468696e6b3e536f2e3c2f7468696e6b3e466f75722e227d2c2266696e6973685f726561736f6e223a226c656e677468227d5d2c227573616765223a7b2270726f6d70745f746f6b656e73223a392c22636f6d706c6574696f6e5f746f6b656e73223a377d7d','length',9,7,'server',7.3999999999999996227e-05,12,345,NULL);
INSERT INTO attempt VALUES(3,3,1,'pool:2','http://localhost:8000/v1','2026-11-21T20:00:02Z','failed',500,X'7b226572726f72223a2278227d',NULL,0,0,'none',0.0,12,345,'''out of memory''');
INSERT INTO attempt VALUES(4,4,1,'pool:3','http://localhost:8000/v1','2026-11-21T20:00:03Z','refused',400,X'7b226572726f72223a2278227d',NULL,0,0,'none',0.0,12,345,'''too long''');
INSERT INTO attempt VALUES(5,5,1,'pool:4','http://localhost:8000/v1','2026-11-21T20:00:04Z','broken',200,X'7b226572726f72223a2278227d',NULL,0,0,'none',0.0,12,345,'the stream ended without a finish reason');
INSERT INTO attempt VALUES(6,6,1,'pool:5','http://localhost:8000/v1','2026-11-21T20:00:09Z','begun',NULL,NULL,NULL,113,100,'reserved',0.0010260000000000000022,NULL,NULL,NULL);
INSERT INTO attempt VALUES(7,2,2,'pool:1','/rows/batch.jsonl','2026-11-21T21:00:34Z','begun',NULL,NULL,NULL,113,100,'reserved',0.0010260000000000000022,NULL,NULL,NULL);
INSERT INTO attempt VALUES(8,3,2,'pool:2','/rows/batch.jsonl','2026-11-21T21:00:34Z','begun',NULL,NULL,NULL,113,100,'reserved',0.0010260000000000000022,NULL,NULL,NULL);
CREATE TABLE policy (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO policy VALUES(1,'{"filters":{},"finish":["stop"],"reasoning":"required","response":"<think>\n{reasoning|trim}\n</think>\n\n{solution|trim}"}');
CREATE TABLE verdict (
  attempt INTEGER NOT NULL REFERENCES attempt,
  policy INTEGER NOT NULL REFERENCES policy,
  is_accepted INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (attempt, policy)
) STRICT, WITHOUT ROWID;
INSERT INTO verdict VALUES(1,1,1,NULL);
INSERT INTO verdict VALUES(2,1,0,'finish reason: length');
CREATE INDEX attempt_by_request ON attempt (request);
CREATE INDEX attempt_begun ON attempt (id) WHERE state = 'begun';
COMMIT;
