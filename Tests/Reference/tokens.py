#!/usr/bin/env python3
"""Train tokenizers, encode texts with PyPI's `tokenizers`, and write both down.

  tokens.py OUT [--data FOLDER] [--bytes N] [--rounds N] [--seed N]

For each kind of tokenizer: OUT/KIND.json, and OUT/KIND.cases with all texts and their ids: the
number of bytes, the bytes, the number of ids, the ids; numbers are little-endian 32-bit integers.
Texts are real ones, of FOLDER or else of Python's own modules, and generated ones: random letters
of all Unicode, marks, emoji, line ends, long runs, added tokens with and without space around them.
"""
import argparse
import json
import os
import random
import struct
import sys
import unicodedata
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
GPT4 = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
         r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
         r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def split(*patterns, behavior="isolated", invert=False):
    """The patterns one after another, then bytes."""
    cutters = [pre_tokenizers.Split(Regex(each), behavior, invert=invert) for each in patterns]
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([*cutters, byte_level])


def kinds():
    """By name: normalizer, pre-tokenizer, the model's settings, added tokens."""
    plain = [AddedToken("<|endoftext|>", special=True, normalized=False),
             AddedToken("<|im_start|>", special=True, normalized=False),
             AddedToken("<|im_end|>", special=True, normalized=False),
             AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False)]
    odd = [AddedToken("<mask>", special=True, lstrip=True, normalized=False),
           AddedToken("<r>", rstrip=True, normalized=False), AddedToken("one", single_word=True),
           AddedToken("  ", normalized=False), AddedToken("caf\u00e9", normalized=True),
           AddedToken("cafe\u0301s", normalized=True), AddedToken("e\u0301t", normalized=False),
           AddedToken("<m", normalized=False), AddedToken("<mas", normalized=False),
           AddedToken("\u4e2d\u6587", single_word=True, normalized=False)]
    digits = pre_tokenizers.Digits
    return {
        "qwen2": (normalizers.NFC(), split(QWEN), {}, plain),
        "gpt2": (None, pre_tokenizers.ByteLevel(add_prefix_space=False), {},
                 [AddedToken("<|endoftext|>", special=True, normalized=True)]),
        "llama3": (None, split(LLAMA), {"ignore_merges": True}, plain),
        "deepseek3": (normalizers.Sequence([]),
                      split(r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEPSEEK), {},
                      [AddedToken("<｜begin▁of▁sentence｜>", special=True, normalized=False),
                       AddedToken("<｜User｜>", normalized=False), *plain[3:]]),
        "deepseek2": (None, pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex("[\r\n]"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?\p{L}+"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s+$"), "isolated"),
            pre_tokenizers.Split(Regex("[一-龥ࠀ-一가-퟿]+"), "isolated"), digits(True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), {}, plain),
        "gpt4": (normalizers.Sequence([normalizers.NFC()]),
                 split(GPT4, behavior="removed", invert=True), {}, plain[:1]),
        "gpt4o": (None, split(GPT4O), {"ignore_merges": True}, plain[:1]),
        "spaced": (normalizers.NFC(), pre_tokenizers.ByteLevel(add_prefix_space=True), {}, odd),
        "digits": (None, pre_tokenizers.Sequence(
            [digits(False), pre_tokenizers.Split("the", "removed"),
             pre_tokenizers.ByteLevel(add_prefix_space=True)]), {}, odd),
        "empty": (None, split(r"\p{L}{0,9}(?=\d)", r"(?<=a)\S|x{2,3}?|(?:ab){1,2}+"), {},
                  plain[:2]),
    }


def strings(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)


def real_texts(folder, limit, chance):
    """Texts out of the folder's JSON files, or Python's own modules; `limit` bytes in all."""
    texts = []
    for path in sorted(Path(folder).rglob("*.json*")) if folder else []:
        lines = path.read_text(encoding="utf-8")
        try:
            texts += strings(json.loads(lines))
        except ValueError:
            texts += [text for line in lines.splitlines() for text in strings(json.loads(line))]
    if not texts:
        texts = [path.read_text(encoding="utf-8", errors="replace")[:20_000]
                 for path in sorted(Path(os.__file__).parent.glob("*.py"))]
    texts = sorted(set(texts))
    chance.shuffle(texts)
    kept, size = [], 0
    for text in texts:
        if len(text) > 1 and size < limit:
            kept.append(text)
            size += len(text.encode())
    return kept


