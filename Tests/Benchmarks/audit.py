#!/usr/bin/env python3
"""Time the questions to a ledger of 1,000,000 samples in three branches, and what peers need.

Makes rows in the published schemas with short texts, builds the branches of TinyR1's recipe from
them twice (the second time with one filter, the pick and a thousand source rows changed), and then
asks: `why` by id, by place and by text, `diff` of the two builds, `impact`, `verify`, `report`, and
every kind of page of `serve`. Each question is a process of its own, so its start counts; the page
cache is warm; medians, after one round that is not counted.

Peers in the same run: for `why` by text, grep over the source files (an exact text is all that it can
find, and it knows nothing of what became of it); for `diff`, DuckDB joining the two builds' rows by
id (it knows what was added, removed and changed, not why); for `verify`, xxh128sum of the sources.

Exit status: 0 done, 2 the program is missing or failed.
"""
import argparse
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WORDS = """let suppose then therefore given that sum product integer prime number triangle angle circle radius
length side equation root polynomial function value maximum minimum hence because check consider case
step compute modulo divide remainder multiply factor square cube sequence term probability count ways choose
permutation vector matrix force energy mass velocity charge field cell protein molecule reaction bond acid
base enzyme rate constant loop array index string print input output list find first second third last total
answer simplify both sides substitute expression equals greater less between point line plane area volume
lattice graph vertex edge colour path tree weight queue stack parity digit decimal fraction ratio percent
median average variance limit integral derivative tangent chord sphere cone cylinder prism pyramid mirror
lens current voltage resistance pressure density entropy orbit photon isotope catalyst polymer genome""".split()
LATEX = [r"\frac{a}{b}", r"\sqrt{x^2 + y^2}", r"\sum_{i=1}^{n} i", r"x \in \mathbb{R}", r"a \equiv b \pmod{p}"]
SOURCES = ["olympiads"] * 4 + ["amc_aime", "aops_forum", "cn_contest", "number_theory", "cn_k12", "metamath"]
DOMAINS = ["code"] * 6 + ["biology", "physics", "chemistry", "math", "math"]

RECIPE = """about: The branches of TinyR1, for a benchmark.
branches:
  math:
    sources:
      openr1-math/default:
        filters: [word-problem, contest-source]
        pick: {{ {pick}: responses, where: {{ verified: {{ is: true }}, complete: {{ is: true }} }} }}
        response: "{{responses}}"
    distinct: prompt
    row: sharegpt
  coding:
    sources:
      openthoughts:
        filters: [code, answered]
        response: "<think>\\n{{reasoning|trim}}\\n</think>\\n\\n{{solution|trim}}"
    distinct: prompt
    row: sharegpt
  science:
    sources:
      openthoughts:
        filters: [science, answered]
        response: "<think>\\n{{reasoning|trim}}\\n</think>\\n\\n{{solution|trim}}"
      s1-59k:
        filters: [science-cot]
        response: teacher
    distinct: prompt
    row: sharegpt
"""


# --- Rows ----------------------------------------------------------------------------------------

def problem(random, number, earlier):
    """Some 15 words; one in thirty repeats an earlier problem."""
    if earlier and random.random() < 0.03:
        return random.choice(earlier)
    words = random.choices(WORDS, k=random.randint(8, 22))
    words.insert(random.randrange(len(words)), "$" + random.choice(LATEX) + "$")
    return f"Problem {number}: " + " ".join(words) + "?"


def math(random, number, text):
    count = random.choice((1, 2, 2, 2, 3))
    return {
        "problem": text, "solution": "See above.", "answer": "42", "problem_type": "Algebra",
        "question_type": random.choices(("math-word-problem", "MCQ", "proof"), (74, 9, 17))[0],
        "source": random.choice(SOURCES), "uuid": f"{random.getrandbits(128):032x}",
        "is_reasoning_complete": [random.random() < 0.97 for _ in range(count)],
        "generations": [f"<think>\nSo it is {number + i}.\n</think>\n\n$\\boxed{{{number}}}$" for i in range(count)],
        "correctness_math_verify": [random.random() < 0.7 for _ in range(count)],
        "correctness_llama": None, "finish_reasons": None, "correctness_count": count,
    }


def thoughts(random, number, text):
    return {
        "problem": text, "deepseek_reasoning": f"It has to be {number}.",
        "deepseek_solution": f"The answer is {number}.", "ground_truth_solution": None,
        "domain": random.choice(DOMAINS), "source": "made-up", "test_cases": None, "starter_code": None,
    }


def pool(random, number, text):
    return {
        "question": text, "solution": f"{number}", "source_type": "made-up", "metadata": "{}",
        "cot_type": random.choices(("math", "science", "crossword"), (60, 39, 1))[0], "cot": None,
        "thinking_trajectories": ["Thinking."], "attempt": "Done.",
    }


