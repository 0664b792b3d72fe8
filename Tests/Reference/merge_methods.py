#!/usr/bin/env python3
"""Merge checkpoints in Float64, straight from the formulas, as a judge of every merge method.

  merge_methods.py CONFIG.yml OUT_FOLDER [--exact] [--json]
  merge_methods.py --self-check

Reads a merge file (`models:` with local folders, or our `chain:`), holds every tensor wholly in
memory, widens it to Float64, and rounds once, to nearest even, when it writes
OUT_FOLDER/model.safetensors. --exact adds OUT_FOLDER/exact.safetensors with the numbers as they
were before that, --json prints what was found for each tensor. Needs NumPy and PyYAML.

Top-level keys beyond mergekit's: chain, intermediate_dtype, seed, compat (mergekit: its choices
where they differ from ours, but not its roundings), embed_mismatch (submatrix), shape_mismatch
(skip), int_tensors (base), allow_nonfinite.

Names: b is the base's tensor, x a model's, d = x - b, w a weight. A row runs along the last axis.
The first of equal magnitudes, by flat index, counts as the larger one.
"""
import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
import yaml

Array = np.ndarray


class MergeError(ValueError):
    """What is wrong and where, for the one who wrote the merge file."""


# --- Numbers -------------------------------------------------------------------------------------

STORED = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4",
          "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
          "BOOL": "u1"}
WEIGHTS = ("F64", "F32", "F16", "BF16")
TORCH = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}


