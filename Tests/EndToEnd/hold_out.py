#!/usr/bin/env python3
"""Split source files into rows to train on and rows to hold out.

    hold_out.py FOLDER FILE...

FOLDER/train and FOLDER/held-out get a file of each name. A quarter of all prompts is held out,
chosen by the hash of the prompt without regard to white space: so a prompt is on one side only,
however often and in however many files it stands. Rows that cannot be read are for training, where
the program is to quarantine them.
"""
import hashlib
import json
import sys
from pathlib import Path

SHARE = 4


def is_held_out(line):
    try:
        row = json.loads(line)
        prompt = " ".join((row.get("problem") or row["question"]).split())
        return hashlib.sha256(prompt.encode()).digest()[0] % SHARE == 0
    except (ValueError, LookupError, AttributeError):
        return False


if len(sys.argv) < 3:
    sys.exit(__doc__)
for path in map(Path, sys.argv[2:]):
    sides = {"train": [], "held-out": []}
    for line in path.read_bytes().splitlines(keepends=True):
        sides["held-out" if is_held_out(line) else "train"].append(line)
    for side, lines in sides.items():
        folder = Path(sys.argv[1]) / side
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.name).write_bytes(b"".join(lines))