def write_rows(folder, rows):
    """The three files of build A, and of build B the first with some rows changed."""
    seed = random.Random(20250305)
    folder.mkdir(parents=True)
    number = 0
    for name, share, row in (("openr1-math", 0.5, math), ("openthoughts", 0.35, thoughts), ("s1-59k", 0.15, pool)):
        texts = []
        with open(folder / f"{name}.jsonl", "w", encoding="utf-8") as file:
            for _ in range(round(rows * share)):
                number += 1
                text = problem(seed, number, texts)
                if len(texts) < 50_000:
                    texts.append(text)
                file.write(json.dumps(row(seed, number, text), ensure_ascii=False) + "\n")
    with open(folder / "openr1-math.jsonl", encoding="utf-8") as old, \
            open(folder / "openr1-math-changed.jsonl", "w", encoding="utf-8") as new:
        for index, line in enumerate(old):
            if index % 500 == 7:
                line = line.replace("So it is", "Then it is")
            if index % 5000 != 8:
                new.write(line)


# --- The program ---------------------------------------------------------------------------------

def project(folder, pick, sources):
    """A folder with cards, filters and the recipe, as a user has them."""
    for kind in ("datasets", "filters"):
        shutil.copytree(ROOT / kind, folder / kind, ignore=shutil.ignore_patterns("recipes", "demo"))
    filter = folder / "filters" / "contest-source.yaml"
    if sources:
        filter.write_text(filter.read_text().replace("cn_contest, ", ""))
    (folder / "recipe.yaml").write_text(RECIPE.format(pick=pick))


