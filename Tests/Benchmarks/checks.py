#!/usr/bin/env python3
"""Time the checks of text, one by one, and `repetition: gopher` against datatrove's filter.

The texts are those of rows that shared/tools/compose_rows.py makes of real problems. A branch is
built of them for each check with one worker, a filter that keeps or drops by it and rows that are
hardly written; what it takes longer than a branch without a filter is the check's. datatrove's
GopherRepetitionFilter is timed inside Python, without its start, on the same texts; its words are
those between white space, as ours. Times are the processor's. Rounds are interleaved, medians
compared, and verdicts as well.

Exit status: 0 done, or no rows to be had; 2 the program is missing or failed.
"""
import argparse
import importlib.util
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PHRASES = ("[as an AI language model, I'm sorry but I can't, I am DeepSeek, developed by OpenAI,"
           " my training data, in the figure, as shown below, 如图]")
CHECKS = {
    "nothing": None,
    "length": "{ length: { at_least: 1 } }",
    "contains": "{ contains: </think> }",
    "says": f"{{ says: {{ phrases: {PHRASES} }} }}",
    "reasoning_form": "{ reasoning_form: [<think>, </think>] }",
    "has_image": "{ has_image: true }",
    "has_link": "{ has_link: true }",
    "is_multipart": "{ is_multipart: true }",
    "language": "{ language: { in: [en] } }",
    "loop": "{ loop: { at_most: 200 } }",
    "repeated_32": "{ repetition: { repeated_32: 0.5 } }",
    # None can be over: all thirteen measures are taken of every text.
    "repetition, all 13": "{ repetition: { lines: 1, paragraphs: 1, line_characters: 1,"
                          " paragraph_characters: 1, "
                          + ", ".join([f"top_{n}: 1" for n in (2, 3, 4)]
                                      + [f"repeated_{n}: 1" for n in range(5, 11)]) + " } }",
    "repetition: gopher": "{ repetition: gopher }",
}


def fail(message):
    print(f"checks.py: {message}", file=sys.stderr)
    sys.exit(2)


