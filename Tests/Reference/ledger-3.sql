PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('1');
INSERT INTO grdb_migrations VALUES('2');
INSERT INTO grdb_migrations VALUES('3');
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
INSERT INTO run VALUES(1,'2026-11-21T21:04:09Z','2026-11-21T21:04:09Z','2026-11-21T21:04:09Z','branchmerge 0.1.0','old','datasets/recipes/old.yaml',replace('about: Four rows.\nbranches:\n  math:\n    sources:\n      pool: { response: "{answer}" }\n    distinct: prompt\n  science:\n    sources:\n      pool: { response: teacher }\nbase: /made/base\ntrain: { with: command, command: "cp -r {base}/. {output}", epochs: 1, batch: 1, cutoff: 64 }\n','\n',char(10)),'{"branches": ["math", "science"], "sources": {}, "set": [], "max_quarantined": "1%", "max_row_bytes": 67108864}');
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
INSERT INTO source VALUES(1,1,'pool','default','Apache-2.0','https://example.org/pool','main',replace('about: Rows for tests.\nlicence: Apache-2.0\nhomepage: https://example.org/pool\nidentity: [uuid]\nfields:\n  prompt: question\n  uuid: uuid\n  answer: answer\n','\n',char(10)));
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
INSERT INTO source_file VALUES(1,1,'/made/work/sources/pool.jsonl','plain',197,4,1,'f79c97160e1136183dac0366a1f06eed',NULL,NULL);
CREATE TABLE branch (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run,
  name TEXT NOT NULL,
  row_format TEXT NOT NULL,
  UNIQUE (run, name)
) STRICT;
INSERT INTO branch VALUES(1,1,'math','sharegpt');
INSERT INTO branch VALUES(2,1,'science','sharegpt');
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
INSERT INTO step VALUES(1,1,1,0,'prompt','prompt','{prompt}');
INSERT INTO step VALUES(2,1,1,1,'response','response','{answer}');
INSERT INTO step VALUES(3,2,1,0,'prompt','prompt','{prompt}');
CREATE TABLE output_file (
  id INTEGER PRIMARY KEY,
  branch INTEGER NOT NULL REFERENCES branch,
  path TEXT NOT NULL,
  byte_count INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  xxh3 TEXT NOT NULL
) STRICT;
INSERT INTO output_file VALUES(1,1,'branches/math/train.jsonl',417,3,'1c5b94e3b14e487e4228f19f8187e87e');
INSERT INTO output_file VALUES(2,2,'branches/science/train.jsonl',0,0,'99aa06d3014798d86001c324468d497f');
INSERT INTO output_file VALUES(3,2,'branches/science/seeds.jsonl',289,4,'54445414e79d1a9a2f5c5ae358e24649');
CREATE TABLE sample (
  id INTEGER PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES source_file,
  row INTEGER NOT NULL,
  byte_offset INTEGER,
  byte_count INTEGER NOT NULL,
  row_xxh3 INTEGER,
  sample_id TEXT
) STRICT;
INSERT INTO sample VALUES(1,1,1,0,48,-2847409268025592559,'pool:a67f3959507dd731ec8b9259');
INSERT INTO sample VALUES(2,1,2,49,48,-7172009803061892125,'pool:dd6651ff79ac083dbc60ce99');
INSERT INTO sample VALUES(3,1,3,98,48,-8620096150222627646,'pool:cf7e722d6ce06081551d4ff8');
INSERT INTO sample VALUES(4,1,4,147,49,-6639051160177267469,'pool:fe0f3bae2f224bc7d6485f4b');
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
  output_row INTEGER, output_offset INTEGER, output_byte_count INTEGER, output_xxh3 INTEGER,
  PRIMARY KEY (sample, branch)
) STRICT, WITHOUT ROWID;
INSERT INTO fate VALUES(1,1,'kept',NULL,NULL,NULL,NULL,NULL,1,1,0,139,8636116064510760388);
INSERT INTO fate VALUES(1,2,'seed',NULL,NULL,NULL,NULL,NULL,3,1,0,72,-236901871101338784);
INSERT INTO fate VALUES(2,1,'kept',NULL,NULL,NULL,NULL,NULL,1,2,139,139,2042638157942110342);
INSERT INTO fate VALUES(2,2,'seed',NULL,NULL,NULL,NULL,NULL,3,2,72,72,-6032765440317514484);
INSERT INTO fate VALUES(3,1,'kept',NULL,NULL,NULL,NULL,NULL,1,3,278,139,-3577254207104843443);
INSERT INTO fate VALUES(3,2,'seed',NULL,NULL,NULL,NULL,NULL,3,3,144,72,173215812543936035);
INSERT INTO fate VALUES(4,1,'duplicate',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO fate VALUES(4,2,'seed',NULL,NULL,NULL,NULL,NULL,3,4,216,73,-7696416822896980038);
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
INSERT INTO stage VALUES(1,'branch math','done','2026-11-21T21:04:09Z','2026-11-21T21:04:09Z',18375,'branchmerge 0.1.0','/made/datasets/recipes/old.yaml','branchmerge run datasets/recipes/old.yaml --workspace work','bf5b98dcd071b286558cb73841bf7aa7',1,'3 rows kept of 4');
INSERT INTO stage VALUES(2,'branch science','done','2026-11-21T21:04:09Z','2026-11-21T21:04:09Z',18375,'branchmerge 0.1.0','/made/datasets/recipes/old.yaml','branchmerge run datasets/recipes/old.yaml --workspace work','25398e21f6578ec08da7fb92a2b73379',1,'0 rows kept, 4 seeds of 4');
INSERT INTO stage VALUES(3,'train math','done','2026-11-21T21:04:09Z','2026-11-21T21:04:09Z',18375,'branchmerge 0.1.0','/made/datasets/recipes/old.yaml','branchmerge run datasets/recipes/old.yaml --workspace work','3a1f757dffa93f67fc55aa8e300a6218',NULL,'3 rows, 0 steps');
INSERT INTO stage VALUES(4,'train science','failed','2026-11-21T21:04:09Z','2026-11-21T21:04:09Z',18375,'branchmerge 0.1.0','/made/datasets/recipes/old.yaml','branchmerge run datasets/recipes/old.yaml --workspace work','42222afdcec6bab8b759a5c5b7641cbb',NULL,'science: there are no rows to train on in work/branches/science/train.jsonl: its funnel and its seeds tell why');
CREATE TABLE ingredient (
  stage INTEGER NOT NULL REFERENCES stage,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (stage, position)
) STRICT, WITHOUT ROWID;
INSERT INTO ingredient VALUES(1,0,'tool','branchmerge 0.1.0');
INSERT INTO ingredient VALUES(1,1,'--max-quarantined','1%');
INSERT INTO ingredient VALUES(1,2,'--max-row','64 MiB');
INSERT INTO ingredient VALUES(1,3,'row','sharegpt');
INSERT INTO ingredient VALUES(1,4,'distinct','prompt');
INSERT INTO ingredient VALUES(1,5,'sources','pool');
INSERT INTO ingredient VALUES(1,6,'config of pool','default');
INSERT INTO ingredient VALUES(1,7,'source card pool',replace('"Apache-2.0"\n"https://example.org/pool"\n\n\n\n["uuid"]\n{"prompt": "question", "uuid": "uuid", "answer": "answer"}','\n',char(10)));
INSERT INTO ingredient VALUES(1,8,'filters of pool','');
INSERT INTO ingredient VALUES(1,9,'prompt of pool','{prompt}');
INSERT INTO ingredient VALUES(1,10,'response of pool','{answer}');
INSERT INTO ingredient VALUES(1,11,'input pool/pool.jsonl','f79c97160e1136183dac0366a1f06eed');
INSERT INTO ingredient VALUES(2,0,'tool','branchmerge 0.1.0');
INSERT INTO ingredient VALUES(2,1,'--max-quarantined','1%');
INSERT INTO ingredient VALUES(2,2,'--max-row','64 MiB');
INSERT INTO ingredient VALUES(2,3,'row','sharegpt');
INSERT INTO ingredient VALUES(2,4,'distinct','no');
INSERT INTO ingredient VALUES(2,5,'sources','pool');
INSERT INTO ingredient VALUES(2,6,'config of pool','default');
INSERT INTO ingredient VALUES(2,7,'source card pool',replace('"Apache-2.0"\n"https://example.org/pool"\n\n\n\n["uuid"]\n{"prompt": "question", "uuid": "uuid", "answer": "answer"}','\n',char(10)));
INSERT INTO ingredient VALUES(2,8,'filters of pool','');
INSERT INTO ingredient VALUES(2,9,'prompt of pool','{prompt}');
INSERT INTO ingredient VALUES(2,10,'response of pool','teacher');
INSERT INTO ingredient VALUES(2,11,'input pool/pool.jsonl','f79c97160e1136183dac0366a1f06eed');
INSERT INTO ingredient VALUES(3,0,'trainer','command');
INSERT INTO ingredient VALUES(3,1,'command','cp -r {base}/. {output}');
INSERT INTO ingredient VALUES(3,2,'cutoff','64');
INSERT INTO ingredient VALUES(3,3,'overlong','"keep"');
INSERT INTO ingredient VALUES(3,4,'packing','"none"');
INSERT INTO ingredient VALUES(3,5,'batch','1');
INSERT INTO ingredient VALUES(3,6,'device_batch','1');
INSERT INTO ingredient VALUES(3,7,'gpus','1');
INSERT INTO ingredient VALUES(3,8,'gradient_accumulation','1');
INSERT INTO ingredient VALUES(3,9,'epochs','1');
INSERT INTO ingredient VALUES(3,10,'schedule','"constant_with_warmup"');
INSERT INTO ingredient VALUES(3,11,'warmup','0.1');
INSERT INTO ingredient VALUES(3,12,'weight_decay','0.01');
INSERT INTO ingredient VALUES(3,13,'seed','42');
INSERT INTO ingredient VALUES(3,14,'precision','"bf16"');
INSERT INTO ingredient VALUES(3,15,'overlong rows','keep');
INSERT INTO ingredient VALUES(3,16,'rows','1c5b94e3b14e487e4228f19f8187e87e');
INSERT INTO ingredient VALUES(3,17,'base/config.json','c8f51b41915517812e68e3cc3ed147ca');
INSERT INTO ingredient VALUES(3,18,'base/model.safetensors','6d3d24b41d7c61bf85cfd3263c7a805f');
INSERT INTO ingredient VALUES(4,0,'trainer','command');
INSERT INTO ingredient VALUES(4,1,'command','cp -r {base}/. {output}');
INSERT INTO ingredient VALUES(4,2,'cutoff','64');
INSERT INTO ingredient VALUES(4,3,'overlong','"keep"');
INSERT INTO ingredient VALUES(4,4,'packing','"none"');
INSERT INTO ingredient VALUES(4,5,'batch','1');
INSERT INTO ingredient VALUES(4,6,'device_batch','1');
INSERT INTO ingredient VALUES(4,7,'gpus','1');
INSERT INTO ingredient VALUES(4,8,'gradient_accumulation','1');
INSERT INTO ingredient VALUES(4,9,'epochs','1');
INSERT INTO ingredient VALUES(4,10,'schedule','"constant_with_warmup"');
INSERT INTO ingredient VALUES(4,11,'warmup','0.1');
INSERT INTO ingredient VALUES(4,12,'weight_decay','0.01');
INSERT INTO ingredient VALUES(4,13,'seed','42');
INSERT INTO ingredient VALUES(4,14,'precision','"bf16"');
INSERT INTO ingredient VALUES(4,15,'overlong rows','keep');
INSERT INTO ingredient VALUES(4,16,'rows','99aa06d3014798d86001c324468d497f');
INSERT INTO ingredient VALUES(4,17,'base/config.json','c8f51b41915517812e68e3cc3ed147ca');
INSERT INTO ingredient VALUES(4,18,'base/model.safetensors','6d3d24b41d7c61bf85cfd3263c7a805f');
CREATE TABLE product (
  stage INTEGER NOT NULL REFERENCES stage,
  path TEXT NOT NULL,
  byte_count INTEGER NOT NULL,
  xxh3 TEXT NOT NULL,
  PRIMARY KEY (stage, path)
) STRICT, WITHOUT ROWID;
INSERT INTO product VALUES(1,'branches/math/README.md',1143,'9bdab98b768616348613ccf2b915ce44');
INSERT INTO product VALUES(1,'branches/math/dataset_info.json',341,'e3f08fae7a4a645b51c0fcd7479a0c99');
INSERT INTO product VALUES(1,'branches/math/train.jsonl',417,'1c5b94e3b14e487e4228f19f8187e87e');
INSERT INTO product VALUES(2,'branches/science/README.md',1192,'3ad15ed835af684b740658029255e275');
INSERT INTO product VALUES(2,'branches/science/dataset_info.json',344,'9678291e3e32f84e9e1a7a100005355b');
INSERT INTO product VALUES(2,'branches/science/seeds.jsonl',289,'54445414e79d1a9a2f5c5ae358e24649');
INSERT INTO product VALUES(2,'branches/science/train.jsonl',0,'99aa06d3014798d86001c324468d497f');
INSERT INTO product VALUES(3,'train/math/output/config.json',23,'c8f51b41915517812e68e3cc3ed147ca');
INSERT INTO product VALUES(3,'train/math/output/model.safetensors',77,'6d3d24b41d7c61bf85cfd3263c7a805f');
CREATE TABLE checkpoint (
  id INTEGER PRIMARY KEY,
  stage INTEGER NOT NULL REFERENCES stage,
  role TEXT NOT NULL CHECK (role IN ('base', 'expert', 'merged')),
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  parameter_count INTEGER NOT NULL
) STRICT;
INSERT INTO checkpoint VALUES(1,3,'expert','math','/made/work/train/math/output',2);
CREATE TABLE checkpoint_file (
  checkpoint INTEGER NOT NULL REFERENCES checkpoint,
  path TEXT NOT NULL,
  byte_count INTEGER NOT NULL,
  xxh3 TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (checkpoint, path)
) STRICT, WITHOUT ROWID;
INSERT INTO checkpoint_file VALUES(1,'config.json',23,'c8f51b41915517812e68e3cc3ed147ca','81dddc8c379baae137d99d24c5fa081d3a5ce52b6a221ddc22fe364711f8beaf');
INSERT INTO checkpoint_file VALUES(1,'model.safetensors',77,'6d3d24b41d7c61bf85cfd3263c7a805f','3e252d0e1ffe6a6e2395ef69be7b75992ba5b772e71a453505534068e3fe46ef');
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
INSERT INTO training VALUES(1,3,'math',1,1,'command','cp -r /made/base/. /made/work/train/math/output',replace('{\n  "branch": "math",\n  "data": "/made/work/branches/math/train.jsonl",\n  "row_format": "sharegpt",\n  "base": "/made/base",\n  "output": "/made/work/train/math/output",\n  "cutoff": 64,\n  "overlong": "keep",\n  "packing": "none",\n  "batch": 1,\n  "device_batch": 1,\n  "gpus": 1,\n  "gradient_accumulation": 1,\n  "epochs": 1,\n  "schedule": "constant_with_warmup",\n  "warmup": 0.1,\n  "weight_decay": 0.01,\n  "seed": 42,\n  "precision": "bf16",\n  "save_steps": 200,\n  "extra": {}\n}\n','\n',char(10)),'{}','train/math/train.log',3,NULL,'1c5b94e3b14e487e4228f19f8187e87e');
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
CREATE INDEX stage_by_name ON stage (name);
CREATE INDEX sample_by_id ON sample (sample_id);
COMMIT;
