#!/usr/bin/env python3
"""Time `branchmerge branch` on the math branch against DuckDB, Polars and an orjson loop.

All contenders make the same selection of the same synthetic file: first JSON Lines, then Parquet.
Each run is a process of its own, so a peer's time includes the start of Python and its imports,
which are also timed alone. Peers do not sync; the program in their table runs with --no-fsync.
Rounds are interleaved, the page cache is warm, the first round is not counted and serves to check
that every contender wrote the program's (prompt, response) pairs in the program's order.
RSS is that of a contender's largest process, and at least this script's own (some 40 MB).

Exit status: 0 done, or no corpus tool to work with; 1 outputs differ or a peer failed;
2 the program is missing or failed.
"""
import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("olympiads", "amc_aime", "aops_forum", "cn_contest", "inequalities", "number_theory",
           "olympiads_ref")
# Unicode White_Space, as a Python class and as a class of the regex engines of DuckDB and Polars.
WHITE = "[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
WHITE_RE2 = (r"[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}"
             r"\x{3000}]+")
PEERS = {"jsonl": ("duckdb", "polars", "orjson"), "parquet": ("duckdb", "polars")}


# --- The peers: each runs in a child process (`branch.py --peer duckdb-jsonl IN OUT`) ------------

DUCKDB_HIT = """list_position(list_transform(list_zip(correctness_math_verify,
    is_reasoning_complete), lambda pair: pair[1] AND pair[2]), true)"""
DUCKDB_KEY = f"trim(regexp_replace(problem, '{WHITE_RE2}', ' ', 'g'), ' ')"
DUCKDB_WHERE = f"question_type = 'math-word-problem' AND source IN {SOURCES} AND {DUCKDB_HIT} > 0"


def duckdb_connection(workers):
    """Open DuckDB; its rewrite of a long IN list into a join would lose the order of the rows."""
    import duckdb
    connection = duckdb.connect(config={"threads": workers})
    connection.execute("SET disabled_optimizers = 'in_clause'")
    return connection


def duckdb_jsonl(source, output, workers):
    """DuckDB from JSON Lines: the output's lines into a table, then those with the first row ids.

    Quicker than a window or an aggregate over the text, and than forming the JSON in the COPY.
    """
    line = f"""'{{"id":' || to_json(uuid) || ',"conversations":[{{"from":"human","value":'
        || to_json(problem) || '}},{{"from":"gpt","value":' || to_json(generations[{DUCKDB_HIT}])
        || '}}],"system":""}}'"""
    connection = duckdb_connection(workers)
    count, = connection.execute(f"""CREATE TEMP TABLE kept AS
        SELECT {DUCKDB_KEY} AS key, {line} AS line
        FROM read_json('{source}', format = 'newline_delimited', columns = {{
            problem: 'VARCHAR', question_type: 'VARCHAR', source: 'VARCHAR', uuid: 'VARCHAR',
            is_reasoning_complete: 'BOOLEAN[]', generations: 'VARCHAR[]',
            correctness_math_verify: 'BOOLEAN[]'}})
        WHERE {DUCKDB_WHERE}""").fetchone()
    # A semi join keeps the order within one row group; a larger table has to be sorted.
    order = "ORDER BY rowid" if count > 122_880 else ""
    connection.execute(f"""COPY (SELECT line FROM kept
        WHERE rowid IN (SELECT min(rowid) FROM kept GROUP BY key) {order}) TO '{output}'
        (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER E'\\x01')""")


def duckdb_parquet(source, output, workers):
    """DuckDB from Parquet: find the repeated prompts in the narrow columns, then stream the rest.

    Quicker than one pass, which has to hold the text of all rows or to sort it.
    """
    connection = duckdb_connection(workers)
    table = f"read_parquet('{source}', file_row_number = true)"
    repeated = [number for number, in connection.execute(f"""SELECT file_row_number
        FROM {table} WHERE {DUCKDB_WHERE}
        QUALIFY row_number() OVER (PARTITION BY {DUCKDB_KEY} ORDER BY file_row_number) > 1
        """).fetchall()]
    connection.execute(f"""COPY (SELECT uuid AS id,
            [{{'from': 'human', 'value': problem}},
             {{'from': 'gpt', 'value': generations[{DUCKDB_HIT}]}}] AS conversations,
            '' AS system
        FROM {table} WHERE {DUCKDB_WHERE}
            AND NOT list_contains({repeated}::BIGINT[], file_row_number))
        TO '{output}' (FORMAT json)""")


