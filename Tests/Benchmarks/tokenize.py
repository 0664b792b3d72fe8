#!/usr/bin/env python3
"""Time `branchmerge tokens` against PyPI's `tokenizers` on 32 MB of mathematics and code.

The texts are those of rows that shared/tools/compose_rows.py makes of real problems, one to a line;
the vocabulary of 32,000 tokens is trained on them, with Qwen2's normalizer and pre-tokenizer. Both
get the same lines and the same number of threads. The library is timed inside Python, without its
start, the program as a whole process. Rounds are interleaved, and medians compared; before that all
ids are.

Exit status: 0 done, or no rows to be had; 1 ids differ; 2 the program is missing or failed.
"""
import argparse
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def fail(status, message):
    print(f"tokenize.py: {message}", file=sys.stderr)
    sys.exit(status)


# --- What is encoded, and with what --------------------------------------------------------------

def strings(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value if isinstance(value, list) else value.values():
            yield from strings(each)


def make_texts(options):
    """Texts of composed rows, in an order that mixes the sources.

    One is a line, and its own lines end in carriage returns, which the pattern treats alike.
    """
    rows = options.work / "rows"
    subprocess.run([sys.executable, options.shared / "tools/compose_rows.py",
                    options.shared / "data", rows], check=True, stdout=subprocess.DEVNULL)
    texts = [text.replace("\r", "").replace("\n", "\r")
             for path in sorted(rows.glob("*.jsonl")) for line in path.open(encoding="utf-8")
             for text in strings(json.loads(line)) if len(text) > 100]
    random.Random(1).shuffle(texts)
    size = 0
    with open(options.texts, "w", encoding="utf-8", newline="\n") as file:
        for text in texts:
            file.write(text + "\n")
            size += len(text.encode())
            if size >= options.megabytes * 1e6:
                break


def make_tokenizer(options):
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train([str(options.texts)], trainers.BpeTrainer(
        vocab_size=32_000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], show_progress=False))
    tokenizer.save(str(options.tokenizer))


# --- The peer: a child process that says seconds and tokens --------------------------------------

def peer(texts, tokenizer, ids):
    """Encode all lines; the number of threads comes by RAYON_NUM_THREADS."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(tokenizer)
    lines = Path(texts).read_bytes().decode().removesuffix("\n").split("\n")
    start = time.perf_counter()
    # In batches of some megabytes, so that memory stays that of a program which would stream.
    encode, count = tokenizer.encode_batch_fast, 0
    for first in range(0, len(lines), 4096):
        for encoding in encode(lines[first:first + 4096], add_special_tokens=False):
            count += len(encoding)
            if ids:
                print(*encoding.ids)
    print(json.dumps({"seconds": time.perf_counter() - start, "tokens": count}), file=sys.stderr)


def run_peer(options, threads, ids=None):
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads),
                   "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}
    command = [sys.executable, __file__, "--peer", options.texts, options.tokenizer]
    done = subprocess.run(command + (["--ids"] if ids else []), env=environment, check=True,
                          stdout=ids or subprocess.DEVNULL, stderr=subprocess.PIPE)
    return json.loads(done.stderr)


def run_ours(options, threads, ids=None):
    command = [options.program, "tokens", options.tokenizer, options.texts, "--lines", "--workers",
               str(threads), "--ids" if ids else "--json"]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=ids or subprocess.PIPE)
    seconds = time.perf_counter() - start
    if done.returncode:
        fail(2, f"the program failed with status {done.returncode}")
    return {"seconds": seconds, "tokens": None if ids else json.loads(done.stdout)[0]["tokens"]}


def check_ids(options):
    """Whether both give the same ids for all lines."""
    files = [options.work / "ours.ids", options.work / "library.ids"]
    for path, run in zip(files, (run_ours, run_peer)):
        with open(path, "wb") as file:
            run(options, 1, file)
    if subprocess.run(["cmp", *files]).returncode:
        fail(1, f"the ids differ: see {files[0]} and {files[1]}")
    print(f"the same ids for all lines: {files[0].stat().st_size / 1e6:.0f} MB of them")


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer(*sys.argv[2:4], "--ids" in sys.argv)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/branchmerge")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--megabytes", type=float, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    options.work = ROOT / ".build/bench/tokenize"
    options.texts = options.work / f"texts-{options.megabytes:g}.txt"
    options.tokenizer = options.work / f"tokenizer-{options.megabytes:g}.json"
    if not (options.shared / "data").exists():
        print(f"no rows at {options.shared} to make texts of: nothing measured")
        return 0
    if not os.access(options.program, os.X_OK):
        fail(2, f"no program at {options.program}: build it first")
    if not importlib.util.find_spec("tokenizers"):
        fail(2, f"{sys.executable} has no tokenizers: run scripts/setup with 'bench'")
    options.work.mkdir(parents=True, exist_ok=True)
    if not options.tokenizer.exists():
        print("making texts and vocabulary ...", flush=True)
        make_texts(options)
        make_tokenizer(options)
    check_ids(options)

    import tokenizers
    megabytes = options.texts.stat().st_size / 1e6
    print(f"{megabytes:.1f} MB, medians of {options.rounds} rounds,"
          f" tokenizers {tokenizers.__version__}\n")
    print("threads      branchmerge       tokenizers   ratio")
    for threads in options.threads:
        runs = [(run_ours(options, threads), run_peer(options, threads))
                for _ in range(options.rounds)]
        if len({run["tokens"] for pair in runs for run in pair}) > 1:
            fail(1, "the numbers of tokens differ")
        ours, library = (statistics.median(pair[side]["seconds"] for pair in runs)
                         for side in (0, 1))
        print(f"{threads:7}  {megabytes / ours:6.1f} MB/s {ours:5.2f} s"
              f"{megabytes / library:6.1f} MB/s {library:5.2f} s  {library / ours:6.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
