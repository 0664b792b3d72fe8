#!/usr/bin/env python3
"""Time `{prompt|markup}` against BeautifulSoup and html2text.

The texts are the bodies of the Stack Exchange dump in ../shared/data, again and again, and problems
without markup. The program is timed as a whole process with one worker, once with `{prompt}` and once
with `{prompt|markup}`: the difference is what the conversion takes. The libraries are timed inside
Python, without their start, on a megabyte of the same bodies. Rounds are interleaved, and medians
compared.

Exit status: 0 done, or no rows to be had; 2 the program is missing or failed.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARD = """about: Texts.
licence: CC0-1.0
identity: [id]
fields:
  id: id
  prompt: text
"""
RECIPE = """branches:
  all:
    sources:
      texts:
        prompt: "{prompt%s}"
        response: "-"
"""


def fail(status, message):
    print(f"markup.py: {message}", file=sys.stderr)
    sys.exit(status)


def bodies(options):
    path = options.shared / "data/stackexchange/history_meta_Posts.xml"
    return [row.get("Body") for row in ElementTree.parse(path).getroot() if row.get("Body")]


def plain(options):
    """Problems of MATH-500 and OpenThoughts; hardly one of them has markup."""
    texts = []
    for name, key in [("benchmarks/math_500.jsonl", "problem"),
                      ("openthoughts/openthoughts_prompts.jsonl", "user")]:
        with open(options.shared / "data" / name, encoding="utf-8") as file:
            texts += [json.loads(line)[key] for line in file]
    return texts


def write_rows(texts, path, size):
    """Rows of these texts over and over, up to a size in bytes; how many bytes of text they hold."""
    written, number = 0, 0
    with open(path, "w", encoding="utf-8") as file:
        while written < size:
            text = texts[number % len(texts)]
            file.write(json.dumps({"id": str(number), "text": text}, ensure_ascii=False) + "\n")
            written += len(text.encode())
            number += 1
    return written


def branch(options, rows, recipe):
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        start = time.perf_counter()
        done = subprocess.run(
            [options.program, "branch", options.work / f"datasets/recipes/{recipe}.yaml",
             "--workspace", work, "--source", f"texts={rows}", "--workers", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            fail(2, done.stderr)
        return time.perf_counter() - start


def libraries():
    import html2text
    from bs4 import BeautifulSoup
    return {
        "BeautifulSoup, html.parser": lambda text: BeautifulSoup(text, "html.parser").get_text(),
        "BeautifulSoup, lxml": lambda text: BeautifulSoup(text, "lxml").get_text(),
        "html2text": html2text.html2text,
    }


def timed(convert, texts):
    start = time.perf_counter()
    for text in texts:
        convert(text)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/branchmerge")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--work", type=Path, default=ROOT / ".build/bench-markup")
    parser.add_argument("--megabytes", type=float, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not options.program.exists():
        fail(2, f"{options.program} is missing: make build")
    if not (options.shared / "data/stackexchange").exists():
        print("markup.py: no rows to be had: there is no ../shared/data")
        return
    (options.work / "datasets/recipes").mkdir(parents=True, exist_ok=True)
    (options.work / "datasets/texts.yaml").write_text(CARD)
    for name, modifier in [("raw", ""), ("markup", "|markup")]:
        (options.work / f"datasets/recipes/{name}.yaml").write_text(RECIPE % modifier)

    html = bodies(options)
    few = html[:1 + next(index for index in range(len(html))
                         if sum(map(len, html[:index + 1])) > 1e6 or index == len(html) - 1)]
    few_bytes = sum(len(text.encode()) for text in few)
    sets = {}
    for name, texts in [("HTML", html), ("without markup", plain(options))]:
        rows = options.work / (name.split()[0] + ".jsonl")
        sets[name] = (rows, write_rows(texts, rows, options.megabytes * 1e6))

    convert = libraries()
    seconds = {}
    for _ in range(options.rounds):
        for name, (rows, _) in sets.items():
            for recipe in ("raw", "markup"):
                seconds.setdefault((name, recipe), []).append(branch(options, rows, recipe))
        for name, function in convert.items():
            seconds.setdefault(name, []).append(timed(function, few))
    median = {key: statistics.median(times) for key, times in seconds.items()}

    print(f"{'':34}      MB  seconds    MB/s")
    for name, (_, size) in sets.items():
        for recipe in ("raw", "markup"):
            taken = median[name, recipe]
            print(f"{name + ', branch ' + recipe:34}{size / 1e6:8.1f}{taken:9.2f}"
                  f"{size / 1e6 / taken:8.1f}")
        taken = max(median[name, "markup"] - median[name, "raw"], 1e-3)
        print(f"{name + ', conversion alone':34}{size / 1e6:8.1f}{taken:9.2f}"
              f"{size / 1e6 / taken:8.1f}")
    for name in convert:
        print(f"{'HTML, ' + name:34}{few_bytes / 1e6:8.1f}{median[name]:9.2f}"
              f"{few_bytes / 1e6 / median[name]:8.1f}")


if __name__ == "__main__":
    main()