def letters(*ranges):
    return [chr(code) for start, end in ranges for code in range(start, end + 1)
            if not 0xD800 <= code < 0xE000]


def generated_texts(tokens, rounds, chance):
    """Texts that no author would write."""
    # Without the numbers of Unicode 17: whether `Digits` knows them depends on the library's build.
    everything = letters((0, 0x11DDF), (0x11DEA, 0x16FF3), (0x16FF7, 0x1FFFF), (0x2EBE0, 0x2EE5F),
                         (0x2F800, 0x2FA1F), (0x31340, 0x323BF), (0xE0000, 0xE01FF))
    marks = [c for c in letters((0x300, 0x36F), (0x483, 0x20FF), (0x1D165, 0x1D1AD))
             if unicodedata.category(c)[0] == "M"]
    latin = letters((0x20, 0x24F), (0x1E00, 0x1EFF))
    pools = [
        letters((0x20, 0x7E)), everything, latin + marks, marks + list("aeoAEO"),
        letters((0x1F300, 0x1FAFF), (0x2600, 0x27BF)) + ["\u200d", "\ufe0f", " "],
        letters((0x1100, 0x11FF), (0xAC00, 0xAC80), (0x4E00, 0x4E80), (0x3040, 0x30FF)),
        list(" \t\r\n\x0b\x0c\x1c\x85\xa0\u1680\u180e\u2000\u2028\u2029\u202f\u205f\u3000\u200b")
        + list("ab1."), list("\r\n a"), list("'sStTrReEvVmMlLdD\u017f\u212a\u1e9e ") + ["\ufb06"],
        list("0123456789٠١२३Ⅷ½² .,"), list("aAbBxX019 "), letters((0, 0x7F)),
        [*tokens, " ", "  ", "a", "\n", "\u3000", "é", "e\u0301", "1", "_", "中", "cafe\u0301"],
    ]
    yield from ("", " ", "\n", "'", "<", "\ufeffa", "a" * 100_000, "ab" * 30_000, " " * 50_000,
                "\n" * 30_000, "=" * 70_000, "9" * 20_000, "é" * 20_000, "e\u0301" * 9_000,
                "中" * 20_000, "\U0001F600" * 9_000, "a\r\nb\r\n\r\n  c \r\n", "don't DON'T I'LL")
    for pool in pools:
        for _ in range(rounds):
            yield "".join(chance.choices(pool, k=chance.choice((1, 2, 3, 5, 8, 13, 40, 200))))
    for start in range(0, len(everything), 400):
        part = everything[start:start + 400]
        yield "".join(part) if chance.random() < .5 else "".join(
            c + chance.choice(" a1\n.") for c in part)
    for start in range(0, len(latin), 40):
        yield " ".join(c + m for c in latin[start:start + 40] for m in chance.sample(marks, 30))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--bytes", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=60, help="of generated texts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=3000, help="tokens of a vocabulary")
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chance = random.Random(options.seed)
    real = real_texts(options.data, options.bytes, chance)
    for name, (normalizer, cutter, settings, added) in kinds().items():
        if options.only and name not in options.only:
            continue
        tokenizer = Tokenizer(models.BPE(**settings))
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = cutter
        # The last has no token for bytes that it has not met: they are left out of a text.
        alphabet = [] if name == "empty" else pre_tokenizers.ByteLevel.alphabet()
        tokenizer.train_from_iterator(real[:2000], trainers.BpeTrainer(
            vocab_size=options.size, initial_alphabet=alphabet, show_progress=False))
        tokenizer.add_tokens(added)
        tokenizer.save(str(options.out / f"{name}.json"))
        names = [each.content for each in added]
        texts = [*real, *generated_texts(names, options.rounds, chance)]
        with open(options.out / f"{name}.cases", "wb") as file:
            encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
            for text, encoding in zip(texts, encoded):
                data = text.encode()
                file.write(struct.pack("<I", len(data)) + data)
                file.write(struct.pack(f"<I{len(encoding.ids)}i", len(encoding.ids), *encoding.ids))
    return 0


if __name__ == "__main__":
    sys.exit(main())
