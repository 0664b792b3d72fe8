#!/usr/bin/env python3
"""Hold the overlap rules against independent ones, on real prompts and judged pairs.

The rule of s1 and open-r1 is written here from its description: `' '.join(text.lower().split())`,
runs of eight words, one in common is enough. That of open-thoughts is rapidfuzz's `fuzz.ratio`, at
least 95. Both must give the same pairs of text and item as the program. Then it tells how many of
the judged pairs (c_lex: same letters, c_sem: same problem in other words) each rule finds, and how
many unrelated prompts it takes for items.

Exit status: 0 the same, or nothing to hold against; 1 a difference; 2 the program is missing.
"""
import argparse
import collections
import os
import subprocess
import sys
from pathlib import Path

import real_prompts

ROOT = Path(__file__).resolve().parents[2]


def runs(text, n=8):
    words = " ".join(text.lower().strip().split()).split()
    return {" ".join(words[i:i + n]) for i in range(len(words) - n + 1)}


def expected_words(texts, items):
    lookup = collections.defaultdict(set)
    for name, problems in items.items():
        for number, problem in enumerate(problems):
            for run in runs(problem):
                lookup[run].add((name, number))
    return {(place, *item) for place, text in enumerate(texts)
            for run in runs(text) for item in lookup.get(run, ())}


def expected_fuzzy(texts, items):
    from rapidfuzz import fuzz, process
    problems = [(name, number, problem) for name, list in items.items()
                for number, problem in enumerate(list)]
    found = set()
    for first in range(0, len(texts), 512):
        scores = process.cdist(texts[first:first + 512], [problem for *_, problem in problems],
                               scorer=fuzz.ratio, score_cutoff=95, workers=2)
        for place, item in zip(*scores.nonzero()):
            found.add((first + int(place), *problems[item][:2]))
    return found


def program_hits(options, texts, items):
    """{rule: {(text, benchmark, item): (start, end, share)}}"""
    work = options.work
    arguments = [options.program, "overlap", real_prompts.write(work / "texts.txt", texts), "2",
                 "--hits"]
    for name, problems in items.items():
        arguments.append(f"{name}={real_prompts.write(work / f'{name}.txt', problems)}")
    done = subprocess.run(arguments, check=True, capture_output=True, encoding="utf-8")
    print("  " + " ".join(done.stderr.split()))
    hits = collections.defaultdict(dict)
    for line in done.stdout.splitlines():
        place, rule, name, item, start, end, share = line.split("\t")
        hits[rule][int(place), name, int(item)] = int(start), int(end), float(share)
    return hits


def compare(rule, ours, theirs):
    only = {"ours alone": ours - theirs, "theirs alone": theirs - ours}
    print(f"  {rule}: {len(theirs)} pairs, " +
          ("the same" if ours == theirs else f"{ {k: sorted(v)[:5] for k, v in only.items()} }"))
    return ours == theirs


def judged(options):
    pairs = list(real_prompts.pairs(options.shared / "data"))
    items = {"judged": [problem for *_, problem, _ in pairs]}
    hits = program_hits(options, [text for *_, text in pairs], items)
    kinds = sorted({(project, kind) for project, kind, *_ in pairs})
    missed = []
    for kind in kinds:
        places = [place for place, pair in enumerate(pairs) if pair[:2] == kind]
        found = {rule: {place for place in places if (place, "judged", place) in hits[rule]}
                 for rule in ("words", "tokens", "whole", "fuzzy")}
        every = set().union(*found.values())
        print(f"  {' '.join(kind):24} {len(every):3} of {len(places):3}   "
              + "  ".join(f"{rule} {len(places)}" for rule, places in found.items()))
        missed += [place for place in places if place not in every and kind[1] == "c_lex"]
    for place in missed if options.show else []:
        print("  missed:", repr(pairs[place][2][:600]), "\n     and:", repr(pairs[place][3][:600]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", type=Path,
                        default=ROOT / ".build/release/SimilarityProgram")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--show", action="store_true", help="show missed pairs and false alarms")
    options = parser.parse_args()
    options.work = ROOT / ".build/bench/overlap"
    if not (options.shared / "data").exists():
        print(f"no prompts at {options.shared}: nothing compared")
        return 0
    if not os.access(options.program, os.X_OK):
        print(f"no program at {options.program}: build SimilarityProgram first", file=sys.stderr)
        return 2
    options.work.mkdir(parents=True, exist_ok=True)
    prompts = real_prompts.prompts(options.shared / "data")
    texts = [text for _, text in prompts]
    items = real_prompts.benchmarks(options.shared / "data")
    print("all prompts against MATH-500, AIME 2024 and AMC 2023")
    hits = program_hits(options, texts, items)
    same = compare("words", set(hits["words"]), expected_words(texts, items))
    try:
        same &= compare("fuzzy", set(hits["fuzzy"]), expected_fuzzy(texts, items))
    except ImportError:
        print("  fuzzy: rapidfuzz is missing, not compared")
    for rule, found in hits.items():
        sources = collections.Counter(prompts[place][0] for place in {key[0] for key in found})
        print(f"  prompts hit by {rule}: {dict(sources)}")
    if options.show:
        for key, (start, end, share) in sorted(hits["tokens"].items()):
            if key not in hits["fuzzy"] and key not in hits["whole"]:
                stretch = texts[key[0]].encode()[start:end].decode(errors="replace")
                print(f"  tokens: {prompts[key[0]][0]} {key[1]} {share:.2f} {stretch!r}")
    print("judged pairs of contamination-audit, each text against all of their problems")
    judged(options)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
