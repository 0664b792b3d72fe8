#!/usr/bin/env python3
"""Hold merges against mergekit's own on small models with the same merge files.

  against_mergekit.py --mergekit PYTHON (--program PROGRAM | --reference) [CASE ...]
                      [--types float32,bfloat16] [--keep FOLDER] [--list]

PYTHON is the interpreter of an environment with mergekit, PROGRAM is called as
`PROGRAM merge CONFIG OUT --compat mergekit`, --reference takes merge_methods.py in its place. A
CASE is one of --list, or the method of several. mergekit's numbers round at every step, so a
method has a tolerance. One line a case and type:

  units    largest difference, in last places of the output type at the largest number that went
           into or came out of an element
  equal    share of entries that are equal
  outside  share of entries further apart than the tolerance allows, and what is allowed

Random methods draw other numbers than mergekit: `units` is then the largest difference, in percent,
of what a tensor has changed in all, and `equal` the share of entries that both or neither changed.
For arcee_fusion `equal` is Jaccard's index of the selections; with small deltas in float32 there
is no limit, since the divergence is noise of the peer's rounding there. Exits 1 when a case is out
of its tolerance.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from merge_methods import TORCH, Stored, narrowed, read_safetensors, widened, write_safetensors

HIDDEN, INNER, LAYERS, HEADS, GROUPS, VOCABULARY = 64, 176, 3, 4, 2, 300
BITS = {"F32": 24, "BF16": 8}


# --- Models --------------------------------------------------------------------------------------

def shapes() -> dict[str, tuple[int, ...]]:
    """Return the tensors of a small Qwen2."""
    head = HIDDEN // HEADS
    found = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN),
             "lm_head.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        found |= {at + "input_layernorm.weight": (HIDDEN,),
                  at + "post_attention_layernorm.weight": (HIDDEN,),
                  at + "mlp.gate_proj.weight": (INNER, HIDDEN),
                  at + "mlp.up_proj.weight": (INNER, HIDDEN),
                  at + "mlp.down_proj.weight": (HIDDEN, INNER),
                  at + "self_attn.o_proj.weight": (HIDDEN, HIDDEN)}
        for part, count in (("q", HEADS), ("k", GROUPS), ("v", GROUPS)):
            found[f"{at}self_attn.{part}_proj.weight"] = (count * head, HIDDEN)
            found[f"{at}self_attn.{part}_proj.bias"] = (count * head,)
    return found


def write_model(folder: Path, number: int, kind: str, delta: float, shares: bool):
    """Write the base (number 0), or the base with normal deltas, one in fifty twelve-fold.

    A quarter of all entries are the base's own, and where it shares one, so is a whole tensor:
    equal numbers are where methods have their corners.
    """
    tensors = {}
    for index, (name, shape) in enumerate(shapes().items()):
        x = np.random.default_rng([1, index]).normal(0, .02, shape)
        x = narrowed(x if len(shape) == 2 else x + 1, kind)
        if number and not (shares and "layers.1.mlp.up" in name):
            random = np.random.default_rng([2, number, index])
            d = random.normal(0, delta, shape)
            d[random.random(shape) < .02] *= 12
            d[random.random(shape) < .25] = 0
            x = narrowed(widened(x, kind) + d, kind)
        tensors[name] = Stored(kind, x)
    folder.mkdir(parents=True)
    write_safetensors(folder / "model.safetensors", tensors)
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": HIDDEN,
        "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": GROUPS, "vocab_size": VOCABULARY, "tie_word_embeddings": False,
        "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "bos_token_id": 0,
        "eos_token_id": 1}))


# --- Cases ---------------------------------------------------------------------------------------

@dataclass
class Case:
    """A merge file in short, and how far two results of it may lie apart.

    `models` are letters, o the base and a b c experts, `own` holds each one's parameters. Limits
    are for float32 and bfloat16: `units` between two entries, `outside` as the share of entries
    that may be further apart, and for selections the least `equal`.
    """
    method: str
    models: str = "abc"
    base: str | None = "o"
    own: list[dict] = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    units: tuple[float, float] = (6, 4)
    outside: tuple[float, float] = (0, 0)
    equal: tuple[float, float] = (.95, .95)
    judged: str = "numbers"
    deltas: float = 2e-3
    shares: bool = True

    def config(self, models: Path, dtype: str) -> dict:
        own = self.own or [{} for _ in self.models]
        found = {"merge_method": self.method, "dtype": dtype, "out_dtype": dtype, "models": [
            {"model": str(models / letter), **({"parameters": p} if p else {})}
            for letter, p in zip(self.models, own)]}
        if self.base:
            found["base_model"] = str(models / self.base)
        return found | ({"parameters": self.settings} if self.settings else {})


def weights(*values, **others) -> list[dict]:
    return [{"weight": value, **others} for value in values]


THREE = weights(.5, .3, .4)
LAYERED = [{"filter": "mlp", "value": [0, .5, 1]}, {"filter": "attn", "value": .25}, {"value": .4}]
# bfloat16 deltas are often equal, and which of those at a cut stay is the peer's secret; their
# weighted sum, rounded, is often 0, so that another sign wins.
CUT, SIGN = {"outside": (0, .02)}, {"outside": (0, .002)}
CASES = {
    "linear": Case("linear", base=None, own=THREE),
    "linear-sum": Case("linear", base=None, own=THREE, settings={"normalize": False}),
    "linear-gradient": Case("linear", "ab", None, [{"weight": [.1, .2, 1]}, {"weight": LAYERED}]),
    "slerp": Case("slerp", "oa", settings={"t": .3}),
    "slerp-gradient": Case("slerp", "oa", settings={"t": LAYERED}),
    "slerp-far": Case("slerp", "oa", settings={"t": .3}, deltas=5e-2),
    "nuslerp": Case("nuslerp", "ab", None, weights(.6, .2)),
    "nuslerp-rows": Case("nuslerp", "ab", None, weights(.6, .2), {"nuslerp_flatten": False}),
    "nuslerp-columns": Case("nuslerp", "ab", None, weights(.6, .2),
                            {"nuslerp_flatten": False, "nuslerp_row_wise": True}),
    "nuslerp-base": Case("nuslerp", "ab", "o", weights(.6, .2)),
    "nuslerp-opposite": Case("nuslerp", "ab", None, weights(-.5, .5)),
    "multislerp": Case("multislerp", base=None, own=THREE, units=(12, 4), outside=(0, .001)),
    # mergekit stops where three experts share a tensor with the base.
    "multislerp-base": Case("multislerp", own=THREE, shares=False, units=(12, 4),
                            outside=(0, .001)),
    # In bfloat16 the angles of close models are noise, so that some do not count.
    "karcher": Case("karcher", base=None, units=(8, 4)),
    "karcher-base": Case("karcher", settings={"max_iter": 5}, units=(8, 4), outside=(0, .2)),
    "karcher-far": Case("karcher", base=None, units=(8, 4), outside=(0, .002), deltas=5e-2),
    "task_arithmetic": Case("task_arithmetic", own=THREE, settings={"lambda": .8}),
    "task_arithmetic-mean": Case("task_arithmetic", own=THREE, settings={"normalize": True}),
    "ties": Case("ties", own=weights(.5, .3, .4, density=.3), **CUT),
    "ties-full": Case("ties", own=THREE, **SIGN),
    "ties-one": Case("ties", own=weights(.5, .3, .4, density=1e-4), **CUT),
    "ties-listed": Case("ties", "oabc", own=[{}, *weights(.5, -.3, .4, density=.7)],
                        settings={"normalize": False, "rescale": True}, **CUT),
    "dare_linear-full": Case("dare_linear", own=THREE),
    "dare_linear": Case("dare_linear", "a", own=weights(.9, density=.6), judged="chance"),
    "dare_ties": Case("dare_ties", own=weights(.5, .3, .4, density=.6), judged="chance"),
    "della": Case("della", own=weights(.5, .3, .4, density=.6), judged="chance"),
    "della_linear": Case("della_linear", "a", own=weights(.9, density=.4, epsilon=.3),
                         judged="chance"),
    "breadcrumbs": Case("breadcrumbs", own=weights(.5, .3, .4, density=.6, gamma=.05), **CUT),
    "breadcrumbs-few": Case("breadcrumbs", own=weights(.5, .3, .4, density=.6), **CUT),
    "breadcrumbs_ties": Case("breadcrumbs_ties", own=weights(.5, .3, .4, density=.6, gamma=.1),
                             **CUT),
    "sce": Case("sce", settings={"select_topk": .4}, **SIGN),
    "sce-full": Case("sce", **SIGN),
    "sce-far": Case("sce", settings={"select_topk": .4}, deltas=5e-2, **SIGN),
    "sce-near": Case("sce", settings={"select_topk": .4}, deltas=1e-4, **CUT),
    "ram": Case("ram"),
    "ramplus_tl": Case("ramplus_tl", settings={"r": .3, "alpha": .9}),
    "model_stock": Case("model_stock"),
    "model_stock-rows": Case("model_stock", settings={"filter_wise": True}),
    "model_stock-near": Case("model_stock", settings={"filter_wise": True}, deltas=1e-4),
    "nearswap": Case("nearswap", "oa", settings={"t": 1e-3}),
    "passthrough": Case("passthrough", "a", None),
    "passthrough-scale": Case("passthrough", "a", None, [{"scale": LAYERED}]),
    "arcee_fusion": Case("arcee_fusion", "oa", judged="selection", deltas=5e-3),
    "arcee_fusion-near": Case("arcee_fusion", "oa", judged="selection", deltas=1e-4,
                              equal=(0, .95)),
}


# --- Runs ----------------------------------------------------------------------------------------

def run(command: list[str], out: Path) -> str | None:
    """Run a merge and return None, or its last line where it wrote nothing."""
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    done = subprocess.run(command, env=offline, capture_output=True, text=True, check=False)
    if done.returncode == 0 and list(out.glob("*.safetensors")):
        return None
    lines = (done.stderr or done.stdout).strip().split("\n")
    return lines[-1][:200] or f"exit status {done.returncode}"


def tensors(folder: Path) -> dict[str, Stored]:
    """Return all tensors of a folder by name."""
    return {name: tensor for file in sorted(folder.glob("*.safetensors"))
            for name, tensor in read_safetensors(file).items()}


def last_place(size: np.ndarray, kind: str) -> np.ndarray:
    """Return the distance of neighbours in a type at numbers of a size."""
    return np.ldexp(1.0, np.maximum(np.frexp(size)[1] - BITS[kind], -126 - BITS[kind]))


def judge(case: Case, kind: str, ours: dict, theirs: dict,
          inputs: list[dict]) -> tuple[dict[str, float], float, float]:
    """Return units by tensor, equal and outside of two merges; the last input is the base."""
    units, same, out, count = {}, 0, 0, 0
    for name in ours.keys() | theirs.keys():
        if name not in ours or name not in theirs or ours[name].kind != theirs[name].kind \
                or ours[name].numbers.shape != theirs[name].numbers.shape:
            return {name: np.inf}, 0, 1
        a, b = (widened(side[name].numbers, side[name].kind) for side in (ours, theirs))
        x = [widened(tensor[name].numbers, tensor[name].kind) for tensor in inputs]
        if case.judged == "numbers":
            size = np.max(np.abs(np.stack([a, b, *x])), axis=0)
            apart = np.nan_to_num(np.abs(a - b) / last_place(size, kind), nan=np.inf)
            units[name] = float(apart.max())
            same, count = same + int((apart == 0).sum()), count + a.size
            out += int((apart > case.units[kind == "BF16"]).sum())
            continue
        left, right = (np.abs(side - x[-1]) for side in (a, b))
        taken = (left != 0) & (right != 0)
        if case.judged == "chance":
            same, count = same + int(((left != 0) == (right != 0)).sum()), count + a.size
        else:
            same, count = same + int(taken.sum()), count + int(((left != 0) | (right != 0)).sum())
        # Small tensors vary by chance alone.
        counts = a.size > 4000 and taken.any()
        units[name] = 100 * abs(left.sum() / right.sum() - 1) if counts else 0
    return units, same / max(count, 1), out / max(count, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--mergekit", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--program", type=Path)
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--types", default="float32,bfloat16")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for all files")
    parser.add_argument("--names", action="store_true", help="also show the tensors furthest apart")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    chosen = {name: case for name, case in CASES.items()
              if not options.cases or {name, case.method} & set(options.cases)}
    if options.list or not chosen:
        return print("\n".join(CASES))
    if bool(options.program) == options.reference:
        parser.error("either --program or --reference is needed")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        failed = [name for dtype in options.types.split(",") for name, case in chosen.items()
                  if not compare(name, case, dtype, folder, options)]
    sys.exit(f"out of tolerance: {', '.join(failed)}" if failed else 0)


def compare(name: str, case: Case, dtype: str, folder: Path, options) -> bool:
    """Run a case both ways, print its line and tell whether it is within its tolerance."""
    kind = TORCH[dtype]
    models = folder / f"models-{dtype}-{case.deltas}-{case.shares}"
    if not models.exists():
        for number, letter in enumerate("oabc"):
            write_model(models / letter, number, kind, case.deltas, case.shares)
    config = case.config(models, dtype)
    place = folder / f"{name}-{dtype}"
    place.mkdir()
    plain, compatible = place / "plain.yml", place / "compat.yml"
    plain.write_text(yaml.safe_dump(config, sort_keys=False))
    compatible.write_text(yaml.safe_dump(config | {"compat": "mergekit"}, sort_keys=False))
    ours, theirs = place / "ours", place / "mergekit"
    reference = str(Path(__file__).with_name("merge_methods.py"))
    mine = ([sys.executable, reference, str(compatible), str(ours)] if options.reference else
            [str(options.program.resolve()), "merge", str(plain), str(ours),
             "--compat", "mergekit"])
    problem = run(mine, ours)
    peer = run([options.mergekit, "-m", "mergekit.scripts.run_yaml", str(plain), str(theirs),
                "--no-write-model-card", "--quiet", "--random-seed", "1"], theirs)
    line = f"{name:20}  {dtype:8}  "
    if problem or peer:
        print(f"{line}ours: {problem or 'fine'}; mergekit: {peer or 'fine'}", flush=True)
        return False
    letters = sorted({*case.models, *(case.base or "")}, key=lambda letter: letter == case.base)
    units, equal, outside = judge(case, kind, tensors(ours), tensors(theirs),
                                  [tensors(models / letter) for letter in letters])
    at, far = int(kind == "BF16"), max(units.values())
    fine, limit = {
        "numbers": (outside <= case.outside[at],
                    f"{case.outside[at]:g} beyond {case.units[at]} units"),
        "chance": (far <= 5, "5 %"),
        "selection": (equal >= case.equal[at], f"equal {case.equal[at]:g}")}[case.judged]
    fine = fine and far < np.inf
    print(f"{line}units {far:8.2f}  equal {equal:.4f}  outside {outside:.6f}  "
          f"{'fine' if fine else 'TOO FAR'} ({limit})", flush=True)
    if options.names:
        for tensor, value in sorted(units.items(), key=lambda item: -item[1])[:5]:
            print(f"  {value:12.3f}  {tensor}")
    return fine


if __name__ == "__main__":
    main()
