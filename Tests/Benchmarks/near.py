#!/usr/bin/env python3
"""Near duplicates among real prompts: quality against all pairs, speed against datasketch and text-dedup.

Quality: the true resemblance of all pairs of the prompts in shared/data that have a shingle in
common at all, computed here from the program's own tokens; precision and recall of the clusters at
each threshold, as pairs in one connected part. Speed: the same prompts several times over, each
copy with its words in another order; datasketch and text-dedup get a part of them, because they are
slow, and prompts per second are compared. Rounds are interleaved, and medians compared.

Exit status: 0 done, or nothing to run on; 1 the quality is not what is promised; 2 the program is
missing or failed.
"""
import argparse
import collections
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Instead of this folder, whose tokenize.py would stand before Python's own.
sys.path[0] = str(ROOT / "Tests/Reference")
import real_prompts  # noqa: E402


def fail(status, message):
    print(f"near.py: {message}", file=sys.stderr)
    sys.exit(status)


def run(options, path, threshold, workers, *more):
    done = subprocess.run([options.program, "near", path, str(threshold), str(workers),
                           options.work, *more], capture_output=True, encoding="utf-8")
    if done.returncode:
        fail(2, f"the program failed with status {done.returncode}: {done.stderr}")
    clusters = [[int(number) for number in line.split()] for line in done.stdout.splitlines()]
    return clusters, json.loads(done.stderr)


# --- Quality --------------------------------------------------------------------------------------

def resemblances(options, path):
    """{(a, b): resemblance} of all pairs with at least a shingle in common and 0.5 alike."""
    done = subprocess.run([options.program, "tokens", path, "tokens", "--hashes"], check=True,
                          capture_output=True, encoding="utf-8")
    sets = []
    for line in done.stdout.split("\n")[:-1]:
        tokens = line.split()
        sets.append({tuple(tokens[i:i + 5]) for i in range(max(1, len(tokens) - 4))}
                    if tokens else set())
    holders = collections.defaultdict(list)
    for number, shingles in enumerate(sets):
        for shingle in shingles:
            holders[shingle].append(number)
    found = {}
    for number, shingles in enumerate(sets):
        shared = collections.Counter(other for shingle in shingles for other in holders[shingle]
                                     if other < number)
        for other, count in shared.items():
            resemblance = count / (len(shingles) + len(sets[other]) - count)
            if resemblance >= 0.5:
                found[other, number] = resemblance
    return found


def together(clusters):
    return {(a, b) for members in clusters
            for place, a in enumerate(members) for b in members[place + 1:]}


def quality(options, path, count):
    print(f"{count} real prompts against the true resemblance of all pairs")
    print("threshold  pairs that reach it  found  recall  by formula  texts joined  without cause")
    truth = resemblances(options, path)
    good = True
    for threshold in (0.6, 0.7, 0.8, 0.9):
        expected = {pair for pair, value in truth.items() if value >= threshold}
        clusters, figures = run(options, path, threshold, 2, "--clusters")
        found = together(clusters)
        # A cluster is joined by pairs that reach the threshold, or it is wrong.
        wrong = sum(not is_connected(members, expected) for members in clusters)
        recall = len(found & expected) / max(1, len(expected))
        misses = sum((1 - truth[pair] ** figures["rows"]) ** figures["bands"]
                     for pair in expected)
        print(f"{threshold:9}  {len(expected):19}  {len(found & expected):5}  {recall:.4f}"
              f"  {1 - misses / max(1, len(expected)):10.5f}  {sum(map(len, clusters)):12}  {wrong}")
        good &= wrong == 0 and len(expected - found) <= misses + 3 * misses ** 0.5 + 1
    return good


def is_connected(members, pairs):
    reached, rest = {members[0]}, set(members[1:])
    while rest:
        more = {b for b in rest if any((min(a, b), max(a, b)) in pairs for a in reached)}
        if not more:
            return False
        reached |= more
        rest -= more
    return True


# --- Speed ----------------------------------------------------------------------------------------

def make_copies(options, texts, count, name):
    path = options.work / name
    if not path.exists():
        chance = random.Random(1)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for number in range(count):
                words = texts[number % len(texts)].split(" ")
                if number >= len(texts):
                    chance.shuffle(words)
                file.write(" ".join(words) + "\n")
    return path


def lines(path):
    return path.read_bytes().decode().removesuffix("\n").split("\n")


