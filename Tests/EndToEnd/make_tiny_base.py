#!/usr/bin/env python3
"""Make a tiny Qwen2 that has read a little, for experts to start from.

    make_tiny_base.py FOLDER FILE...

Its tokenizer is a byte-level BPE with Qwen2's pre-tokeniser, trained on the rows of the files. From
random weights it then reads their problems and solutions, and none of the traces, as running text:
experts that start from noise have nothing in common that a merge could keep.
"""
import json
import math
import sys
from pathlib import Path

import torch
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen2TokenizerFast

WORDS, HIDDEN, LAYERS, HEADS, KEYS = 2048, 128, 2, 4, 2
EPOCHS, LENGTH, BATCH, RATE = 8, 512, 2, 2e-3
END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def readable(paths):
    """Rows that can be read, and whose texts are Unicode."""
    for path in paths:
        for line in Path(path).read_bytes().splitlines():
            try:
                row = json.loads(line)
                json.dumps(row, ensure_ascii=False).encode()
                yield row
            except ValueError:
                pass


def texts(value):
    """All texts anywhere in a row."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def tokenizer(rows):
    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECES), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    bpe.decoder = decoders.ByteLevel()
    special = [END, START, STOP]
    bpe.train_from_iterator(
        (text for row in rows for text in texts(row)),
        trainers.BpeTrainer(
            vocab_size=WORDS - len(special), show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    bpe.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return Qwen2TokenizerFast(
        tokenizer_object=bpe, eos_token=STOP, pad_token=END, unk_token=None, bos_token=None,
        additional_special_tokens=[START, STOP])


def learn(model, tokens):
    """Train the model on running text."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.01)
    packs = tokens[:len(tokens) // LENGTH * LENGTH].view(-1, LENGTH)
    steps = EPOCHS * math.ceil(len(packs) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.1)
    model.train()
    for _ in range(EPOCHS):
        for batch in packs[torch.randperm(len(packs))].split(BATCH):
            loss = model(input_ids=batch, labels=batch, use_cache=False).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    print(f"base: {model.num_parameters():,} parameters, {len(packs)} packs of {LENGTH} tokens, "
          f"{steps} steps, loss {loss.item():.2f}")


if len(sys.argv) < 3:
    sys.exit(__doc__)
out, rows = sys.argv[1], list(readable(sys.argv[2:]))
torch.manual_seed(42)
tokens = tokenizer(rows)
model = Qwen2ForCausalLM(Qwen2Config(
    vocab_size=len(tokens), hidden_size=HIDDEN, intermediate_size=3 * HIDDEN,
    num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=KEYS,
    max_position_embeddings=4096, tie_word_embeddings=True, rope_theta=1e6,
    bos_token_id=tokens.convert_tokens_to_ids(END), eos_token_id=tokens.eos_token_id))
fields = "problem", "question", "solution", "deepseek_solution"
running = (text + END for row in rows for field in fields for text in texts(row.get(field)))
learn(model, torch.tensor([token for text in running for token in tokens(text).input_ids]))
model.save_pretrained(out)
tokens.save_pretrained(out)