def polars_any(source, output, workers):
    """Polars, streaming: scan, filter, unique in order, sink. (The flag lists must be parallel.)"""
    os.environ["POLARS_MAX_THREADS"] = str(workers)
    import polars as pl
    if source.endswith(".parquet"):
        rows = pl.scan_parquet(source)
    else:
        flags = pl.List(pl.Boolean)
        rows = pl.scan_ndjson(source, schema={
            "problem": pl.String, "question_type": pl.String, "source": pl.String,
            "uuid": pl.String, "is_reasoning_complete": flags,
            "generations": pl.List(pl.String), "correctness_math_verify": flags})

    def bits(name):
        return pl.col(name).cast(pl.List(pl.Int8))

    def turn(who, value):
        return pl.struct(pl.lit(who).alias("from"), pl.col(value).alias("value"))

    good = pl.col("good").list
    rows = rows.filter((pl.col("question_type") == "math-word-problem")
                       & pl.col("source").is_in(SOURCES))
    rows = rows.with_columns(good=bits("correctness_math_verify") * bits("is_reasoning_complete"))
    rows = rows.filter(good.max() == 1).select(
        "uuid", "problem", response=pl.col("generations").list.get(good.arg_max()),
        key=pl.col("problem").str.replace_all(WHITE_RE2, " ").str.strip_chars(" "))
    rows = rows.unique("key", keep="first", maintain_order=True)
    turns = pl.concat_list(turn("human", "problem"), turn("gpt", "response"))
    rows.select(id="uuid", conversations=turns, system=pl.lit("")).sink_ndjson(output)


def orjson_jsonl(source, output, _workers):
    """A plain Python loop on orjson: one thread, one row in memory."""
    import orjson
    squeeze = re.compile(WHITE).sub
    sources, seen = frozenset(SOURCES), set()
    loads, dumps, newline = orjson.loads, orjson.dumps, orjson.OPT_APPEND_NEWLINE
    with open(source, "rb", buffering=1 << 20) as lines, \
            open(output, "wb", buffering=1 << 20) as out:
        for line in lines:
            row = loads(line)
            if row["question_type"] != "math-word-problem" or row["source"] not in sources:
                continue
            texts = row["generations"] or ()
            correct = row["correctness_math_verify"] or ()
            complete = row["is_reasoning_complete"] or ()
            if not len(texts) == len(correct) == len(complete):
                continue
            for response, right, whole in zip(texts, correct, complete):
                if right and whole:
                    break
            else:
                continue
            prompt = row["problem"]
            key = squeeze(" ", prompt).strip(" ")
            if key in seen:
                continue
            seen.add(key)
            out.write(dumps({"id": row["uuid"], "conversations": [
                {"from": "human", "value": prompt}, {"from": "gpt", "value": response}],
                "system": ""}, option=newline))


def make_parquet(source, output, _workers):
    """Write the corpus as Parquet the way the published shards are: Snappy, groups of 1,000."""
    import pyarrow as pa
    from pyarrow import json as arrow_json, parquet
    text, flags = pa.string(), pa.list_(pa.bool_())
    names = ("problem", "solution", "answer", "problem_type", "question_type", "source", "uuid")
    schema = pa.schema([(name, text) for name in names] + [
        ("is_reasoning_complete", flags), ("generations", pa.list_(text)),
        ("correctness_math_verify", flags), ("correctness_llama", flags),
        ("finish_reasons", pa.list_(text)), ("correctness_count", pa.int64()),
        ("messages", pa.list_(pa.struct([("content", text), ("role", text)])))])
    table = arrow_json.read_json(
        source, read_options=arrow_json.ReadOptions(block_size=64 << 20),
        parse_options=arrow_json.ParseOptions(explicit_schema=schema,
                                              unexpected_field_behavior="error"))
    parquet.write_table(table, output, compression="snappy", row_group_size=1000)


