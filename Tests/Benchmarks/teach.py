#!/usr/bin/env python3
"""Time 20,000 questions to a stub teacher that answers in 50 ms, and what peers need.

Client and stub share the machine. In the same run: memory with 2,000 requests in flight (a stub that
takes a second), what waiting for the disk costs, the store's size, the same command with nothing left
to do, and the data set made once more from the store alone. Medians of the rounds.

The peer is the official Python package `openai`: AsyncOpenAI, asyncio and a semaphore, streaming the
same questions from the same stub and writing each answer as a line of JSON, which is no store: it
survives neither a kill nor a disk that is full, and judges nothing.

Exit status: 0 done, 1 a goal was missed, 2 a program is missing or failed.
"""
import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOAL_RATE = 2000
GOAL_MEMORY = 300

CARD = """about: Questions for a benchmark.
licence: CC0-1.0
homepage: https://example.org/bench
hub: example/bench
revision: v1
configs:
  default: { rows: 1, files: [data/*.jsonl] }
identity: [prompt]
fields:
  prompt: question
"""
FILTER = """about: Keeps all.
keep:
  prompt: { length: { at_least: 1 } }
examples:
  - keep: { prompt: What? }
  - drop: { prompt: "" }
    because: prompt
"""
RECIPE = """about: Seeds alone.
branches:
  science:
    sources:
      bench:
        filters: [any]
        response: teacher
    distinct: prompt
teacher:
  url: http://127.0.0.1:1/v1
  model: stub
  max_tokens: 2048
"""
WORDS = """enzyme orbit lattice voltage membrane catalyst momentum isotope entropy gradient vector bond field
charge photon plasma protein current mirror pendulum solvent titration wavelength friction circuit""".split()


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def show(what, figure, note=""):
    print(f"{what:<44}{figure:>16}  {note}".rstrip(), flush=True)


class Stub:
    """The stub at work; `counts` is there when it has ended."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen([program, "--fast", *options], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("stub teacher: ").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.counts = json.loads(self.process.stdout.read())
        self.process.wait()


class Ended:
    """Runs a command to its end: seconds, seconds of all cores, peak memory in MB."""

    def __init__(self, command, output):
        start = time.perf_counter()
        with open(output, "w") as file:
            process = subprocess.Popen([str(part) for part in command], stdout=file, stderr=file)
            _, status, usage = os.wait4(process.pid, 0)
        self.seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024
        self.output = Path(output).read_text()
        if process.returncode != 0:
            fail(f"{' '.join(map(str, command))}: exit {process.returncode}\n{self.output[-2000:]}")


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = options.work
        shutil.rmtree(self.work, ignore_errors=True)
        for folder in ("datasets", "filters"):
            (self.work / folder).mkdir(parents=True)
        (self.work / "datasets/bench.yaml").write_text(CARD)
        (self.work / "filters/any.yaml").write_text(FILTER)
        self.recipe = self.work / "recipe.yaml"
        self.recipe.write_text(RECIPE)
        seed = random.Random(20250305)
        with open(self.work / "bench.jsonl", "w") as file:
            for number in range(options.seeds):
                text = f"Question {number}: " + " ".join(seed.choices(WORDS, k=40)) + "?"
                file.write(json.dumps({"question": text}) + "\n")
        Ended([options.program, "run", self.recipe, "-w", self.work / "branch", "--until", "branch",
               "--source", f"bench={self.work / 'bench.jsonl'}"], self.work / "branch.log")

    def fresh(self, name="work"):
        """A workspace with the branch alone."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.work / "branch", folder)
        return folder

    def teach(self, folder, *options):
        return Ended([self.options.program, "teach", self.recipe, "-w", folder, *options],
                     self.work / "teach.log")

    def ask(self, stub_options, concurrency, *options):
        folder = self.fresh()
        with Stub(self.options.stub, *stub_options) as stub:
            ended = self.teach(folder, "--set", f"teacher.url={stub.url}", "--set",
                               f"teacher.concurrency={concurrency}", *options)
        if stub.counts["good"] != self.options.seeds:
            fail(f"the stub gave {stub.counts['good']} answers to {self.options.seeds} seeds")
        ended.folder, ended.counts = folder, stub.counts
        with sqlite3.connect(folder / "teacher.sqlite") as store:
            ended.busy = store.execute("SELECT seconds FROM asking").fetchone()[0]
            # By the second in which they were sent, without the beginning and the end.
            by_second = [count for _, count in store.execute(
                "SELECT started, count(*) FROM attempt GROUP BY 1 ORDER BY 1")]
            ended.answer_bytes = store.execute("SELECT avg(length(response)) FROM attempt").fetchone()[0]
        ended.steady = statistics.mean(by_second[2:-2] or by_second)
        ended.bytes = sum(file.stat().st_size for file in folder.glob("teacher.sqlite*"))
        return ended


def median(rounds, value):
    return statistics.median(value(ended) for ended in rounds)


