extension NamedQuery {
  /// All of them, by what they are about: samples, runs, models.
  ///
  /// A new one is an entry here; `branchmerge query --markdown > docs/queries.md` tells of it.
  package static let all: [NamedQuery] = [
    NamedQuery(
      name: "funnel",
      question:
        "How many samples of each source did each step drop, and what became of the others?",
      sql: """
        SELECT branch.name AS branch, source.name AS source, fate.kind, step.name AS step,
          count(*) AS samples
        FROM fate
        JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample
        JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source
        LEFT JOIN step ON step.id = fate.step
        WHERE branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        GROUP BY branch.id, source.id, fate.kind, step.position
        ORDER BY branch.id, source.id, step.position IS NULL, step.position, fate.kind
        """),
    NamedQuery(
      name: "why",
      question: "What became of a sample in each branch, in all runs, the last one first?",
      parameters: [id],
      sql: """
        SELECT branch.run, branch.name AS branch, fate.kind, step.name AS step, fate.evidence,
          stayed.sample_id AS duplicate_of, output_file.path, fate.output_row
        FROM sample
        JOIN fate ON fate.sample = sample.id
        JOIN branch ON branch.id = fate.branch
        LEFT JOIN step ON step.id = fate.step
        LEFT JOIN sample AS stayed ON stayed.id = fate.duplicate_of
        LEFT JOIN output_file ON output_file.id = fate.output
        WHERE sample.sample_id = :id
        ORDER BY branch.run DESC, branch.id
        """),
    NamedQuery(
      name: "dropped-by",
      question: "What did a step drop, by the values that decided?",
      parameters: [
        Parameter(name: "step", about: "a filter's name, or `pick`", example: "contest-source")
      ],
      sql: """
        SELECT branch.name AS branch, fate.evidence, count(*) AS samples
        FROM fate
        JOIN step ON step.id = fate.step
        JOIN branch ON branch.id = fate.branch
        WHERE step.name = :step AND branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        GROUP BY branch.id, fate.evidence
        ORDER BY samples DESC, branch.id, fate.evidence
        """),
    NamedQuery(
      name: "costs",
      question: "Which values cost most samples, over all steps?",
      sql: """
        SELECT branch.name AS branch, step.name AS step, fate.evidence, count(*) AS samples
        FROM fate
        JOIN step ON step.id = fate.step
        JOIN branch ON branch.id = fate.branch
        WHERE branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        GROUP BY branch.id, step.name, fate.evidence
        ORDER BY samples DESC, branch.id, step.name, fate.evidence
        LIMIT 20
        """),
    NamedQuery(
      name: "duplicates",
      question: "Which samples were duplicates, and which one stayed in the stead of each?",
      sql: """
        SELECT branch.name AS branch, sample.sample_id AS duplicate, stayed.sample_id AS stayed
        FROM fate
        JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample
        JOIN sample AS stayed ON stayed.id = fate.duplicate_of
        WHERE branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        ORDER BY branch.id, sample.id
        """),
    NamedQuery(
      name: "near-duplicates",
      question: "Which samples fell as near duplicates, how alike are they to the one that stayed?",
      sql: """
        SELECT branch.name AS branch, sample.sample_id AS duplicate, stayed.sample_id AS stayed,
          evidence ->> '$.near' AS near, evidence ->> '$.size' AS cluster_size
        FROM fate
        JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample
        JOIN sample AS stayed ON stayed.id = fate.duplicate_of
        WHERE branch.id IN (SELECT max(id) FROM branch GROUP BY name)
          AND evidence GLOB '{"near": *'
        ORDER BY near, branch.id, sample.id
        """),
    NamedQuery(
      name: "unreadable",
      question: "Which rows could not be read, in which file and at which byte?",
      sql: """
        SELECT DISTINCT source_file.path, sample.row, sample.byte_offset,
          fate.evidence ->> '$.fault_offset' AS fault_offset, fate.evidence ->> '$.message' AS message
        FROM fate
        JOIN sample ON sample.id = fate.sample
        JOIN source_file ON source_file.id = sample.file
        JOIN branch ON branch.id = fate.branch
        WHERE fate.kind = 'quarantined' AND branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        ORDER BY sample.id
        """),
    NamedQuery(
      name: "picked",
      question: "Which of the trajectories was picked, counted from 0, and out of how many?",
      sql: """
        SELECT branch.name AS branch, fate.picked, fate.candidates, count(*) AS samples
        FROM fate
        JOIN branch ON branch.id = fate.branch
        WHERE fate.kind = 'kept' AND fate.picked IS NOT NULL
          AND branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        GROUP BY branch.id, fate.picked, fate.candidates
        ORDER BY branch.id, fate.picked, fate.candidates
        """),
    NamedQuery(
      name: "verified",
      question:
        "How often does the verdict of 'verify' on an answer agree with the source's own flag?",
      sql: """
        SELECT branch.name AS branch, source.name AS source,
          CASE fate.evidence ->> '$.source_says' WHEN 1 THEN 'true' WHEN 0 THEN 'false' END
            AS source_says,
          fate.evidence ->> '$.verify' AS verdict, fate.evidence ->> '$.because' AS because,
          fate.kind, count(*) AS samples, min(sample.sample_id) AS example
        FROM fate
        JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample
        JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source
        WHERE branch.id IN (SELECT max(id) FROM branch GROUP BY name)
          AND fate.kind <> 'quarantined' AND fate.evidence ->> '$.verify' IS NOT NULL
        GROUP BY branch.id, source.id, source_says, verdict, because, fate.kind
        ORDER BY branch.id, source.id, source_says, verdict, because, fate.kind
        """),
    NamedQuery(
      name: "overlaps",
      question: "Which prompts overlap with a benchmark, with which item of it and by which rule?",
      sql: """
        SELECT branch.name AS branch, fate.evidence ->> '$.benchmark' AS benchmark,
          fate.evidence ->> '$.item' AS item, fate.evidence ->> '$.rule' AS rule,
          fate.evidence ->> '$.share' AS share, sample.sample_id,
          fate.evidence ->> '$.words' AS words
        FROM fate
        JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample
        JOIN step ON step.id = fate.step
        WHERE step.kind = 'without' AND branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        ORDER BY branch.id, benchmark, item, sample.id
        """),
    NamedQuery(
      name: "licences",
      question: "How many rows of each branch are under which licence?",
      sql: """
        SELECT branch.name AS branch, source.licence, fate.kind, count(*) AS samples
        FROM fate
        JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample
        JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source
        WHERE fate.kind IN ('kept', 'seed')
          AND branch.id IN (SELECT max(id) FROM branch GROUP BY name)
        GROUP BY branch.id, source.licence, fate.kind
        ORDER BY branch.id, source.licence, fate.kind
        """),
    NamedQuery(
      name: "origin",
      question: "Where is a row of a branch from?",
      remark: """
        `tail -c +A PATH | head -c B`, with `byte_offset` + 1 for A and `byte_count` for B, shows the
        raw row of an unpacked file.
        """,
      parameters: [
        Parameter(name: "branch", about: "the branch's name", example: "math"),
        Parameter(
          name: "row",
          about: "the row in its file, counted from 1: of kept rows, of seeds, or of"
            + " all rows where a teacher wrote the last of them", example: "1"),
      ],
      sql: """
        WITH build AS (
          SELECT max(id) AS id FROM branch WHERE name = :branch
        ), place AS (
          SELECT sample, fate.kind FROM fate WHERE branch = (SELECT id FROM build) AND output_row = :row
          UNION ALL
          SELECT seed, taught.kind FROM taught WHERE output_row = :row AND teaching = (
            SELECT max(teaching.id) FROM teaching
            JOIN branch ON branch.id = teaching.branch AND branch.name = :branch)
        )
        SELECT place.kind, sample.sample_id, source.name AS source, source_file.path, sample.row,
          sample.byte_offset, sample.byte_count, printf('%016x', sample.row_xxh3) AS row_xxh3
        FROM place
        JOIN sample ON sample.id = place.sample
        JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source
        """),
    NamedQuery(
      name: "runs",
      question: "Which runs were there, and which branches did each build?",
      sql: """
        SELECT run.id AS run, started, finished, tool, recipe, (
          SELECT group_concat(name, ', ') FROM (SELECT name FROM branch WHERE run = run.id ORDER BY id)
        ) AS branches
        FROM run
        ORDER BY run.id
        """),
    NamedQuery(
      name: "files",
      question: "Which files did the branches read, with which hashes?",
      sql: """
        SELECT source.run, source.name AS source, source.config, source.revision, source_file.path,
          source_file.row_count, source_file.byte_count, source_file.xxh3,
          coalesce(source_file.sha256, source_file.published_sha256) AS sha256
        FROM source_file
        JOIN source ON source.id = source_file.source
        WHERE source.id IN (SELECT source FROM step
          WHERE branch IN (SELECT max(id) FROM branch GROUP BY name))
        ORDER BY source_file.id
        """),
    NamedQuery(
      name: "changed-fates",
      question: "Which samples have another fate than in the build of the branch before?",
      sql: """
        WITH build AS (
          SELECT id, name, row_number() OVER (PARTITION BY name ORDER BY id DESC) AS age FROM branch
        ), told AS (
          SELECT build.name AS branch, build.age, sample.sample_id, fate.kind, step.name AS step
          FROM fate
          JOIN build ON build.id = fate.branch
          JOIN sample ON sample.id = fate.sample
          LEFT JOIN step ON step.id = fate.step
          WHERE build.age <= 2
        )
        SELECT now.branch, now.sample_id, before.kind AS was, before.step AS was_step,
          now.kind AS is_now, now.step AS now_step
        FROM told AS now
        JOIN told AS before ON before.sample_id = now.sample_id AND before.branch = now.branch
        WHERE now.age = 1 AND before.age = 2
          AND (before.kind <> now.kind OR before.step IS NOT now.step)
        ORDER BY now.branch, now.sample_id
        """),
    NamedQuery(
      name: "changed-steps",
      question: "Which steps have another text than in the build of the branch before?",
      sql: """
        WITH build AS (
          SELECT id, name, row_number() OVER (PARTITION BY name ORDER BY id DESC) AS age FROM branch
        ), told AS (
          SELECT build.name AS branch, build.age, source.name AS source, source.config,
            step.name AS step, step.text
          FROM step
          JOIN build ON build.id = step.branch
          JOIN source ON source.id = step.source
        )
        SELECT now.branch, now.source, now.step, before.text AS was, now.text AS is_now
        FROM told AS now
        JOIN told AS before ON before.branch = now.branch AND before.source = now.source
          AND before.config = now.config AND before.step = now.step
        WHERE now.age = 1 AND before.age = 2 AND before.text <> now.text
        ORDER BY now.branch, now.source, now.step
        """),
    NamedQuery(
      name: "stages",
      question: "What did a recipe's stages come to, each at its latest attempt?",
      sql: """
        SELECT name, state, finished, message FROM stage
        WHERE id IN (SELECT max(id) FROM stage GROUP BY name)
        ORDER BY id
        """),
    NamedQuery(
      name: "inputs",
      question: "Which files made the merged model, from the sources on, with which hashes?",
      sql: """
        SELECT DISTINCT ingredient.name, ingredient.value
        FROM ingredient
        JOIN stage ON stage.id = ingredient.stage
        WHERE stage.id IN (SELECT max(id) FROM stage WHERE state = 'done' GROUP BY name)
          AND (ingredient.name LIKE 'input %' OR ingredient.name LIKE 'expert %'
            OR ingredient.name LIKE 'base/%')
        ORDER BY ingredient.name
        """),
    NamedQuery(
      name: "seeds",
      question: "What became of the seeds of each branch, and why have some no row?",
      sql: """
        SELECT branch.name AS branch, teaching.model, taught.kind, taught.reason, count(*) AS seeds
        FROM taught
        JOIN teaching ON teaching.id = taught.teaching
        JOIN branch ON branch.id = teaching.branch
        WHERE teaching.id IN \(latestTeachings)
        GROUP BY branch.name, taught.kind, taught.reason
        ORDER BY branch.name, taught.kind <> 'taught', seeds DESC, taught.reason
        """),
    NamedQuery(
      name: "unanswered",
      question: "Which seeds have no row, and why?",
      sql: """
        SELECT branch.name AS branch, sample.sample_id, taught.kind, taught.reason, taught.attempts,
          taught.request
        FROM taught
        JOIN teaching ON teaching.id = taught.teaching
        JOIN branch ON branch.id = teaching.branch
        JOIN sample ON sample.id = taught.seed
        WHERE taught.kind <> 'taught' AND teaching.id IN \(latestTeachings)
        ORDER BY branch.name, taught.seed_row
        """),
    NamedQuery(
      name: "teacher-tokens",
      question: "How many tokens did the rows take that a teacher wrote, and what do they cost?",
      remark: """
        Of the answers that were taken. What was paid for all, those turned down among them, is in the
        store: `sqlite3 work/teacher.sqlite "SELECT sum(cost), sum(completion_tokens) FROM attempt"`.
        """,
      parameters: [
        Parameter(
          name: "prompt", about: "the price of a million tokens of prompts", example: "0.55"),
        Parameter(
          name: "completion", about: "the price of a million tokens of answers", example: "2.19"),
      ],
      sql: """
        SELECT branch.name AS branch, teaching.model, count(*) AS "rows",
          sum(taught.prompt_tokens) AS prompt_tokens,
          sum(taught.completion_tokens) AS completion_tokens,
          max(taught.completion_tokens) AS longest,
          round((sum(taught.prompt_tokens) * :prompt + sum(taught.completion_tokens) * :completion)
            / 1000000, 2) AS cost
        FROM taught
        JOIN teaching ON teaching.id = taught.teaching
        JOIN branch ON branch.id = teaching.branch
        WHERE taught.kind = 'taught' AND teaching.id IN \(latestTeachings)
        GROUP BY branch.name
        ORDER BY branch.name
        """),
    NamedQuery(
      name: "loss",
      question: "How did the loss of each expert fall?",
      sql: """
        SELECT training.branch, metric.step, metric.loss
        FROM metric
        JOIN training ON training.id = metric.training
        WHERE training.id IN (SELECT max(id) FROM training GROUP BY branch)
        ORDER BY training.branch, metric.step
        """),
    NamedQuery(
      name: "left-out",
      question: "How many rows of each branch was its expert not trained on, and why?",
      sql: """
        SELECT training.branch, left_out.reason, count(*) AS "rows", max(left_out.token_count) AS longest
        FROM left_out
        JOIN training ON training.id = left_out.training
        WHERE training.id IN (SELECT max(id) FROM training GROUP BY branch)
        GROUP BY training.branch, left_out.reason
        ORDER BY training.branch, left_out.reason
        """),
    NamedQuery(
      name: "shares",
      question: "How much of the merged model is whose?",
      sql: """
        SELECT name, entry_count, round(100.0 * entry_count / sum(entry_count) OVER (), 2) AS percent
        FROM merge_input
        WHERE merge = (SELECT max(id) FROM merge)
        ORDER BY position
        """),
  ]

  /// Of each branch, whichever build of it was taught last.
  private static let latestTeachings = """
    (SELECT max(teaching.id) FROM teaching
        JOIN branch ON branch.id = teaching.branch GROUP BY branch.name)
    """

  private static let id = Parameter(
    name: "id", about: "the id in the rows", example: "openr1-math:3f2a90c47be1d05586aa71f2")
}
