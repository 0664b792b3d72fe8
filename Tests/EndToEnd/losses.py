#!/usr/bin/env python3
"""Print the loss of models on branches, and fail if training or merging was for nothing.

    losses.py ROWS BASE RUN

ROWS is a workspace with the held-out rows of all branches, RUN the one with experts and the merged
model. A loss is the mean over all tokens of the responses, as the trainer counts them. Exit status
1 if the expert of a branch is not the best of all experts there, or the merged model is not better
than the base.
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

BRANCHES = "math", "coding", "science"


def encoded(row, tokenizer):
    """The tokens of a row, and from where on they count."""
    question, answer = (turn["value"] for turn in row["conversations"])
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    prompt = tokenizer.apply_chat_template(turns[:1], tokenize=False)
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    prompt, response = (
        tokenizer(part).input_ids for part in (prompt, text.removeprefix(prompt)))
    return torch.tensor([prompt + response]), len(prompt)


@torch.no_grad()
def loss(model, rows):
    total = count = 0
    for tokens, start in rows:
        logits = model(input_ids=tokens).logits[0, start - 1:-1]
        total += torch.nn.functional.cross_entropy(
            logits.float(), tokens[0, start:], reduction="sum").item()
        count += tokens.shape[1] - start
    return total / count


if len(sys.argv) != 4:
    sys.exit(__doc__)
held_out, base, run = map(Path, sys.argv[1:])
logging.disable_progress_bar()
# The trainer leaves its template with every expert.
tokenizer = AutoTokenizer.from_pretrained(run / "train/math/output")
rows = {}
for branch in BRANCHES:
    lines = (held_out / "branches" / branch / "train.jsonl").read_text().splitlines()
    rows[branch] = [encoded(json.loads(line), tokenizer) for line in lines]
models = {"base": base}
models |= {f"{branch} expert": run / "train" / branch / "output" for branch in BRANCHES}
models |= {"merged": run / "merged", "mixture": run / "train/mixture/output"}
print(f"{'loss on held-out rows':21}" + "".join(f"{name:>9}" for name in [*BRANCHES, "mean"]))
losses = {}
for name, path in models.items():
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    losses[name] = [loss(model, rows[branch]) for branch in BRANCHES]
    line = losses[name] + [sum(losses[name]) / len(BRANCHES)]
    print(f"{name:21}" + "".join(f"{value:9.3f}" for value in line), flush=True)
print(f"{'rows':21}" + "".join(f"{len(rows[branch]):9}" for branch in BRANCHES))

wrong = []
for place, branch in enumerate(BRANCHES):
    best = min(BRANCHES, key=lambda other: losses[f"{other} expert"][place])
    if best != branch:
        wrong.append(f"on {branch} the {best} expert is better than the branch's own")
    if losses["merged"][place] >= losses["base"][place]:
        wrong.append(f"on {branch} the merged model is no better than the base")
if wrong:
    sys.exit("\n".join(wrong))
