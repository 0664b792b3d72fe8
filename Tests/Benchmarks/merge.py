#!/usr/bin/env python3
"""Time `branchmerge merge` against `cp` of one checkpoint and, where it is installed, mergekit.

All contenders get the same merge files over models of random weights. Each run is a process of its
own, so mergekit's time includes the start of Python and its imports, which are also timed alone.
Neither cp nor mergekit syncs: the program runs with --no-fsync, and its durable default is
measured beside cp and sync. Rounds are interleaved, the page cache is warm, and the first round is
not counted and serves to check the outputs. Folders are removed, and the disk is synced, outside
of the timed part. RSS counts mapped files too; anonymous memory is sampled every 5 ms.

Exit status: 0 done, or no tool to make models with; 1 an output was wrong; 2 the program is
missing or failed, or numpy is missing.
"""
import argparse
import importlib.util
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def configurations(models):
    """Return the merges by name. Without out_dtype mergekit's arcee_fusion writes float32."""
    base, first, second = ({"model": str(models / name)} for name in ("base", "math", "coding"))
    fuse = {"merge_method": "arcee_fusion"}
    kept, half = {"kept": "existing"}, {"parameters": {"weight": 1, "density": 0.5}}
    weights = {"parameters": {"weight": 0.6}}, {"parameters": {"weight": 0.4}}
    merges = {
        "arcee": fuse | {"base_model": base["model"], "models": [base, first]},
        "chain": fuse | {"chain": [base, first | kept, second | kept]},
        "linear": {"merge_method": "linear", "models": [first | weights[0], second | weights[1]]},
        "ties": {"merge_method": "ties", "base_model": base["model"],
                 "models": [first | half, second | half]}}
    types = {"dtype": "bfloat16", "out_dtype": "bfloat16"}
    return {name: merge | types for name, merge in merges.items()}


class Contender:
    """A command to time; `config` names the merge that it makes into run/out, if it does."""

    def __init__(self, name, command, config="", is_peer=False):
        self.name, self.command = name, [str(part) for part in command]
        self.config, self.is_peer, self.runs = config, is_peer, []

    def median(self, figure="seconds"):
        return statistics.median(run[figure] for run in self.runs)


def fail(status, text):
    """End here."""
    print(text, file=sys.stderr)
    sys.exit(status)


def watch(pid, ended, run):
    """Note the most anonymous memory that a process has."""
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as status:
            while True:
                status.seek(0)
                if found := re.search(rb"RssAnon:\s+(\d+) kB", status.read(8192)):
                    run["anonymous"] = max(run["anonymous"], int(found[1]) * 1024)
                if ended.wait(0.005):
                    return
    except OSError:
        pass  # It has ended.


def run_once(contender, folder):
    """Run a contender with an empty folder; return its figures (seconds, bytes), status, errors.

    Linux counts this process's own peak as the child's before its exec (some 20 MB).
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.sync()
    run, ended = {"anonymous": 0}, threading.Event()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(contender.command, stdin=subprocess.DEVNULL, stderr=errors,
                                 stdout=subprocess.DEVNULL,
                                 env=os.environ | {"HF_HUB_OFFLINE": "1"})
        watcher = threading.Thread(target=watch, args=(child.pid, ended, run), daemon=True)
        watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        run["seconds"] = time.perf_counter() - start
        ended.set()
        watcher.join()
        errors.seek(0)
        text = errors.read().decode(errors="replace").strip()
    child.returncode = os.waitstatus_to_exitcode(status)
    run["cpu"], run["resident"] = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    return run, child.returncode, text


def measure(contenders, counted, options):
    """Run contenders in turn, check outputs in round 0; return those that work."""
    left = list(contenders)
    for number in range(counted + 1):
        for contender in list(left):
            print(f"round {number} of {counted}: {contender.name}", file=sys.stderr, flush=True)
            run, status, text = run_once(contender, options.run)
            if status:
                lacks = number == 0 and status == 2 and contender.config not in ("", "arcee")
                if not (contender.is_peer or lacks):
                    fail(2, f"{contender.name}: failed with status {status}\n{text[-2000:]}")
                print(f"{contender.name}: left out, {text.rpartition(chr(10))[2]}", flush=True)
                left.remove(contender)
            elif number:
                contender.runs.append(run)
            elif contender.config:
                check(contender, options)
    shutil.rmtree(options.run)
    return left


def tensors(folder):
    """Return type and shape of a checkpoint's tensors; every shard must have its header's size."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        size = 8 + length + max(tensor["data_offsets"][1] for tensor in header.values())
        if path.stat().st_size != size:
            fail(1, f"{path}: has {path.stat().st_size} bytes, and its header says {size}")
        found |= {name: (each["dtype"], tuple(each["shape"])) for name, each in header.items()}
    return found


def check(contender, options):
    """Hold an output's tensors to the base's and, if asked, our fusion to the oracle."""
    out = options.run / "out"
    if wrong := set(tensors(out).items()) ^ set(options.tensors.items()):
        fail(1, f"{contender.name}: tensors differ from the base's: {sorted(wrong)[:2]}")
    if not options.check or contender.name != "arcee":
        return
    oracle = subprocess.run([sys.executable, options.tools / "fusion_oracle.py",
                             options.models / "base", options.models / "math", out],
                            stdout=subprocess.PIPE, text=True)
    last = oracle.stdout.rstrip().rpartition("\n")[2]
    print(f"oracle: {last}", flush=True)
    found = re.search(r"jaccard ([\d.]+) .* bad (\d+)$", last)
    if not found or float(found[1]) < 0.9999 or found[2] != "0":
        fail(1, "a Jaccard of at least 0.9999 and no bad entry are wanted")