def shingles(text):
    tokens = re.split(r"\W", text.lower())
    return {" ".join(tokens[i:i + 5]).encode() for i in range(max(1, len(tokens) - 4))}


def datasketch(texts, threshold):
    """The way of its documentation: a MinHash of 128 permutations, an index asked and filled."""
    from datasketch import MinHash, MinHashLSH
    start = time.perf_counter()
    index = MinHashLSH(threshold=threshold, num_perm=128)
    found = 0
    for number, text in enumerate(texts):
        signature = MinHash(num_perm=128)
        signature.update_batch(list(shingles(text)))
        found += bool(index.query(signature))
        index.insert(number, signature)
    return time.perf_counter() - start


def text_dedup(texts, threshold):
    """Its MinHash function and its bands and union, without its reading and writing of files."""
    import numpy
    from text_dedup.minhash import embed_func
    from text_dedup.utils import UnionFind, optimal_param, xxh3_32hash
    bands, rows = optimal_param(threshold, 128, false_positive_weight=0.5,
                                false_negative_weight=0.5)
    chance = numpy.random.RandomState(42)
    prime = numpy.uint64((1 << 61) - 1)
    permutations = (chance.randint(1, prime, size=(128,), dtype=numpy.uint64),
                    chance.randint(0, prime, size=(128,), dtype=numpy.uint64))
    ranges = [(band * rows, (band + 1) * rows) for band in range(bands)]
    start = time.perf_counter()
    tables = [collections.defaultdict(set) for _ in range(bands)]
    for number, text in enumerate(texts):
        signature = embed_func(
            text, number, num_perm=128, ngram_size=5, min_length=0, hashranges=ranges,
            permutations=permutations, hash_func=xxh3_32hash, dtype=numpy.uint64,
            max_hash=numpy.uint32((1 << 32) - 1), modulo_prime=prime)["__signatures__"]
        for table, key in zip(tables, signature):
            table[key].add(number)
    union = UnionFind()
    for table in tables:
        for group in table.values():
            if len(group) > 1:
                first = min(group)
                for member in group:
                    union.union(member, first)
    return time.perf_counter() - start


def speed(options, texts):
    ours = make_copies(options, texts, options.prompts, f"copies-{options.prompts}.txt")
    part = make_copies(options, texts, options.part, f"copies-{options.part}.txt")
    peers = {}
    for name, peer in (("datasketch", datasketch), ("text-dedup", text_dedup)):
        try:
            peer(["one two three four five six"], 0.8)
            peers[name] = peer
        except ImportError as error:
            print(f"{name} is missing: {error}")
    few = lines(part)
    figures = collections.defaultdict(list)
    for _ in range(options.rounds):
        for workers in (1, 2):
            figures[f"branchmerge, {workers} workers, {options.prompts} prompts"].append(
                options.prompts / run(options, ours, 0.8, workers)[1]["seconds"])
        figures[f"branchmerge, 1 worker, {options.part} prompts"].append(
            options.part / run(options, part, 0.8, 1)[1]["seconds"])
        for name, peer in peers.items():
            figures[f"{name}, {options.part} prompts"].append(options.part / peer(few, 0.8))
    base = {name: statistics.median(rates) for name, rates in figures.items()}
    slow = next((rate for name, rate in base.items() if name.startswith("datasketch")), None)
    size = ours.stat().st_size / options.prompts
    print(f"\nprompts per second, of {size:.0f} bytes, threshold 0.8, medians of"
          f" {options.rounds} rounds")
    for name, rate in base.items():
        print(f"{name:45} {rate:10,.0f}" + (f"  {rate / slow:6.1f} times datasketch" if slow else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/SimilarityProgram")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--prompts", type=int, default=400_000)
    parser.add_argument("--part", type=int, default=8_000, help="prompts that the peers get")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quality", action="store_true", help="only this")
    options = parser.parse_args()
    options.work = ROOT / ".build/bench/near"
    if not (options.shared / "data").exists():
        print(f"no prompts at {options.shared}: nothing measured")
        return 0
    if not os.access(options.program, os.X_OK):
        fail(2, f"no program at {options.program}: build SimilarityProgram first")
    options.work.mkdir(parents=True, exist_ok=True)
    texts = [text for _, text in real_prompts.prompts(options.shared / "data")]
    path = real_prompts.write(options.work / "prompts.txt", texts)
    good = quality(options, path, len(texts))
    if not options.quality:
        speed(options, texts)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