CHILDREN = {"duckdb-jsonl": duckdb_jsonl, "duckdb-parquet": duckdb_parquet,
            "polars-jsonl": polars_any, "polars-parquet": polars_any,
            "orjson-jsonl": orjson_jsonl, "make-parquet": make_parquet}


# --- Running and measuring -----------------------------------------------------------------------

@dataclass
class Contender:
    """What is run once a round; `output` is the file with its rows, if it writes any."""
    name: str
    commands: list
    output: Path = None
    is_program: bool = False


@dataclass
class Run:
    """What one run of a contender took; memory in bytes."""
    seconds: float = 0
    cpu: float = 0
    resident: int = 0
    anonymous: int = 0
    status: int = 0
    stdout: str = ""
    stderr: str = ""


def run_command(command, work, keep_stdout, sample):
    """Run one child; with `sample` look at its anonymous memory every 5 ms.

    Linux counts this process's own peak as the child's before its exec, so no large file is held
    in memory here.
    """
    out, err = work / "run/stdout" if keep_stdout else Path(os.devnull), work / "run/stderr"
    with open(out, "wb") as out_file, open(err, "wb") as err_file:
        run, done = Run(), 0
        start = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command], stdout=out_file, stderr=err_file)
        while sample and not done:
            try:
                status = Path(f"/proc/{child.pid}/status").read_text()
                found = re.search(r"RssAnon:\s+(\d+) kB", status)
                run.anonymous = max(run.anonymous, int(found[1]) * 1024 if found else 0)
            except OSError:
                pass
            time.sleep(0.005)
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
        if not done:
            _, status, usage = os.wait4(child.pid, 0)
        run.seconds = time.perf_counter() - start
    run.status = child.returncode = os.waitstatus_to_exitcode(status)
    run.cpu = usage.ru_utime + usage.ru_stime
    run.resident = usage.ru_maxrss * 1024
    run.stdout = out.read_text(errors="replace")
    run.stderr = err.read_text(errors="replace")
    return run


def run_contender(contender, work, sample=False):
    """Run a contender's commands one after the other in an empty WORK/run; stop at a failure."""
    shutil.rmtree(work / "run", ignore_errors=True)
    (work / "run").mkdir()
    total = Run()
    for command in contender.commands:
        run = run_command(command, work, contender.is_program, sample)
        total.seconds += run.seconds
        total.cpu += run.cpu
        total.resident = max(total.resident, run.resident)
        total.anonymous = max(total.anonymous, run.anonymous)
        total.status, total.stdout, total.stderr = run.status, run.stdout, run.stderr
        if run.status:
            break
    if total.status or (contender.output and not contender.output.exists()):
        print(f"{contender.name}: failed with status {total.status}\n{total.stderr[-2000:]}",
              file=sys.stderr)
        sys.exit(2 if contender.is_program else 1)
    return total


def pairs(path):
    """Yield the (prompt, response) pairs of a file of conversations."""
    with open(path, "rb") as lines:
        for line in lines:
            turns = json.loads(line)["conversations"]
            yield turns[0]["value"], turns[1]["value"]


def digest_of_pairs(path):
    """Return the number of rows and a SHA-256 over the pairs in order."""
    digest, rows = hashlib.sha256(), 0
    for pair in pairs(path):
        digest.update(json.dumps(pair).encode())
        rows += 1
    return rows, digest.hexdigest()


def check(contender, reference, expected):
    """Compare a contender's pairs with the program's; say where they part and exit 1."""
    rows, digest = digest_of_pairs(contender.output)
    if (rows, digest) == expected:
        return
    same = 0
    for left, right in zip(pairs(contender.output), pairs(reference)):
        if left != right:
            break
        same += 1
    print(f"{contender.name}: wrote other rows than the program: {rows} against {expected[0]}, "
          f"the first difference is in row {same + 1}", file=sys.stderr)
    sys.exit(1)