def make_models(options):
    """Make the models where they are not there, and read those that are used once."""
    if not options.models.exists():
        print(f"making {options.models} ...", flush=True)
        unfinished = options.models.with_name(f"{options.models.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        if subprocess.call([sys.executable, options.tools / "make_models.py", unfinished,
                            "--size", options.size], stdout=subprocess.DEVNULL):
            fail(2, "the models could not be made")
        unfinished.rename(options.models)
    for name in ("base", "math", "coding"):
        subprocess.run(["cat", *(options.models / name).iterdir()], stdout=subprocess.DEVNULL)


def peer_version(python):
    """Return what a Python has of mergekit, or None."""
    code = "from importlib.metadata import version as v; print('mergekit', v('mergekit'))"
    if not shutil.which(python):
        return None
    found = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return found.stdout.strip() or None


def print_table(contenders, parameters):
    """Print one line for each contender."""
    copy = contenders[0].median()
    ours = {each.config: each.median() for each in reversed(contenders) if not each.is_peer}
    print(f"{'contender':17}{'median s':>10}{'/ cp':>8}{'/ ours':>8}{'M par/s':>9}{'CPU s':>9}"
          f"{'RSS MB':>9}{'anon MB':>9}")
    for each in contenders:
        median = each.median()
        most, anonymous = (max(run[memory] for run in each.runs) / 1e6
                           for memory in ("resident", "anonymous"))
        ratio = f"{median / ours[each.config]:.2f}" if each.is_peer and each.config in ours else "-"
        print(f"{each.name:17}{median:10.3f}{median / copy:8.2f}{ratio:>8}"
              f"{parameters / median / 1e6:9.1f}{each.median('cpu'):9.2f}{most:9.1f}"
              f"{anonymous:9.1f}")


def main():
    """Make the models, measure, print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/branchmerge")
    parser.add_argument("--size", choices=("tiny", "small", "half", "1b5"), default="half")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--mergekit", metavar="PYTHON", default=ROOT / ".build/mergekit/bin/python")
    parser.add_argument("--mergekit-rounds", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="also ask the oracle, which is slow")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    options = parser.parse_args()
    if min(options.rounds, options.workers, options.mergekit_rounds) < 1:
        parser.error("--rounds, --workers and --mergekit-rounds must be at least 1")
    options.tools = ROOT.parent / "shared/tools"
    options.models = ROOT / f".build/bench/models-{options.size}"
    options.run = ROOT / ".build/bench/merge/run"
    if not options.tools.exists():
        print(f"no tools at {options.tools} to make models with: nothing measured")
        return 0
    program = options.program.resolve()
    if not os.access(program, os.X_OK):
        fail(2, f"no program at {program}: build it first")
    if (options.check or not options.models.exists()) and not importlib.util.find_spec("numpy"):
        fail(2, f"the tools need numpy, and {sys.executable} has none")
    make_models(options)
    options.run.mkdir(parents=True, exist_ok=True)
    out, files = options.run / "out", {}
    for name, content in configurations(options.models).items():
        files[name] = options.run.with_name(f"{name}.yml")
        files[name].write_text(json.dumps(content, indent=2) + "\n")

    def ours(name, config, *flags, workers=options.workers):
        return Contender(name, [program, "merge", files[config], out, "--workers", workers, *flags],
                         config)

    def peer(name, *command, config=""):
        return Contender(f"mergekit {name}", [options.mergekit, *command], config, True)

    options.tensors = tensors(options.models / "base")
    parameters = sum(math.prod(shape) for _, shape in options.tensors.values())
    shards = sorted((options.models / "base").glob("*.safetensors"))
    copy = Contender("cp", ["cp", "--reflink=never", *shards, options.run])
    synced = Contender("cp and sync", [
        "sh", "-c", 'cp --reflink=never "$@" "$0" && sync "$0"/* "$0"', options.run, *shards])
    arcee = ours("arcee", "arcee", "--no-fsync")
    single = ours("arcee, 1 worker", "arcee", "--no-fsync", workers=1)
    chain = ours("chain of three", "chain", "--no-fsync")
    durable = ours("arcee, durable", "arcee")
    start = peer("imports", "-c", "import mergekit.scripts.run_yaml")
    found = measure([copy, arcee, single, chain, ours("linear", "linear", "--no-fsync"),
                     ours("ties", "ties", "--no-fsync")], options.rounds, options)
    found += measure([durable, synced], 3, options)
    if version := peer_version(options.mergekit):
        merges = [peer(name, "-m", "mergekit.scripts.run_yaml", files[name], out, config=name)
                  for name in ("arcee", "linear", "ties")]
        found += measure([start, *merges], options.mergekit_rounds, options)

    print(f"\n{options.size}: {parameters / 1e6:.1f} M parameters, {options.workers} workers, "
          f"{options.rounds} rounds, {version or 'no mergekit'}")
    print_table([each for each in found if each is not start], parameters)
    if chain in found:
        print(f"chain of three / merge of two: {chain.median() / arcee.median():.2f}")
    print(f"workers 1 / workers {options.workers}: {single.median() / arcee.median():.2f}")
    print(f"durable: {durable.median():.3f} s, cp and sync {synced.median():.3f} s, "
          f"ratio {durable.median() / synced.median():.2f}")
    if start in found:
        print(f"start of mergekit (Python and imports alone): {start.median():.3f} s")
    if not version:
        print("mergekit is not installed: python3 -m venv .build/mergekit && "
              ".build/mergekit/bin/pip install mergekit==0.1.5 torch")
    if options.json:
        figures = {each.name: {"median": each.median(), "runs": each.runs} for each in found}
        report = {"size": options.size, "parameters": parameters, "workers": options.workers,
                  "cpus": os.cpu_count(), "peer": version, "contenders": figures}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