def widened(stored: Array, kind: str) -> Array:
    """Return stored numbers as Float64, which holds every one of them exactly."""
    if kind == "BF16":
        stored = (stored.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(invalid="ignore"):
        return stored.astype(np.float64)


def bfloat16(x: Array) -> Array:
    """Return Float64 numbers rounded to eight significant bits, to nearest even, in one step."""
    _, exponent = np.frexp(x)
    ulp = np.ldexp(1.0, np.maximum(exponent - 8, -133))
    with np.errstate(invalid="ignore"):
        return np.rint(x / ulp) * ulp


def narrowed(x: Array, kind: str) -> Array:
    """Return Float64 numbers as a type stores them; what is too large becomes infinite."""
    with np.errstate(over="ignore", under="ignore"):
        if kind == "BF16":
            return (bfloat16(x).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
        return x.astype(STORED[kind])


def rounded(x: Array, kind: str) -> Array:
    """Return Float64 numbers, each the nearest that a type has."""
    return widened(narrowed(x, kind), kind)


def norm(x: Array) -> float:
    """Return sqrt(sum x^2) over all elements."""
    return float(np.sqrt(np.sum(x * x)))


def total(terms) -> Array:
    """Return the sum of arrays, first to last; a sum of one term keeps its minus zeros."""
    first, *others = terms
    return sum(others, first)


def moved(b: Array, d: Array) -> Array:
    """Return b + d, and b with the sign of its zeros where d is zero."""
    return np.where(d == 0, b, b + d)


def magnitude_order(d: Array) -> Array:
    """Return flat indices by descending |d|, lower index first among equals."""
    return np.argsort(-np.abs(d), axis=None, kind="stable")


def lower_quantile(ordered: Array, q: float) -> float:
    """Return element floor(q (n - 1)) of ascending numbers, with no interpolation."""
    return ordered[int(np.floor(q * (ordered.size - 1)))]


# --- Random numbers ------------------------------------------------------------------------------

def philox(counter: list, key: list) -> list:
    """Return the four words of Philox-4x32-10 (Salmon et al., 2011); words may be arrays."""
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = key
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (right >> half ^ c1 ^ np.uint64(k0), right & low,
                          left >> half ^ c3 ^ np.uint64(k1), left & low)
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return [c0, c1, c2, c3]


def uniforms(seed: int, tensor: str, position: int, count: int) -> Array:
    """Return a number in [0, 1) for each flat index of a tensor of the model at a position.

    Key: the first eight bytes of SHA-256("SEED/TENSOR/POSITION"), little-endian, low word first.
    Counter: flat index / 2. An even index takes words 0 and 1, an odd one words 2 and 3, low
    word first, and of these 64 bits the upper 53 as a fraction.
    """
    digest = hashlib.sha256(f"{seed}/{tensor}/{position}".encode()).digest()
    key = [int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")]
    index = np.arange(count, dtype=np.uint64)
    block = index >> np.uint64(1)
    zero = np.zeros_like(block)
    words = philox([block & np.uint64(0xFFFFFFFF), block >> np.uint64(32), zero, zero], key)
    odd = index % np.uint64(2) == 1
    low, high = np.where(odd, words[2], words[0]), np.where(odd, words[3], words[1])
    return ((high << np.uint64(32) | low) >> np.uint64(11)) * 2.0**-53


# --- Files ---------------------------------------------------------------------------------------

@dataclass
class Stored:
    kind: str
    numbers: Array


def read_safetensors(path: Path) -> dict[str, Stored]:
    """Return the tensors of one file by name."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8:start]).items():
        if name == "__metadata__":
            continue
        kind, (begin, end) = entry["dtype"], entry["data_offsets"]
        if kind not in STORED:
            raise MergeError(f"{path}: {name} is {kind}, which is not read here")
        numbers = np.frombuffer(raw[start + begin:start + end], STORED[kind])
        tensors[name] = Stored(kind, numbers.reshape(entry["shape"]))
    return tensors


def write_safetensors(path: Path, tensors: dict[str, Stored]):
    """Write tensors to one file in the order of their names."""
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in sorted(tensors.items()):
        blobs.append(np.ascontiguousarray(tensor.numbers).tobytes())
        header[name] = {"dtype": tensor.kind, "shape": list(tensor.numbers.shape),
                        "data_offsets": [at, at + len(blobs[-1])]}
        at += len(blobs[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


@cache
def checkpoint(path: str) -> dict[str, Stored]:
    """Return all tensors of a folder, or of one file, by name."""
    files = [Path(path)] if Path(path).is_file() else sorted(Path(path).glob("*.safetensors"))
    if not files:
        raise MergeError(f"{path} is no checkpoint: it holds no .safetensors file")
    return {name: tensor for file in files for name, tensor in read_safetensors(file).items()}


def natural(name: str) -> tuple:
    """Return what sorts names: embeddings, then the others with numbers as numbers, then heads."""
    last = name.startswith(("lm_head", "output.weight"))
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part)
             for part in re.split(r"(\d+)", name)]
    return (0 if is_embedding(name) and not last else 2 if last else 1, parts)


def is_embedding(name: str) -> bool:
    """Tell whether a tensor has a row per token."""
    return "embed_tokens" in name or "lm_head" in name


# --- Settings ------------------------------------------------------------------------------------

class Loader(yaml.SafeLoader):
    """YAML whose floating-point numbers need no point: 1e-4 is a number."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"),
    list("-+.0123456789"))

REQUIRED = object()


def is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def evaluated(setting, name: str, t: float):
    """Return what a setting says for a tensor at t in [0, 1], or None where it says nothing."""
    if isinstance(setting, dict):
        setting = [setting]
    if not isinstance(setting, list):
        return setting
    if all(isinstance(item, dict) for item in setting):
        for item in setting:
            wanted = item.get("filter")
            if wanted is None or wanted == "*" or wanted in name:
                return evaluated(item["value"], name, t)
        return None
    if not all(map(is_number, setting)):
        return setting[int(t * (len(setting) - 1))]
    s = t * (len(setting) - 1)
    i = int(s)
    j, f = min(len(setting) - 1, i + 1), s - i
    return (1 - f) * setting[i] + f * setting[j]


@dataclass
class Input:
    """A model of the list: `position` counts from 0, `is_base` marks the first of the base."""
    position: int
    path: str
    parameters: dict
    is_base: bool
    kind: str = ""
    x: Array = None


@dataclass
class Group:
    """One output tensor: its inputs, those that have it, and the settings that hold for it."""
    name: str
    t: float
    inputs: list[Input]
    config: dict
    merge: "Merge" = None
    facts: dict = field(default_factory=dict)

    @property
    def is_compatible(self) -> bool:
        return self.config.get("compat") == "mergekit"

    @property
    def base(self) -> Array | None:
        return next((item.x for item in self.inputs if item.is_base), None)

    @property
    def others(self) -> list[Input]:
        return [item for item in self.inputs if not item.is_base]

    def setting(self, key: str, default=REQUIRED, of: dict | None = None):
        """Return the value of a parameter: the model's own, else the file's, else the default."""
        for level in (of or {}, self.config.get("parameters") or {}):
            value = evaluated(level[key], self.name, self.t) if key in level else None
            if value is not None:
                return value
        if default is REQUIRED:
            raise self.error(f"{key} is required")
        return default

    def number(self, key: str, default=REQUIRED, of: dict | None = None) -> float:
        return float(self.setting(key, default, of))

    def flag(self, key: str, default: bool) -> bool:
        value = self.setting(key, default)
        return value.lower() in ("true", "1", "1.0") if isinstance(value, str) else bool(value)

    def weights(self, inputs: list[Input]) -> list[float]:
        return [self.number("weight", of=item.parameters) for item in inputs]

    def needs(self, count: int):
        """Refuse other than a number of models beside the base."""
        if len(self.others) != count or self.base is None:
            raise self.error(f"{self.config['merge_method']} takes base_model and {count} other")

    def error(self, text: str) -> MergeError:
        return MergeError(f"{self.name}: {text}")


# --- arcee_fusion --------------------------------------------------------------------------------

KNOBS = {"kl_scope": "row", "kl_direction": "right_left", "diff": "abs", "epsilon": 1e-8,
         "lambda_iqr": 1.5, "center_q": .5, "low_q": .25, "high_q": .75, "target_fraction": None,
         "stats_over": "all", "quantiles": "exact", "sample_size": 1_000_000, "seed": 0,
         "shared_sample": False, "compare": "ge", "gate": "hard", "ramp_width": 1.0,
         "arith": "f64", "scale": 1.0}
CHOICES = {"kl_scope": ("row", "tensor", "none"), "diff": ("abs", "signed"),
           "kl_direction": ("right_left", "left_right", "sym"), "stats_over": ("all", "nonzero"),
           "quantiles": ("exact", "sampled"), "compare": ("ge", "gt"),
           "gate": ("hard", "ramp", "relu_literal"), "arith": ("f64", "f32", "bf16")}
PAPER = {"kl_scope": "tensor", "kl_direction": "left_right", "compare": "gt"}
PRESETS = {"mergekit": {"quantiles": "sampled", "arith": "f32"},
           "tinyr1": {"quantiles": "sampled", "arith": "bf16"},
           "paper": PAPER,
           "paper_literal": {**PAPER, "diff": "signed", "gate": "relu_literal"}}


def knobs(group: Group, parameters: dict) -> dict:
    """Return all knobs: as given, else the preset's, else the default.

    The peer's are preset mergekit, with the arithmetic of dtype.
    """
    preset = group.setting("preset", None, parameters)
    if preset is not None and preset not in PRESETS:
        raise group.error(f"preset is one of {', '.join(PRESETS)}")
    defaults = KNOBS | PRESETS.get(preset, {})
    if preset is None and group.is_compatible:
        dtype = group.config.get("dtype")
        kind = type_named(dtype) if dtype else group.inputs[0].kind
        defaults |= PRESETS["tinyr1" if kind == "BF16" else "mergekit"]
    found = {}
    for key, default in defaults.items():
        value = group.setting(key, default, parameters)
        if key in CHOICES and value not in CHOICES[key]:
            raise group.error(f"{key} is one of {', '.join(CHOICES[key])}")
        found[key] = value if key in CHOICES or value is None else float(value)
    return found


# What one operation rounds its result to. bf16 rounds a Float32 result once more, as the peer does.
ARITHMETIC = {"f64": lambda x: x, "f32": np.float32,
              "bf16": lambda x: bfloat16(np.float64(np.float32(x))).astype(np.float32)}


def divergence(left: Array, right: Array, epsilon: float, direction: str, arith: str) -> Array:
    """Return the divergence of each row: K = sum p ln(p / q), p = softmax(to) + epsilon.

    right_left is K(right || left), sym the sum of both directions. f64 is meant to be exact: it
    clamps at 0 and takes the widest type there is, since for nearly equal rows K is the small
    difference of large terms. f32 and bf16 round every step, which leaves mostly noise of K.
    """
    r = ARITHMETIC[arith]
    wide = np.longdouble if arith == "f64" else np.float32

    def softmax(x):
        e = np.exp(x.astype(wide) - x.max(-1, keepdims=True).astype(wide))
        return r(r(e / e.sum(-1, keepdims=True)) + wide(epsilon))

    def towards(p, q):
        return r(np.sum(r(p * r(np.log(r(p / q)))), -1))

    p, q = softmax(right), softmax(left)
    k = {"right_left": lambda: towards(p, q), "left_right": lambda: towards(q, p),
         "sym": lambda: r(towards(p, q) + towards(q, p))}[direction]()
    return np.maximum(k, 0).astype(np.float64) if arith == "f64" else k


def quantiles(scores: Array, o: dict, levels: list[float]) -> list[float]:
    """Return lower quantiles of the scores, of one sample or of two (the first level has its own).

    A sample, drawn only where there are more scores than that, is the one thing here that another
    implementation need not repeat.
    """
    ordered, size = np.sort(scores), int(o["sample_size"])
    if o["quantiles"] == "exact" or ordered.size <= size:
        return [lower_quantile(ordered, q) for q in levels]
    random = np.random.default_rng(int(o["seed"]))
    first = np.sort(random.choice(ordered, size, replace=False))
    second = first if o["shared_sample"] else np.sort(random.choice(ordered, size, replace=False))
    return [lower_quantile(second if i else first, q) for i, q in enumerate(levels)]


def fuse(group: Group, left: Array, right: Array, o: dict) -> Array:
    """Return left with what is salient in right: S = |R - L| K_row, taken where S >= T.

    T = M + lambda (Q3 - Q1) over the scores of the tensor. Where one K serves all scores (one
    row, kl_scope tensor or none) it only scales S and T. f64 leaves it out of both, since
    rounding with it would decide the scores that are equal to T, and stored types make those
    many; a K of 0 stays.
    """
    if left.size == 0:
        return left
    r, exact = ARITHMETIC[o["arith"]], o["arith"] == "f64"
    l2, r2 = (np.atleast_2d(r(x)).reshape(-1, x.shape[-1] if x.ndim else 1) for x in (left, right))
    if o["kl_scope"] == "tensor":
        l2, r2 = l2.reshape(1, -1), r2.reshape(1, -1)
    if o["kl_scope"] == "none":
        k = np.ones(len(l2))
    else:
        k = divergence(l2, r2, o["epsilon"], o["kl_direction"], o["arith"])
    d = r(l2 - r2) if o["diff"] == "signed" else np.abs(r(r2 - l2))
    is_common = exact and (o["kl_scope"] != "row" or len(l2) == 1) and k[0] > 0
    unit = k[0] if is_common else 1.0
    s = (d if is_common else r(d * k[:, None])).reshape(left.shape)

    counted = s[s != 0] if o["stats_over"] == "nonzero" else s.ravel()
    counted = counted[~np.isnan(counted)]
    if counted.size == 0:
        m = q1 = q3 = threshold = np.inf
    elif o["target_fraction"] is not None:
        m, q1, q3 = quantiles(counted, o, [o["center_q"], o["low_q"], o["high_q"]])
        threshold = lower_quantile(np.sort(counted), 1 - o["target_fraction"])
    else:
        m, q1, q3 = quantiles(counted, o, [o["center_q"], o["low_q"], o["high_q"]])
        threshold = r(m + r(r(o["lambda_iqr"]) * r(q3 - q1)))
    taken = s >= threshold if o["compare"] == "ge" else s > threshold

    if o["gate"] == "relu_literal":
        gate = np.where(s > threshold, unit * (s - threshold), 0.0)
    elif o["gate"] == "ramp" and q3 > q1:
        gate = np.clip((s - threshold) / (o["ramp_width"] * (q3 - q1)), 0, 1)
    else:
        gate = taken.astype(np.float64)
    gate = np.where(np.isnan(s), 0.0, gate * o["scale"])
    out = np.where(gate == 0, left, np.where(gate == 1, right, moved(left, gate * (right - left))))

    changed, delta, step = left != right, right - left, out - left
    length = norm(delta) * norm(step)
    group.facts.setdefault("fusion", []).append({
        "changed": int(changed.sum()), "selected": int((gate != 0).sum()),
        "selected_changed": int((changed & (gate != 0)).sum()),
        "q1": float(unit * q1), "m": float(unit * m), "q3": float(unit * q3),
        "t": float(unit * threshold), "k_min": float(k.min()), "k_max": float(k.max()),
        "k_mean": float(k.mean(dtype=np.float64)), "rows_k0": int((k <= 0).sum()),
        "iqr0": bool(q1 == q3), "norm_step": norm(step), "norm_delta": norm(delta),
        "cosine": float(np.sum(delta * step) / length) if length else None})
    return out


def arcee_fusion(group: Group) -> Array:
    """Two models: the base is left."""
    if len(group.inputs) == 1:
        return group.inputs[0].x
    group.needs(1)
    return fuse(group, group.base, group.others[0].x, knobs(group, {}))


def chain(group: Group) -> Array:
    """One model after another: each is right (kept: existing) or left (kept: incoming)."""
    first, *others = group.inputs
    merged, between = first.x, group.config.get("intermediate_dtype")
    for i, item in enumerate(others):
        kept = group.config["chain"][item.position].get("kept", "existing")
        if kept not in ("existing", "incoming"):
            raise group.error("kept is existing or incoming")
        sides = (merged, item.x) if kept == "existing" else (item.x, merged)
        merged = fuse(group, *sides, knobs(group, item.parameters))
        if between and i < len(others) - 1:
            merged = rounded(merged, type_named(between))
    return merged


# --- Averages ------------------------------------------------------------------------------------

def linear(group: Group) -> Array:
    """sum w x, divided by sum w unless normalize is off. A base counts where it is listed."""
    w = group.weights(group.inputs)
    out = total(w_m * item.x for w_m, item in zip(w, group.inputs))
    if not group.flag("normalize", True):
        return out
    if sum(w) == 0 and not group.is_compatible:
        raise group.error("the weights add up to 0, so their average does not exist")
    return out / np.float64(sum(w))


def passthrough(group: Group) -> Array:
    """x, or scale x."""
    if len(group.inputs) != 1:
        raise group.error("passthrough takes exactly one model")
    scale = group.setting("scale", None, group.inputs[0].parameters)
    return group.inputs[0].x if scale is None else group.inputs[0].x * float(scale)


# --- Spheres -------------------------------------------------------------------------------------

def equal(inputs: list[Input]) -> bool:
    """Tell whether all inputs are one point, where formulas with absolute limits may leave it."""
    return all(np.array_equal(inputs[0].x, item.x) for item in inputs)


def slerp(group: Group) -> Array:
    """sin((1-t) a)/sin a v0 + sin(t a)/sin a v1, a the angle of the base v0 and the other v1.

    (1-t) v0 + t v1 where |cos a| > 0.9995. A vector of length up to 1e-8 is its own direction.
    """
    if equal(group.inputs):
        return group.inputs[0].x
    group.needs(1)
    t, v0, v1 = group.number("t"), group.base, group.others[0].x
    u0, u1 = (v / norm(v) if norm(v) > 1e-8 else v for v in (v0, v1))
    c = float(np.sum(u0 * u1))
    group.facts["cosine"] = c
    if abs(c) > .9995:
        return (1 - t) * v0 + t * v1
    a = np.arccos(c)
    return np.sin((1 - t) * a) / np.sin(a) * v0 + np.sin(t * a) / np.sin(a) * v1


def nuslerp(group: Group) -> Array:
    """Slerp of two models by weights, t = w1 / (w0 + w1); of their deltas where there is a base.

    Vectors are the whole tensor, or without nuslerp_flatten its rows, or with nuslerp_row_wise
    its columns (axis 0). v is divided by max(|v|, 1e-7); (1-t) v0 + t v1 where |sin a| < 1e-8.
    """
    if equal(group.inputs):
        return group.inputs[0].x
    if len(group.others) != 2:
        raise group.error("nuslerp takes two models, and a base_model that is neither")
    w0, w1 = group.weights(group.others)
    t = .5 if abs(w0 + w1) < 1e-6 else w1 / (w0 + w1)
    b = np.zeros_like(group.others[0].x) if group.base is None else group.base
    v0, v1 = (np.atleast_1d(item.x - b) for item in group.others)
    shape, axis = v0.shape, 0 if group.flag("nuslerp_row_wise", False) else -1
    if group.flag("nuslerp_flatten", True):
        v0, v1, axis = v0.ravel(), v1.ravel(), -1
    u0, u1 = (v / np.maximum(np.sqrt(np.sum(v * v, axis, keepdims=True)), 1e-7) for v in (v0, v1))
    a = np.arccos(np.clip(np.sum(u0 * u1, axis, keepdims=True), -1, 1))
    flat = np.abs(np.sin(a)) < 1e-8
    a = np.where(flat, 1.0, a)
    out = np.where(flat, (1 - t) * v0 + t * v1,
                   (np.sin((1 - t) * a) * v0 + np.sin(t * a) * v1) / np.sin(a))
    out = out.reshape(shape).reshape(b.shape)
    return out if group.base is None else moved(b, out)


def multislerp(group: Group) -> Array:
    """Weighted mean on the sphere, one step from the projected mean, with the mean length.

    u = v / (|v| + eps), mu = sum w u / |sum w u|, tau = sum w (u - (u.mu) mu), r = |tau| + eps,
    (mu cos r + tau sin r / r) sum w |v|. v is x, or x - b with the result added to b.
    """
    b, inputs = group.base, group.others
    if len(inputs) < 2:
        return inputs[0].x if inputs else b
    eps, w = group.number("eps", 1e-8), group.weights(inputs)
    if group.flag("normalize_weights", True):
        if sum(w) == 0:
            raise group.error("the weights add up to 0 and cannot be normalized")
        if equal(inputs):
            return inputs[0].x
        w = [w_m / sum(w) for w_m in w]
    v = [item.x if b is None else item.x - b for item in inputs]
    finish = partial(moved, b) if b is not None else lambda out: out
    lengths = [norm(v_m) for v_m in v]
    if not any(lengths):
        return inputs[0].x if b is None else b
    u = [v_m / (length + eps) for v_m, length in zip(v, lengths)]
    mu = total(w_m * u_m for w_m, u_m in zip(w, u))
    if norm(mu) < eps:
        if len(v) == 2:
            return finish(total(w_m * v_m for w_m, v_m in zip(w, v)))
        raise group.error("the models point in opposite directions: there is no mean direction")
    mu = mu / norm(mu)
    tau = total(w_m * (u_m - np.sum(u_m * mu) * mu) for w_m, u_m in zip(w, u))
    radius = norm(tau) + eps
    length = sum(w_m * length for w_m, length in zip(w, lengths))
    return finish((mu * np.cos(radius) + tau * np.sin(radius) / radius) * length)


def karcher(group: Group) -> Array:
    """Mean direction on the sphere by repeated steps, times the mean length; the base counts.

    T = sum alpha a / sin a (u_m - cos a u), cos a = u.u_m, then u cos |T| + T / |T| sin |T|,
    until |T| < tol. Models no longer than tol give no direction.
    """
    if len(group.inputs) == 1:
        return group.inputs[0].x
    tol, x = group.number("tol", 1e-5), [item.x for item in group.inputs]
    lengths = [norm(x_m) for x_m in x]
    units = [x_m / length for x_m, length in zip(x, lengths) if length > tol]
    if not units:
        return np.zeros_like(x[0]) if group.is_compatible else total(x) / len(x)
    alpha = 1 / len(units)
    u = total(alpha * unit for unit in units)
    u = u / norm(u) if norm(u) >= tol else units[0]
    for _ in range(int(group.number("max_iter", 10))):
        step = np.zeros_like(u)
        for unit in units:
            cosine = float(np.clip(np.sum(u * unit), -1, 1))
            a = np.arccos(cosine)
            if a < tol:
                continue
            if np.sin(a) < 1e-8:
                raise group.error("two models are opposite: there is no mean direction")
            step = step + alpha * a / np.sin(a) * (unit - cosine * u)
        size = norm(step)
        if size < tol:
            break
        u = np.cos(size) * u + np.sin(size) * step / size
        u = u / norm(u)
    return sum(lengths) / len(x) * u


# --- Task vectors --------------------------------------------------------------------------------

@dataclass
class Sparse:
    """A delta with what is kept of it, and how probable each element was to be kept."""
    kept: Array
    probability: Array


def by_magnitude(group: Group, item: Input, d: Array, density: float) -> Sparse:
    """Keep the floor(density n) largest |d|: of the tensor, or of the whole model."""
    scope = group.setting("trim_scope", "tensor")
    if scope == "model":
        kept = group.merge.model_trim(item.position, density)[group.name]
    elif scope == "tensor":
        kept = largest(d, least_one(density, d.size))
    else:
        raise group.error("trim_scope is tensor or model")
    return Sparse(kept, np.ones(d.shape))


def least_one(density: float, size: int) -> int:
    """Return floor(density n), and one where that is none though some density is asked for."""
    return max(1, int(density * size)) if density > 0 else 0


def largest(d: Array, count: int) -> Array:
    """Return where the largest |d| are."""
    kept = np.zeros(d.size, bool)
    kept[magnitude_order(d)[:count]] = True
    return kept.reshape(d.shape)


def at_random(group: Group, item: Input, d: Array, density: float) -> Sparse:
    """Keep each element with probability density."""
    probability = np.full(d.shape, max(density, 0.0))
    draws = uniforms(group.merge.seed, group.name, item.position, d.size).reshape(d.shape)
    return Sparse(draws < probability, probability)


def without_outliers(group: Group, item: Input, d: Array, density: float) -> Sparse:
    """Keep floor(density n) after the floor(gamma n) largest |d| are gone.

    Where too few are left below the outliers, fewer count as outliers.
    """
    target = int(max(density, 0.0) * d.size)
    top = int(group.number("gamma", .01, item.parameters) * d.size)
    top = min(top, d.size - target)
    kept = np.zeros(d.size, bool)
    kept[magnitude_order(d)[top:top + target]] = True
    return Sparse(kept.reshape(d.shape), np.ones(d.shape))


def by_rank(group: Group, item: Input, d: Array, density: float) -> Sparse:
    """Keep with p = density - eps + 2 eps (rank - 1)/(C - 1), rank 1 the smallest |d| of its row.

    The peer's row is axis 1 whatever comes after it.
    """
    eps = group.number("epsilon", .15, item.parameters)
    if density <= 0:
        return Sparse(np.zeros(d.shape, bool), np.ones(d.shape))
    if density - eps <= 0 or density + eps >= 1:
        raise group.error(f"epsilon {eps} leaves density {density} no room between 0 and 1")
    rows = np.atleast_1d(np.abs(d))
    axis = 1 if group.is_compatible and d.ndim > 1 else -1
    # Stable and descending, so that the first of equals has the highest rank.
    place = np.argsort(np.argsort(-rows, axis, kind="stable"), axis, kind="stable")
    columns = rows.shape[axis]
    share = (columns - 1 - place) / (columns - 1) if columns > 1 else np.full(rows.shape, .5)
    probability = ((density - eps) + 2 * eps * share).reshape(d.shape)
    draws = uniforms(group.merge.seed, group.name, item.position, d.size).reshape(d.shape)
    return Sparse(draws < probability, probability)


def rescaled(group: Group, d: Array, sparse: Sparse, density: float, by: str) -> Array:
    """Return the kept part of d, made as long as d was, or as likely."""
    part = np.where(sparse.kept, d, 0.0)
    if by == "density":
        return part / density if density > 0 else part
    if by == "probability":
        return np.where(sparse.kept, d / np.where(sparse.kept, sparse.probability, 1.0), 0.0)
    if by == "none":
        return part
    length = {"l1": lambda x: float(np.sum(np.abs(x))), "l2": norm,
              "linf": lambda x: float(np.max(np.abs(x)))}.get(by)
    if length is None:
        raise group.error(f"rescale cannot be {by}")
    if length(d) < 1e-7 or length(part) < 1e-7:
        return part
    return part * (length(d) / length(part))


def signs(weighted: list[Array]) -> list[Array]:
    """Return for each model where its sign is that of the sum; 0 has none, as a sum it is plus."""
    majority = np.where(total(weighted) >= 0, 1.0, -1.0)
    return [np.sign(e) == majority for e in weighted]


def task_arithmetic(group: Group, sparsify: Callable | None = None, consensus: bool = False,
                    normalize: bool = False, rescale: bool = False) -> Array:
    """b + lambda sum A w d / (sum A w if normalize), d sparsified, A the sign consensus."""
    if group.base is None:
        raise group.error("base_model lacks it")
    b, inputs = group.base, group.others
    if not inputs:
        return b
    by = group.setting("rescale", rescale)
    if not isinstance(by, str) or by.lower() in ("true", "false"):
        by = "l1" if group.flag("rescale", rescale) else "none"
    d = []
    for item in inputs:
        delta, density = item.x - b, group.number("density", 1.0, item.parameters)
        if sparsify and density < 1:
            sparse = sparsify(group, item, delta, density)
            group.facts.setdefault("kept", []).append(int(sparse.kept.sum()))
            delta = rescaled(group, delta, sparse, density, by)
        d.append(delta)
    w = group.weights(inputs)
    e = [w_m * d_m for w_m, d_m in zip(w, d)]
    if consensus:
        agreed = signs(e)
        out = total(e_m * a for e_m, a in zip(e, agreed))
        divisor = total(w_m * a for w_m, a in zip(w, agreed))
        divisor = np.where(divisor == 0, 1.0, divisor)
    else:
        out, divisor = total(e), sum(w) if abs(sum(w)) >= 1e-8 else 1.0
    if group.flag("normalize", normalize):
        out = out / divisor
    return moved(b, out * group.number("lambda", 1.0))


# --- Other methods on deltas ---------------------------------------------------------------------

def deltas(group: Group) -> tuple[Array, list[Array]]:
    """Return the base and each other model's distance from it."""
    if group.base is None:
        raise group.error("base_model lacks it")
    return group.base, [item.x - group.base for item in group.others]


def sce(group: Group) -> Array:
    """b + sum d omega A / sum omega A over the floor(tau nnz) elements of largest variance.

    omega = mean d^2 / sum of these, A as in task_arithmetic without weights. The peer takes equal
    omegas below 1e-6 and divides by at least 1e-6.
    """
    b, d = deltas(group)
    if not d:
        return b
    tau = group.number("select_topk", 1.0)
    if tau < 1:
        variance = np.var(np.stack(d), axis=0)
        count = int(np.count_nonzero(variance) * tau)
        if count <= 0:
            return b
        kept = largest(variance, count)
        d = [np.where(kept, d_m, 0.0) for d_m in d]
    omega = [float(np.mean(d_m * d_m)) for d_m in d]
    if abs(sum(omega)) < 1e-6 if group.is_compatible else sum(omega) == 0:
        omega = [1 / len(d)] * len(d)
    else:
        omega = [o / sum(omega) for o in omega]
    agreed = signs(d)
    out = total(o * d_m * a for o, d_m, a in zip(omega, d, agreed))
    divisor = total(o * a for o, a in zip(omega, agreed))
    if group.is_compatible:
        return moved(b, out / np.maximum(divisor, 1e-6))
    return moved(b, np.divide(out, divisor, out=np.zeros_like(out), where=divisor > 0))


def ram(group: Group, plus: bool = False) -> Array:
    """b + mean of the deltas beyond epsilon; plus: where one model alone has one, times lambda.

    lambda = 1 + r clamp(shared / alone, 0, alpha), counts of this model's elements.
    """
    b, d = deltas(group)
    if not d:
        return b
    epsilon = group.number("epsilon", 1e-5)
    active = [np.abs(d_m) > epsilon for d_m in d]
    count = total(a.astype(np.float64) for a in active)
    out = np.zeros_like(b)
    for d_m, a in zip(d, active):
        factor = 1 / np.maximum(count, 1)
        if plus:
            shared, alone = np.sum(a & (count > 1)), np.sum(a & (count == 1))
            overlap = np.clip(shared / max(alone, epsilon), 0, group.number("alpha", .2))
            factor = np.where(count == 1, 1 + group.number("r", .1) * overlap, factor)
        out = out + np.where(a, d_m, 0.0) * factor
    return moved(b, out)


def model_stock(group: Group) -> Array:
    """t mean(x) + (1-t) b, t = N c / (1 + (N-1) c), c the mean cosine of all pairs of deltas.

    Of the whole tensor, or with filter_wise of each row. The peer divides by at least 1e-6 and
    leaves t unbounded.
    """
    if len(group.inputs) == 1 and group.base is not None:
        return group.base
    b, d = deltas(group)
    count = len(d)
    if count < 2:
        raise group.error("model_stock takes base_model and at least two others")
    floor = 1e-6 if group.is_compatible else 1e-30
    by_row = group.flag("filter_wise", False) and b.ndim > 0
    rows = [d_m.reshape(-1, b.shape[-1]) if by_row else d_m.reshape(1, -1) for d_m in d]
    lengths = [np.sqrt(np.sum(r * r, -1)) for r in rows]
    pairs = [(i, j) for i in range(count) for j in range(i)]
    c = total(np.clip(np.sum(rows[i] * rows[j], -1) / np.maximum(lengths[i] * lengths[j], floor),
                      -1, 1) for i, j in pairs) / len(pairs)
    with np.errstate(divide="ignore"):
        t = count * c / (1 + (count - 1) * c)
    if group.flag("clamp", not group.is_compatible):
        group.facts["clamped"] = int(np.sum((t < 0) | (t > 1)))
        t = np.clip(t, 0, 1)
    t = t.reshape(b.shape[:-1] + (1,)) if by_row else t[0]
    mean = total(item.x for item in group.others) / count
    return t * mean + (1 - t) * b


def nearswap(group: Group) -> Array:
    """a x + (1-a) b, a = clamp(t / max(|b - x|, 1e-6), 0, 1)."""
    group.needs(1)
    b, x = group.base, group.others[0].x
    a = np.clip(group.number("t") / np.maximum(np.abs(b - x), 1e-6), 0, 1)
    return a * x + (1 - a) * b


METHODS: dict[str, Callable[[Group], Array]] = {
    "arcee_fusion": arcee_fusion,
    "linear": linear,
    "passthrough": passthrough,
    "slerp": slerp,
    "nuslerp": nuslerp,
    "multislerp": multislerp,
    "karcher": karcher,
    "task_arithmetic": task_arithmetic,
    "ties": partial(task_arithmetic, sparsify=by_magnitude, consensus=True, normalize=True),
    "dare_linear": partial(task_arithmetic, sparsify=at_random, rescale=True),
    "dare_ties": partial(task_arithmetic, sparsify=at_random, consensus=True, rescale=True),
    "breadcrumbs": partial(task_arithmetic, sparsify=without_outliers),
    "breadcrumbs_ties": partial(task_arithmetic, sparsify=without_outliers, consensus=True),
    "della": partial(task_arithmetic, sparsify=by_rank, consensus=True, normalize=True,
                     rescale=True),
    "della_linear": partial(task_arithmetic, sparsify=by_rank, rescale=True),
    "sce": sce,
    "ram": ram,
    "ramplus_tl": partial(ram, plus=True),
    "model_stock": model_stock,
    "nearswap": nearswap,
}
IGNORES_BASE = ("linear", "passthrough")


# --- A merge -------------------------------------------------------------------------------------

def type_named(name: str) -> str:
    """Return the stored type that a merge file calls so."""
    try:
        return TORCH[name.removeprefix("torch.")]
    except KeyError:
        raise MergeError(f"dtype {name} is not one of {', '.join(TORCH)}") from None


class Merge:
    """A merge file with its models, which gives each output tensor's group."""

    def __init__(self, config: dict):
        self.config = config
        self.seed = int(config.get("seed", 0))
        self.method = config["merge_method"]
        if self.method not in METHODS or config.get("chain") and self.method != "arcee_fusion":
            raise MergeError(f"merge_method {self.method} is not known, or not in a chain")
        entries = config.get("chain") or config.get("models") or []
        base = config.get("base_model")
        paths = [entry["model"] for entry in entries]
        if base and base not in paths and self.method not in IGNORES_BASE:
            entries = entries + [{"model": base}]
            paths.append(base)
        self.inputs = [Input(i, entry["model"], entry.get("parameters") or {},
                             base in paths and i == paths.index(base))
                       for i, entry in enumerate(entries)]
        if not self.inputs:
            raise MergeError("the merge file has neither models nor a chain")
        names = {name for path in paths for name in checkpoint(path)}
        self.names = sorted(names, key=natural)
        self.layers: dict[str, int] = {}
        for name in self.names:
            prefix, layer = layer_of(name)
            if layer is not None:
                self.layers[prefix] = max(self.layers.get(prefix, 0), layer + 1)

    def t(self, name: str) -> float:
        """Return where in the model a tensor lies: layer / (layers - 1), 0 outside of layers."""
        prefix, layer = layer_of(name)
        if layer is None:
            return 0.0
        count = self.layers[prefix]
        return layer / (count - 1) if count > 1 else 1.0

    def stored(self, name: str) -> list[tuple[Input, Stored]]:
        """Return a tensor of each model that has it; a tied head is the embedding."""
        found = []
        for item in self.inputs:
            tensors = checkpoint(item.path)
            tensor = tensors.get(name)
            if tensor is None and name == "lm_head.weight":
                tensor = tensors.get("model.embed_tokens.weight")
            elif tensor is None:
                raise MergeError(f"{name}: {item.path} lacks it")
            if tensor is not None:
                found.append((item, tensor))
        return found

    def output_type(self, found: list[tuple[Input, Stored]]) -> str:
        wanted = self.config.get("out_dtype") or self.config.get("dtype")
        base = next((tensor.kind for item, tensor in found if item.is_base), found[0][1].kind)
        return type_named(wanted) if wanted else base

    def group(self, name: str) -> Group:
        """Return a tensor's inputs in Float64, of one shape, and its settings."""
        inputs = []
        for item, tensor in self.stored(name):
            x = widened(tensor.numbers, tensor.kind)
            if not np.isfinite(x).all() and not self.config.get("allow_nonfinite") \
                    and self.config.get("compat") != "mergekit":
                index = int(np.argmin(np.isfinite(x)))
                raise MergeError(f"{name}: {item.path} has {x.ravel()[index]} at index {index}")
            inputs.append(Input(item.position, item.path, item.parameters, item.is_base,
                                tensor.kind, x))
        return Group(name, self.t(name), self.shaped(name, inputs), self.config, self)

    def shaped(self, name: str, inputs: list[Input]) -> list[Input]:
        """Return inputs cut to the common top-left part of an embedding, where that is asked."""
        shapes = [item.x.shape for item in inputs]
        if len(set(shapes)) == 1:
            return inputs
        is_matrix = is_embedding(name) and all(len(shape) == 2 for shape in shapes)
        if is_matrix and self.config.get("embed_mismatch") == "submatrix":
            rows, columns = (min(sizes) for sizes in zip(*shapes))
            for item in inputs:
                item.x = item.x[:rows, :columns]
            return inputs
        base = next((item.x.shape for item in inputs if item.is_base), None)
        if base is not None and self.config.get("shape_mismatch") == "skip":
            return [item for item in inputs if item.x.shape == base]
        raise MergeError(f"{name}: shapes differ: {', '.join(map(str, shapes))}")

    @cache
    def model_trim(self, position: int, density: float) -> dict[str, Array]:
        """Return what by_magnitude keeps of a whole model, its tensors one after another."""
        deltas = {}
        for name in self.names:
            if self.stored(name)[0][1].kind not in WEIGHTS:
                continue
            group = self.group(name)
            if group.setting("trim_scope", "tensor") != "model":
                continue
            item = next(item for item in group.inputs if item.position == position)
            if group.number("density", 1.0, item.parameters) != density:
                raise group.error("trim_scope model needs one density for the whole model")
            deltas[name] = item.x - group.base
        joined = np.concatenate([d.ravel() for d in deltas.values()])
        kept = largest(joined, least_one(density, joined.size))
        ends = np.cumsum([d.size for d in deltas.values()])[:-1]
        return {name: part.reshape(d.shape)
                for (name, d), part in zip(deltas.items(), np.split(kept, ends))}

    def tensor(self, name: str) -> tuple[Stored, Array | None, dict]:
        """Return an output tensor as stored, before its rounding, and what there is to tell."""
        found = self.stored(name)
        kinds = {tensor.kind for _, tensor in found}
        if not kinds <= set(WEIGHTS):
            same = all(np.array_equal(found[0][1].numbers, tensor.numbers) for _, tensor in found)
            if len(kinds) > 1 or not same and self.config.get("int_tensors") != "base":
                raise MergeError(f"{name}: {', '.join(sorted(kinds))} must be equal everywhere")
            return next((tensor for item, tensor in found if item.is_base), found[0][1]), None, {}
        kind, group = self.output_type(found), self.group(name)
        if group.inputs[0].x.size == 0:
            out = group.inputs[0].x
        else:
            with np.errstate(all="ignore"):
                out = (chain if self.config.get("chain") else METHODS[self.method])(group)
        numbers = narrowed(out, kind)
        if self.method == "passthrough" and kinds == {kind} and out is group.inputs[0].x:
            numbers = found[0][1].numbers
        facts = {"type": kind, "shape": list(out.shape), "t": group.t, **group.facts}
        overflows = int(np.sum(np.isfinite(out) & ~np.isfinite(widened(numbers, kind))))
        return Stored(kind, numbers), out, facts | ({"overflows": overflows} if overflows else {})


def layer_of(name: str) -> tuple[str, int | None]:
    """Return the first part of a name that is a number, and what stands before it."""
    parts = name.split(".")
    at = next((i for i, part in enumerate(parts) if part.isdigit()), None)
    return (name, None) if at is None else (".".join(parts[:at]), int(parts[at]))


def merge(config: dict, out: Path, exact: bool = False) -> dict[str, dict]:
    """Write a merge into a folder and return what there is to tell of each tensor."""
    job, tensors, wide, facts = Merge(config), {}, {}, {}
    for name in job.names:
        tensors[name], numbers, facts[name] = job.tensor(name)
        if numbers is not None:
            wide[name] = Stored("F64", numbers)
    out.mkdir(parents=True, exist_ok=True)
    write_safetensors(out / "model.safetensors", tensors)
    if exact:
        write_safetensors(out / "exact.safetensors", wide)
    return facts


# --- Checks of this file -------------------------------------------------------------------------

KNOWN = """
00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
"""


def self_check():
    """Hold Philox against the known answers of its authors, and rounding against cases by hand."""
    for line in KNOWN.split("\n")[1:-1]:
        words = [int(word, 16) for word in line.split()]
        assert [int(word) for word in philox(words[:4], words[4:6])] == words[6:], line
    draws = uniforms(0, "a", 0, 200_001)
    assert ((0 <= draws) & (draws < 1)).all() and abs(draws.mean() - .5) < .003
    # Half a last place above 1 and a little more: rounded by way of Float32 it would become 1.
    for x, bits in [(1 + 2**-8, 0x3F80), (1 + 2**-8 + 2**-40, 0x3F81), (1 + 3 * 2**-8, 0x3F82),
                    (2.0**-134, 0), (2.0**-134 * 1.001, 1), (-0.0, 0x8000), (3.4e38, 0x7F80),
                    (-np.inf, 0xFF80), (3.389e38, 0x7F7F)]:
        assert narrowed(np.array([x]), "BF16")[0] == bits, x
    everything = np.arange(2**16, dtype=np.uint16)
    wide = widened(everything, "BF16")
    assert (narrowed(wide, "BF16") == everything)[~np.isnan(wide)].all()
    print("merge_methods.py: as it should be")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("config", nargs="?")
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    if options.self_check:
        return self_check()
    if not options.out:
        parser.error("CONFIG.yml and OUT_FOLDER are needed")
    try:
        config = yaml.load(Path(options.config).read_text(), Loader)
        facts = merge(config, options.out, options.exact)
    except (MergeError, OSError, yaml.YAMLError) as error:
        sys.exit(f"merge_methods.py: {error}")
    print(json.dumps(facts, indent=2) if options.json else f"{len(facts)} tensors merged")


if __name__ == "__main__":
    main()