def run(command, expected=(0,), **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode not in expected:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return result


def timed(command, rounds, expected=(0,)):
    """Median seconds, and the peak memory in MB of the last round."""
    times = []
    run(command, expected)
    for _ in range(rounds):
        start = time.perf_counter()
        run(command, expected)
        times.append(time.perf_counter() - start)
    memory = run(["/usr/bin/env", "python3", "-c",
                  "import resource, subprocess, sys\n"
                  "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)", *command])
    return statistics.median(times), int(memory.stdout)


def show(question, seconds, note=""):
    figure = f"{seconds * 1000:9.0f} ms" if seconds < 10 else f"{seconds:9.1f} s "
    print(f"{question:<40}{figure}  {note}", flush=True)


# --- Pages ---------------------------------------------------------------------------------------

def pages(program, workspace, queries, rounds):
    """Median and slowest milliseconds of each page, over rounds of all of them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    server = subprocess.Popen([program, "serve", workspace, "--port", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"

        def fetch(link):
            """The page, once it is ready: until then another one says so (202)."""
            while True:
                with urllib.request.urlopen(base + link, timeout=60) as answer:
                    if answer.status != 202:
                        return answer.read().decode()
                time.sleep(0.05)
        while True:
            try:
                home = fetch("/")
                break
            except OSError:
                if server.poll() is not None or time.perf_counter() - start > 120:
                    sys.exit("serve did not start")
                time.sleep(0.05)
        show("serve: start to all of the first page", time.perf_counter() - start)
        # Every page that the pages link to, one of each kind, and the searches.
        found, seen = {}, ["/"]
        waiting = [home]
        while waiting and len(found) < 40:
            for link in re.findall(r'href="(/[^"#]*)"', waiting.pop()):
                link = link.replace("&amp;", "&")
                kind = re.sub(r"[0-9a-f]{24}(%23\d+)?|\d+", "N", link)
                if kind in found or link.endswith(".css"):
                    continue
                found[kind] = link
                waiting.append(fetch(link))
        for query in queries:
            found[f"search {query[:20]}"] = "/search?" + urllib.parse.urlencode({"q": query})
        slowest = []
        for kind, link in found.items():
            times = []
            fetch(link)
            for _ in range(rounds):
                start = time.perf_counter()
                fetch(link)
                times.append(time.perf_counter() - start)
            slowest.append((statistics.median(times), max(times), kind))
        slowest.sort(reverse=True)
        for median, worst, kind in slowest[:5]:
            show(f"  {kind[:31]}", median, f"worst {worst * 1000:.0f} ms")
        print(f"  {len(slowest)} kinds of pages, the slowest above", flush=True)
    finally:
        server.terminate()
        server.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--program", type=Path, default=ROOT / ".build/release/branchmerge")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--work", type=Path, default=ROOT / ".build/bench/audit")
    options = arguments.parse_args()
    program = options.program.resolve()
    if not program.exists():
        sys.exit(f"{program} is missing; `make build` makes it")
    work = options.work / str(options.rows)
    rows = work / "rows"
    if not (rows / "openr1-math-changed.jsonl").exists():
        shutil.rmtree(work, ignore_errors=True)
        write_rows(rows, options.rows)
    for name, pick, changed in (("a", "first", False), ("b", "shortest", True)):
        folder = work / name
        if (folder / "work/lineage.sqlite").exists():
            continue
        project(folder, pick, changed)
        math_rows = rows / ("openr1-math-changed.jsonl" if changed else "openr1-math.jsonl")
        start = time.perf_counter()
        run([program, "branch", folder / "recipe.yaml", "--workspace", folder / "work", "--no-fsync",
             "--source", f"openr1-math={math_rows}", "--source", f"openthoughts={rows / 'openthoughts.jsonl'}",
             "--source", f"s1-59k={rows / 's1-59k.jsonl'}"])
        show(f"build {name}", time.perf_counter() - start)
    a, b = work / "a/work", work / "b/work"
    ledger = (a / "lineage.sqlite").stat().st_size
    samples = int(run(["sqlite3", a / "lineage.sqlite", "SELECT count(*) FROM sample"]).stdout)
    fates = int(run(["sqlite3", a / "lineage.sqlite", "SELECT count(*) FROM fate"]).stdout)
    print(f"ledger: {samples:,} samples, {fates:,} fates, {ledger / 1e6:.0f} MB, {ledger / samples:.0f} bytes a sample")

    picked = run(["sqlite3", a / "lineage.sqlite",
                  "SELECT sample_id FROM sample WHERE id % 99991 = 17 ORDER BY id LIMIT 1"]).stdout.strip()
    lines = (rows / "openthoughts.jsonl").open(encoding="utf-8")
    text = json.loads([next(lines) for _ in range(1234)][-1])["problem"]
    words = text.split()
    near = " ".join(words[2:7] + words[9:])

    start = time.perf_counter()
    run([program, "why", text, "--workspace", a])
    show("why TEXT, the first (builds index)", time.perf_counter() - start)
    index = sum(file.stat().st_size for file in a.glob(".search*"))
    print(f"search index: {index / 1e6:.0f} MB, {index / samples:.0f} bytes a sample")
    seconds, memory = timed([program, "why", picked, "--workspace", a], options.rounds)
    show("why ID", seconds, f"{memory} MB")
    seconds, memory = timed([program, "why", f"{rows / 'openthoughts.jsonl'}:777", "--workspace", a], options.rounds)
    show("why FILE:ROW", seconds, f"{memory} MB")
    exact, memory = timed([program, "why", text, "--workspace", a], options.rounds)
    show("why TEXT, exact", exact, f"{memory} MB")
    grep, _ = timed(["grep", "-n", "-F", json.dumps(text, ensure_ascii=False)[1:-1], rows / "openr1-math.jsonl",
                     rows / "openthoughts.jsonl", rows / "s1-59k.jsonl"], options.rounds)
    show("  grep -F over the sources", grep, f"{grep / exact:.1f} times ours")
    for name, query in (("near", near), ("common words", "sum of the number triangle"), ("one word", "isotope")):
        seconds, memory = timed([program, "why", query, "--workspace", a], options.rounds, expected=(0, 1))
        show(f"why TEXT, {name}", seconds, f"{memory} MB")

    diff, memory = timed([program, "diff", a, b], options.rounds, expected=(1,))
    show("diff of two builds", diff, f"{memory} MB")
    if duckdb := shutil.which("duckdb"):
        def table(folder):
            return (f"(SELECT id, hash(conversations) AS text FROM read_json('{folder}/branches/*/train.jsonl',"
                    " columns = {id: 'VARCHAR', conversations: 'JSON'}))")
        query = (f"SELECT count(*) FILTER (b.id IS NULL), count(*) FILTER (a.id IS NULL),"
                 f" count(*) FILTER (a.text <> b.text) FROM {table(a)} a FULL JOIN {table(b)} b USING (id)")
        seconds, memory = timed([duckdb, "-c", query], options.rounds)
        show("  DuckDB on the rows", seconds, f"{memory} MB, {seconds / diff:.1f} times ours; no causes")
    for kind, name in (("--source", "s1-59k"), ("--licence", "Apache-2.0"), ("--id", picked), ("--filter", "contest-source")):
        seconds, memory = timed([program, "impact", "--workspace", a, kind, name], options.rounds)
        show(f"impact {kind} {name[:16]}", seconds, f"{memory} MB")
    verify, memory = timed([program, "verify", a], 1)
    show("verify", verify, f"{memory} MB")
    if shutil.which("xxh128sum"):
        seconds, _ = timed(["xxh128sum", *sorted(rows.glob("*.jsonl"))], options.rounds)
        show("  xxh128sum of the sources alone", seconds)
    seconds, memory = timed([program, "report", a], options.rounds)
    show("report", seconds, f"{memory} MB, a page of {(a / 'report.html').stat().st_size / 1000:.0f} kB")
    pages(program, a, [text, near, "sum of the number triangle", "isotope"], options.rounds)


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    main()