def sha256(path):
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def program_contender(options, source, name, workers, flags):
    """Return the program on the math branch of the recipe, in a fresh workspace."""
    workspace = options.work / "run" / "workspace"
    command = [options.program, "branch", ROOT / "datasets/recipes/tinyr1.yaml",
               "--workspace", workspace, "--source", f"openr1-math={source}", "--only", "math",
               "--workers", workers, "--json", *flags]
    return Contender(name, [command], workspace / "branches/math/train.jsonl", True)


def peer_contender(options, source, module):
    """Return a peer: this script again, as a child."""
    form = "parquet" if source.suffix == ".parquet" else "jsonl"
    output = options.work / "run" / "out.jsonl"
    command = [sys.executable, __file__, "--workers", options.workers,
               "--peer", f"{module}-{form}", source, output]
    return Contender(module, [command], output)


def ledger_share(stdout):
    """Return the ledger's share of the processor time the program reports, or None."""
    try:
        seconds = json.loads(stdout)["seconds"]
        return seconds["ledger"] / seconds["processor"]
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        return None


def part(options, source, form):
    """Measure all contenders on one input, print the table, return the results."""
    reference = options.work / "reference.jsonl"
    copy = options.work / "run" / "copy"
    program = program_contender(options, source, "branchmerge", options.workers, ["--no-fsync"])
    durable = program_contender(options, source, "durable", options.workers, [])
    floor = Contender("floor", [["cat", source], ["cp", "--reflink=never", reference, copy]])
    file_copy = Contender("copy", [["cp", "--reflink=never", source, copy], ["sync", copy]])
    peers, starts = [], []
    for module in PEERS[form]:
        if importlib.util.find_spec(module):
            peers.append(peer_contender(options, source, module))
            starts.append(Contender(f"start {module}",
                                    [[sys.executable, "-c", f"import {module}"]]))
        else:
            print(f"{module} is not installed: skipped")
    table = [program, *peers]
    extra = [floor, *starts] + ([durable, file_copy] if form == "jsonl" else [])

    with open(source, "rb", buffering=0) as file:
        while file.read(8 << 20):
            pass
    runs = {contender.name: [] for contender in table + extra}
    shares, expected = [], None
    for number in range(options.rounds + 1):
        for contender in table + extra:
            run = run_contender(contender, options.work)
            if number:
                runs[contender.name].append(run)
                if contender is program:
                    shares.append(ledger_share(run.stdout))
            elif contender is program:
                os.replace(contender.output, reference)
                expected = digest_of_pairs(reference)
            elif contender.output:
                check(contender, reference, expected)

    anonymous, hashes = {}, set()
    for workers in sorted({1, 2, 7, options.workers}):
        same = program_contender(options, source, "branchmerge", workers, ["--no-fsync"])
        anonymous[workers] = run_contender(same, options.work, sample=True).anonymous
        hashes.add(sha256(same.output))
    shutil.rmtree(options.work / "run")
    reference.unlink()

    size = source.stat().st_size
    seconds = {name: [run.seconds for run in of] for name, of in runs.items()}
    median = {name: statistics.median(of) for name, of in seconds.items()}
    print(f"\n{source.name}: {size / 1e6:.0f} MB, {expected[0]} rows written, "
          f"{options.workers} workers, {options.rounds} rounds")
    print(f"{'contender':12}{'median s':>10}{'min':>8}{'max':>8}{'ratio':>8}{'rows':>9}"
          f"{'MB/s':>8}{'RSS MB':>8}{'CPU s':>8}")
    for name in (contender.name for contender in table):
        of, cpu = seconds[name], statistics.median(run.cpu for run in runs[name])
        resident = max(run.resident for run in runs[name])
        print(f"{name:12}{median[name]:10.3f}{min(of):8.3f}{max(of):8.3f}"
              f"{median[name] / median[program.name]:8.2f}{expected[0]:9}"
              f"{size / 1e6 / median[name]:8.0f}{resident / 1e6:8.0f}{cpu:8.2f}")
    print("start of the peers (Python and import alone): "
          + (", ".join(f"{start.name[6:]} {median[start.name]:.3f} s" for start in starts) or "-"))
    print(f"floor (cat of the input, cp of the output): {median['floor']:.3f} s, "
          f"the program takes {median[program.name] / median['floor']:.2f} times that")
    print(f"peak anonymous memory of the program: {anonymous[options.workers] / 1e6:.0f} MB"
          + (", without its duckdb child" if form == "parquet" else ""))
    same_bytes = len(hashes) == 1
    print(f"same bytes for {', '.join(map(str, anonymous))} workers: "
          f"{'yes' if same_bytes else 'NO'}")
    share = None if None in shares else statistics.median(shares)
    if share is not None:
        print(f"share of the ledger in the program's processor time: {share:.1%}")
    if form == "jsonl":
        print(f"durable: the program with fsync {median['durable']:.3f} s, cp and sync of the "
              f"input {median['copy']:.3f} s, ratio {median['durable'] / median['copy']:.2f}")
    return {"input": source.name, "bytes": size, "rows": expected[0], "pairs": expected[1],
            "same_bytes": same_bytes, "ledger_share": share, "anonymous": anonymous,
            "contenders": {name: {"seconds": seconds[name], "median": median[name],
                                  "cpu": [run.cpu for run in of],
                                  "resident": [run.resident for run in of]}
                           for name, of in runs.items()}}


