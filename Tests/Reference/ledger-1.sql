PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('1');
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
INSERT INTO run VALUES(1,'2026-11-21T17:05:47Z','2026-11-21T17:05:47Z','2026-11-21T17:05:47Z','branchmerge 0.1.0','recipe','recipe.yaml',replace('about: Eight rows.\nbranches:\n  math:\n    sources:\n      openr1-math/default:\n        filters: [word-problem, contest-source]\n        pick: { first: responses, where: { verified: { is: true }, complete: { is: true } } }\n        prompt: "{prompt}"\n        response: "{responses}"\n    distinct: prompt\n    row: sharegpt\n  science:\n    sources:\n      s1k:\n        prompt: "{prompt}"\n        response: teacher\n    row: sharegpt\n','\n',char(10)),'{"branches": ["math", "science"], "sources": {"openr1-math": "math.jsonl", "s1k": "s1k.jsonl"}, "max_quarantined": "50%", "max_row_bytes": 67108864}');
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
INSERT INTO source VALUES(1,1,'openr1-math','default','Apache-2.0','https://huggingface.co/datasets/open-r1/OpenR1-Math-220k','main',replace('about: NuminaMath-1.5 problems with one to six solutions each by DeepSeek-R1, checked by two verifiers.\nlicence: Apache-2.0\nhomepage: https://huggingface.co/datasets/open-r1/OpenR1-Math-220k\nhub: open-r1/OpenR1-Math-220k\nrevision: main\nconfigs:\n  default:\n    rows: 93733\n    # Today''s layout, then the two earlier ones.\n    files: [data/train-*.parquet, all/default-*.parquet, default/*.parquet]\n  extended:\n    rows: 131396\n    files: [extended/train-*.parquet, all/extended-*.parquet, extended/*.parquet]\n  all:\n    rows: 225129\n    files: [all/train-*.parquet, "all/{default,extended}-*.parquet", "{default,extended}/*.parquet"]\nidentity: [uuid]\nfields:\n  prompt: problem\n  # The human solution, not R1''s.\n  reference_solution: solution\n  answer: answer\n  problem_type: problem_type\n  question_type: question_type\n  source: source\n  uuid: uuid\n  # Parallel lists, one element for each solution of R1.\n  responses: { from: generations, type: texts }\n  complete: { from: is_reasoning_complete, type: flags }\n  verified: { from: correctness_math_verify, type: flags }\n  judged: { from: correctness_llama, type: flags }\n  finish_reasons: { from: finish_reasons, type: texts }\n  correct_count: { from: correctness_count, type: number }\n','\n',char(10)));
INSERT INTO source VALUES(2,1,'s1k','default','Apache-2.0','https://huggingface.co/datasets/simplescaling/s1K','main',replace('about: The thousand questions of s1, with traces by Gemini.\nlicence: Apache-2.0\nhomepage: https://huggingface.co/datasets/simplescaling/s1K\nhub: simplescaling/s1K\nrevision: main\nconfigs:\n  default:\n    rows: 1000\n    files: [data/train-*.parquet]\nidentity: [prompt]\nfields:\n  prompt: question\n  answer: solution\n  cot_type: cot_type\n  source_type: source_type\n  metadata: metadata\n  reasoning: thinking_trajectories[0]\n  solution: attempt\n','\n',char(10)));
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
INSERT INTO source_file VALUES(1,1,'/rows/math.jsonl','plain',1699,6,1,'3ee9a80db3ed91bf3ba92395b9ffce17',NULL,NULL);
INSERT INTO source_file VALUES(2,2,'/rows/s1k.jsonl','plain',380,2,7,'ad232a5ce16b134683aee89fd0787e85',NULL,NULL);
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
INSERT INTO step VALUES(1,1,1,0,'word-problem','filter',replace('about: Keeps problems that ask for an answer in free form, neither proofs nor multiple choice.\nkeep:\n  question_type: { is: math-word-problem }\nexamples:\n  - keep: { question_type: math-word-problem }\n  - drop: { question_type: proof }\n    because: question_type\n  - drop: { question_type: MCQ }\n    because: question_type\n  - drop: { question_type: null }\n    because: question_type\n','\n',char(10)));
INSERT INTO step VALUES(2,1,1,1,'contest-source','filter',replace('about: Keeps mathematics from contests and olympiads, without school books and synthetic problems.\nkeep:\n  source:\n    in: [olympiads, amc_aime, aops_forum, cn_contest, inequalities, number_theory, olympiads_ref]\nexamples:\n  - keep: { source: olympiads }\n  - keep: { source: olympiads_ref }\n  - drop: { source: cn_k12 }\n    because: source\n  - drop: { source: synthetic_math }\n    because: source\n','\n',char(10)));
INSERT INTO step VALUES(3,1,1,2,'pick','pick','{first: responses, where: {verified: {is: true}, complete: {is: true}}}');
INSERT INTO step VALUES(4,1,1,3,'prompt','prompt','{prompt}');
INSERT INTO step VALUES(5,1,1,4,'response','response','{responses}');
INSERT INTO step VALUES(6,2,2,0,'prompt','prompt','{prompt}');
CREATE TABLE output_file (
  id INTEGER PRIMARY KEY,
  branch INTEGER NOT NULL REFERENCES branch,
  path TEXT NOT NULL,
  byte_count INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  xxh3 TEXT NOT NULL
) STRICT;
INSERT INTO output_file VALUES(1,1,'branches/math/train.jsonl',332,2,'0d461344ea47a1ada4a8b339a4b9d90d');
INSERT INTO output_file VALUES(2,2,'branches/science/train.jsonl',0,0,'99aa06d3014798d86001c324468d497f');
INSERT INTO output_file VALUES(3,2,'branches/science/seeds.jsonl',192,2,'7fbc47c1619e554955a3aed1609e0aa6');
CREATE TABLE sample (
  id INTEGER PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES source_file,
  row INTEGER NOT NULL,
  byte_offset INTEGER,
  byte_count INTEGER NOT NULL,
  row_xxh3 INTEGER,
  sample_id TEXT
) STRICT;
INSERT INTO sample VALUES(1,1,1,0,337,5785409644159348380,'openr1-math:87efc4832b8bb763f353e9ad');
INSERT INTO sample VALUES(2,1,2,338,314,3964151048454277846,'openr1-math:53adaa89f26f032c41f25d61');
INSERT INTO sample VALUES(3,1,3,653,358,3844903799278177590,'openr1-math:73d15c5154348d76c6e8923e');
INSERT INTO sample VALUES(4,1,4,1012,339,-2836463508001361751,'openr1-math:15bff075ae15fb902515aaa4');
INSERT INTO sample VALUES(5,1,5,1352,329,6274238062398128769,'openr1-math:9ab9df6a4a51aa15d11c2f0f');
INSERT INTO sample VALUES(6,1,6,1682,16,-4922958234768125952,NULL);
INSERT INTO sample VALUES(7,2,1,0,189,8383428655951621054,'s1k:29b5edbcb8239e6a668ca623');
INSERT INTO sample VALUES(8,2,2,190,189,-8241352821750642536,'s1k:90c90a3a160ca0c1397d785f');
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
INSERT INTO fate VALUES(1,1,'kept',NULL,'{"candidates": 1, "verified": [true], "complete": [true]}',NULL,0,1,1,1);
INSERT INTO fate VALUES(2,1,'dropped',1,'{"question_type": "proof"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO fate VALUES(3,1,'kept',NULL,'{"candidates": 2, "verified": [false, true], "complete": [true, true]}',NULL,1,2,1,2);
INSERT INTO fate VALUES(4,1,'duplicate',NULL,'{"candidates": 1, "verified": [true], "complete": [true]}',1,0,1,NULL,NULL);
INSERT INTO fate VALUES(5,1,'dropped',3,'{"candidates": 1, "verified": [false], "complete": [true]}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO fate VALUES(6,1,'quarantined',NULL,'{"reason": "truncated", "message": "ends before its JSON object does", "fault_offset": 1698}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO fate VALUES(7,2,'seed',NULL,NULL,NULL,NULL,NULL,3,1);
INSERT INTO fate VALUES(8,2,'seed',NULL,NULL,NULL,NULL,NULL,3,2);
CREATE INDEX sample_by_id ON sample (sample_id);
COMMIT;
