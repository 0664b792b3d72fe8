#!/usr/bin/env python3
"""Count what a teacher was asked for and what became of it, and fail if anything is missing.

    taught.py WORKSPACE REQUESTS BRANCH...

REQUESTS is what the servers have counted. For each branch: a row or a reason for every seed, kept
rows as the branch has them, the form of every taught row, and which rows the trainer was given, if
it has been there. Then the answers in the store against the servers' count.
"""
import json
import re
import sqlite3
import sys
from pathlib import Path

# Reasoning, opened and closed once, and an answer; both of them without white space around.
TEXT = r"(?!\s)((?!</?think>).)+(?<!\s)"
FORM = re.compile(rf"<think>\n{TEXT}\n</think>\n\n{TEXT}", re.DOTALL)


def rows(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def check(fact, problem):
    if not fact:
        sys.exit(problem)


if len(sys.argv) < 4:
    sys.exit(__doc__)
workspace, requests = Path(sys.argv[1]), int(sys.argv[2])
for branch in sys.argv[3:]:
    folder, built = workspace / "teach" / branch, workspace / "branches" / branch
    seeds, kept = rows(built / "seeds.jsonl"), (built / "train.jsonl").read_bytes()
    check((folder / "train.jsonl").read_bytes().startswith(kept), f"{branch}: kept rows differ")
    taught = rows(folder / "train.jsonl")[kept.count(b"\n"):]
    unanswered = rows(folder / "unanswered.jsonl")
    explained = {row["id"] for row in taught} | {row["id"] for row in unanswered}
    check(
        len(seeds) == len(taught) + len(unanswered) and {row["id"] for row in seeds} == explained,
        f"{branch}: {len(seeds)} seeds, {len(taught)} taught, {len(unanswered)} unanswered")
    prompts = {row["id"]: row["prompt"] for row in seeds}
    for row in taught:
        question, answer = (turn["value"] for turn in row["conversations"])
        check(question == prompts[row["id"]], f"{branch}: {row['id']} answers another question")
        check(FORM.fullmatch(answer), f"{branch}: {row['id']} has not the form: {answer!r}")
    trained = workspace / "train" / branch / "dataset_info.json"
    if trained.exists():
        file = next(iter(json.loads(trained.read_text()).values()))["file_name"]
        check((trained.parent / file).resolve() == (folder / "train.jsonl").resolve(),
              f"{branch}: trained on {file}")
    print(f"{branch}: {len(seeds)} seeds, {len(taught)} taught, {len(unanswered)} unanswered")

store = sqlite3.connect(f"file:{workspace / 'teacher.sqlite'}?mode=ro", uri=True)
states = dict(store.execute("SELECT state, count(*) FROM attempt GROUP BY state"))
twice, = store.execute(
    "SELECT count(*) FROM (SELECT request FROM attempt JOIN verdict ON verdict.attempt = attempt.id"
    " WHERE is_accepted GROUP BY request HAVING count(DISTINCT attempt.id) > 1)").fetchone()
print(f"store: {states}, the servers counted {requests}")
check(sum(states.values()) == requests, "the store and the servers have counted differently")
check(twice == 0, f"{twice} requests were answered again after an answer had been accepted")