def make_inputs(options):
    """Make the corpus and its Parquet form once; return their paths, None for what cannot be."""
    jsonl = options.work / f"numina-{options.rows}.jsonl"
    parquet = jsonl.with_suffix(".parquet")
    unfinished = options.work / "unfinished"
    if not jsonl.exists():
        if not options.corpus_tool.exists():
            return None, None
        print(f"making {jsonl.name} ...", flush=True)
        subprocess.run([sys.executable, options.corpus_tool, "numina", unfinished,
                        "--rows", str(options.rows)], check=True)
        os.replace(unfinished, jsonl)
    if not parquet.exists():
        if not importlib.util.find_spec("pyarrow"):
            return jsonl, None
        print(f"making {parquet.name} ...", flush=True)
        subprocess.run([sys.executable, __file__, "--peer", "make-parquet", jsonl, unfinished],
                       check=True)
        os.replace(unfinished, parquet)
    return jsonl, parquet


def write_report(options, results):
    """Write the results so far to WORK/branch.json."""
    versions = {name: importlib.metadata.version(name) for name in PEERS["jsonl"]
                if importlib.util.find_spec(name)}
    report = {"rounds": options.rounds, "workers": options.workers, "cpus": os.cpu_count(),
              "versions": versions, **results}
    (options.work / "branch.json").write_text(json.dumps(report, indent=2) + "\n")


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/branchmerge")
    parser.add_argument("--corpus-tool", type=Path,
                        default=ROOT.parent / "shared/tools/make_corpus.py")
    parser.add_argument("--work", type=Path, default=ROOT / ".build/bench")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 1 or options.workers < 1:
        parser.error("--rounds and --workers must be at least 1")
    return options


def main():
    """Make the inputs, measure both parts, write WORK/branch.json; return the exit status."""
    options = arguments()
    if options.peer:
        name, source, output = options.peer
        CHILDREN[name](source, output, options.workers)
        return 0
    options.work.mkdir(parents=True, exist_ok=True)
    options.work, options.program = options.work.resolve(), options.program.resolve()
    jsonl, parquet = make_inputs(options)
    if jsonl is None:
        print(f"no corpus tool at {options.corpus_tool}: nothing measured")
        return 0
    if not os.access(options.program, os.X_OK):
        print(f"no program at {options.program}: build it first", file=sys.stderr)
        return 2
    results = {"jsonl": part(options, jsonl, "jsonl")}
    write_report(options, results)
    if not parquet:
        print("pyarrow is not installed: no Parquet part")
    elif not shutil.which("duckdb"):
        print("the program reads Parquet with the duckdb command, not on the PATH: no Parquet part")
    else:
        results["parquet"] = part(options, parquet, "parquet")
        write_report(options, results)
    if len({result["pairs"] for result in results.values()}) > 1:
        print("the program selects other rows from Parquet than from JSON Lines", file=sys.stderr)
        return 1
    return 0 if all(result["same_bytes"] for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
