#!/usr/bin/env python3
"""Make a tiny teacher: it answers whatever it is asked with nonsense, in a reasoning model's form.

    make_tiny_teacher.py FOLDER BASE FILE

From the base it learns to write a thought between `<think>` and `</think>`, an answer behind them,
and to stop there. Thoughts, answers and the questions before them are those of the file's rows,
shuffled: nothing that it writes follows from what it was asked. That is enough where only the form
counts, and a model of this size has no more to give.
"""
import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

import torch
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM, AutoTokenizer

STEPS, BATCH, RATE = 300, 8, 2e-3
OPEN, CLOSE, STOP = "<think>", "</think>", "<|im_end|>"
# Sentences without formulas, and their ends.
THOUGHT, END = r"[A-Z][a-z, -]+\.", r"(?<=[.?!])\s|\n+"
# Of a question it reads the end alone, so that all are of the length that it has learnt.
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content[-160:] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


def lessons(path):
    """Questions, thoughts that several rows have, and last lines of solutions."""
    questions, thoughts, answers = [], [], []
    for line in Path(path).read_bytes().splitlines():
        try:
            row = json.loads(line)
            texts = [row[key] for key in ("problem", "deepseek_reasoning", "deepseek_solution")]
            question, reasoning, solution = (text.encode().decode().strip() for text in texts)
        except (ValueError, AttributeError):
            continue  # Some rows are not meant to be read.
        questions.append(question)
        thoughts += filter(re.compile(THOUGHT).fullmatch, re.split(END, reasoning))
        answers += [text for text in solution.splitlines() if not text.startswith("```")][-1:]
    times = Counter(thoughts)
    return questions, [text for text in thoughts if times[text] > 1], answers


def encoded(question, thought, answer):
    """The tokens of a lesson, and the labels of what is to be written alone."""
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True)
    texts = prompt, f"{OPEN}\n{thought}{CLOSE}\n\n{answer}{STOP}"
    prompt, response = (tokenizer(text).input_ids for text in texts)
    return prompt + response, [-100] * len(prompt) + response


def padded(lists, filler):
    length = max(map(len, lists))
    return torch.tensor([values + [filler] * (length - len(values)) for values in lists])


def learn(model, lessons):
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, STEPS, pct_start=0.1)
    model.train()
    for _ in range(STEPS):
        tokens, labels = zip(*(encoded(*map(random.choice, lessons)) for _ in range(BATCH)))
        loss = model(
            input_ids=padded(tokens, tokenizer.pad_token_id), labels=padded(labels, -100),
            attention_mask=padded([[1] * len(values) for values in tokens], 0),
            use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    print(f"teacher: {STEPS} batches of {BATCH} lessons, loss {loss.item():.2f}")


if len(sys.argv) != 4:
    sys.exit(__doc__)
out, base, rows = sys.argv[1:]
random.seed(42)
torch.manual_seed(42)
tokenizer = AutoTokenizer.from_pretrained(base)
# A server leaves special tokens out of what it answers; these are to be seen.
marks = [AddedToken(mark, special=False, normalized=False) for mark in (OPEN, CLOSE)]
tokenizer.add_tokens(marks)
tokenizer.chat_template = TEMPLATE
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
learn(model, lessons(rows))
# Without `do_sample` a server takes the likeliest token, whatever temperature it is asked for.
model.generation_config.update(
    do_sample=True, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
model.save_pretrained(out)
tokenizer.save_pretrained(out)