def strings(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value if isinstance(value, list) else value.values():
            yield from strings(each)


def make_texts(options):
    rows = options.work / "rows"
    subprocess.run([sys.executable, options.shared / "tools/compose_rows.py",
                    options.shared / "data", rows], check=True, stdout=subprocess.DEVNULL)
    with open(options.texts, "w", encoding="utf-8") as file:
        number = 0
        for path in sorted(rows.glob("*.jsonl")):
            for line in path.open(encoding="utf-8"):
                for text in strings(json.loads(line)):
                    if len(text) > 500:
                        number += 1
                        row = {"prompt": str(number), "text": text}
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def make_library(options):
    library = options.work / "library"
    for folder in ("datasets/recipes", "filters"):
        (library / folder).mkdir(parents=True, exist_ok=True)
    (library / "datasets/texts.yaml").write_text(
        "about: Texts.\nlicence: other\nidentity: [prompt]\n"
        "fields: { prompt: prompt, text: text }\n")
    for index, (name, rule) in enumerate(CHECKS.items()):
        filters = ""
        if rule:
            (library / f"filters/f{index}.yaml").write_text(
                f"about: Keeps texts.\nkeep: {{ not: {{ all: [{{ text: {rule} }},"
                " { text: { is_null: true } }] } }\n"
                "examples:\n  - keep: { text: null }\n  - { drop: { text: null }, because: text }\n")
            filters = f"filters: [f{index}], "
        (library / f"datasets/recipes/r{index}.yaml").write_text(
            f"about: One check.\nbranches:\n  b:\n    about: \"{name}\"\n    sources: {{ texts: {{"
            f" {filters}prompt: '{{prompt}}', response: '{{prompt}}' }} }}\n    row: sharegpt\n")


def processor_seconds():
    """What children have used so far; other work on the machine counts less in it than on a clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_ours(options, index):
    workspace = options.work / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    command = [options.program, "branch", f"datasets/recipes/r{index}.yaml", "-w", workspace,
               "--source", f"texts={options.texts}", "--workers", "1", "--no-fsync"]
    start = processor_seconds()
    done = subprocess.run(command, cwd=options.work / "library", capture_output=True, text=True)
    seconds = processor_seconds() - start
    if done.returncode not in (0, 1):
        fail(done.stderr)
    return seconds


def datatrove_verdicts(texts):
    """Seconds, and of each text the measure that is too large, or None."""
    # The tokenize.py beside this file is not Python's own.
    sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
    from datatrove.data import Document
    from datatrove.pipeline.filters import gopher_repetition_filter as gopher
    gopher.split_into_words = lambda text, language: text.split()
    judge = gopher.GopherRepetitionFilter()
    documents = [Document(text=text, id="0") for text in texts]
    start = time.process_time()
    verdicts = [judge.filter(document) for document in documents]
    seconds = time.process_time() - start
    return seconds, [None if verdict is True else verdict[1] for verdict in verdicts]


def dropped_by_gopher(options):
    """The rows that our check does not hold for, by number."""
    library = options.work / "library"
    (library / "filters/gopher.yaml").write_text(
        "about: Keeps texts.\nkeep: { text: { repetition: gopher } }\n"
        "examples:\n  - keep: { text: '' }\n  - { drop: { text: null }, because: text }\n")
    (library / "datasets/recipes/rgopher.yaml").write_text(
        "about: x\nbranches:\n  b:\n    about: x\n    sources: { texts: { filters: [gopher],"
        " prompt: '{prompt}', response: '{prompt}' } }\n    row: sharegpt\n")
    run_ours(options, "gopher")
    with sqlite3.connect(options.work / "workspace/lineage.sqlite") as ledger:
        return {row for row, in ledger.execute(
            "SELECT row FROM fate JOIN sample ON sample.id = fate.sample WHERE kind = 'dropped'")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/branchmerge")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.program = options.program.resolve()
    options.work = ROOT / ".build/bench/checks"
    options.texts = options.work / "texts.jsonl"
    if not (options.shared / "data").exists():
        print(f"no rows at {options.shared} to make texts of: nothing measured")
        return 0
    if not os.access(options.program, os.X_OK):
        fail(f"no program at {options.program}: build it first")
    options.work.mkdir(parents=True, exist_ok=True)
    if not options.texts.exists():
        make_texts(options)
    make_library(options)
    texts = [json.loads(line)["text"] for line in options.texts.open(encoding="utf-8")]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts):,} texts, {megabytes:.1f} MB, one worker, medians of {options.rounds} rounds,"
          f" load {os.getloadavg()[0]:.1f}\n")

    has_peer = importlib.util.find_spec("datatrove") is not None
    times, peer = {name: [] for name in CHECKS}, []
    for _ in range(options.rounds):
        for index, name in enumerate(CHECKS):
            times[name].append(run_ours(options, index))
        if has_peer:
            seconds, verdicts = datatrove_verdicts(texts)
            peer.append(seconds)
    base = statistics.median(times["nothing"])
    print(f"{'check':<20} seconds     MB/s")
    for name in CHECKS:
        seconds = statistics.median(times[name])
        own = max(seconds - base, 1e-3)
        rate = "" if name == "nothing" else f"{megabytes / own:9.0f}"
        print(f"{name:<20} {seconds:7.2f}{rate}")
    if not has_peer:
        print(f"\n{sys.executable} has no datatrove: not compared")
        return 0
    import datatrove
    theirs = statistics.median(peer)
    own = max(statistics.median(times["repetition: gopher"]) - base, 1e-3)
    version = getattr(datatrove, "__version__", "")
    print(f"\ndatatrove {version}: {theirs:.2f} s, {megabytes / theirs:.1f} MB/s;"
          f" ours {theirs / own:.1f} times as fast")
    dropped = dropped_by_gopher(options)
    counts = {(ours, their): 0 for ours in (False, True) for their in (False, True)}
    differing = []
    for number, verdict in enumerate(verdicts, 1):
        pair = (number in dropped, verdict is not None)
        counts[pair] += 1
        if pair[0] != pair[1]:
            differing.append((number, verdict))
    agreed = counts[True, True] + counts[False, False]
    print(f"verdicts agree for {agreed:,} of {len(texts):,}: both drop {counts[True, True]:,};"
          f" ours alone {counts[True, False]}, datatrove's alone {counts[False, True]}")
    for number, verdict in differing[:5]:
        print(f"  text {number}: datatrove {verdict or 'keeps'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