PEER = """
import asyncio, json, sys, time
from openai import AsyncOpenAI

async def main(url, seeds, count, concurrency, output):
    client = AsyncOpenAI(base_url=url, api_key="none")
    gate = asyncio.Semaphore(concurrency)
    with open(output, "w") as file:
        async def ask(seed):
            async with gate:
                stream = await client.chat.completions.create(
                    model="stub", messages=[{"role": "user", "content": seed["prompt"]}],
                    temperature=0.6, top_p=0.95, max_tokens=2048, stream=True,
                    stream_options={"include_usage": True})
                reasoning, content, finish, usage = [], [], None, None
                async for chunk in stream:
                    if chunk.choices:
                        delta = chunk.choices[0].delta
                        reasoning.append(getattr(delta, "reasoning_content", None) or "")
                        content.append(delta.content or "")
                        finish = chunk.choices[0].finish_reason or finish
                    usage = chunk.usage or usage
                assert finish == "stop" and usage.completion_tokens > 0
                file.write(json.dumps({"id": seed["id"], "reasoning": "".join(reasoning),
                                       "content": "".join(content)}, ensure_ascii=False) + "\\n")
        with open(seeds) as lines:
            rows = [json.loads(line) for _, line in zip(range(count), lines)]
        start = time.perf_counter()
        await asyncio.gather(*map(ask, rows))
        print(time.perf_counter() - start)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--program", type=Path, default=ROOT / ".build/release/branchmerge")
    arguments.add_argument("--stub", type=Path, default=ROOT / ".build/release/stub-teacher")
    arguments.add_argument("--seeds", type=int, default=20_000)
    arguments.add_argument("--peer-requests", type=int, default=3000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--work", type=Path, default=ROOT / ".build/bench/teach")
    options = arguments.parse_args()
    for program in (options.program, options.stub):
        if not program.exists():
            fail(f"{program} is missing; `make bench-teach` makes it")
    bench = Bench(options)
    seeds = options.seeds
    fast = ("--latency", "50ms")

    rounds = [bench.ask(fast, 512) for _ in range(options.rounds)]
    rate = median(rounds, lambda ended: ended.steady)
    show("requests/s, sustained", f"{rate:,.0f}", f"50 ms, at most 512 in flight; wanted {GOAL_RATE:,}")
    show("requests/s, all of the asking", f"{median(rounds, lambda ended: seeds / ended.busy):,.0f}")
    show("whole command", f"{median(rounds, lambda ended: ended.seconds):.1f} s",
         "with reading seeds and writing the data set")
    cpu = median(rounds, lambda ended: ended.cpu / seeds)
    show("client CPU a request", f"{cpu * 1e6:.0f} µs", "of the whole command")
    show("peak memory", f"{median(rounds, lambda ended: ended.memory):.0f} MB")
    store = rounds[-1]
    show("store, bytes an answer", f"{store.bytes / seeds:,.0f}", f"the answer itself has {store.answer_bytes:,.0f}")

    again = bench.teach(store.folder)
    show("the same with nothing left to do", f"{again.seconds * 1000:.0f} ms")
    replay = bench.fresh("replay")
    shutil.copy(store.folder / "teacher.sqlite", replay)
    replayed = bench.teach(replay, "--replay-only")
    taught = Path("teach/science/train.jsonl")
    if (replay / taught).read_bytes() != (store.folder / taught).read_bytes():
        fail("the replay made another data set")
    show(f"replay of {seeds:,} answers", f"{replayed.seconds * 1000:.0f} ms",
         f"{seeds / replayed.seconds:,.0f} a second, {replayed.memory:.0f} MB")

    loose = [bench.ask(fast, 512, "--no-fsync") for _ in range(options.rounds)]
    show("requests/s with --no-fsync", f"{median(loose, lambda ended: ended.steady):,.0f}",
         f"{median(loose, lambda ended: ended.cpu / seeds) * 1e6:.0f} µs CPU a request")

    slow = bench.ask(("--latency", "1s"), 2000)
    show("peak memory, 2,000 in flight", f"{slow.memory:.0f} MB",
         f"{slow.counts['most_in_flight']:,} in flight at most; wanted under {GOAL_MEMORY}")
    show("requests/s, 1 s, 2,000 in flight", f"{seeds / slow.busy:,.0f}", f"{slow.steady:,.0f} sustained")

    count = min(options.peer_requests, seeds)
    with Stub(options.stub, *fast) as stub:
        peer = Ended([sys.executable, "-c", PEER, stub.url, store.folder / "branches/science/seeds.jsonl", count,
                      512, bench.work / "peer.jsonl"], bench.work / "peer.log")
    if stub.counts["good"] < count:
        fail(f"the peer got {stub.counts['good']} answers of {count}")
    peer_rate = count / float(peer.output.split()[-1])
    show("openai (Python), requests/s", f"{peer_rate:,.0f}",
         f"{count:,} requests, 512 in flight; ours is {rate / peer_rate:.1f} times that")
    show("openai (Python), CPU a request", f"{peer.cpu / count * 1e6:,.0f} µs",
         f"{peer.cpu / count / cpu:.0f} times ours, {peer.memory:.0f} MB")
    missed = rate < GOAL_RATE or slow.memory >= GOAL_MEMORY
    if missed:
        print("a goal was missed", file=sys.stderr)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    main()
