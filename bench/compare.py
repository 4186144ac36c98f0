#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""recur beside PyTorch, in turns, in one run: a training step of each model, and a streaming step of the small ones.

    compare.py STEP_PROGRAM [--models NAME ...] [--rounds N] [--seconds F] [--json FILE]

Each round runs recur and then PyTorch; the table shows medians over the rounds, their spread, and ratios. Both start from the same
weights, and their first losses must agree, so that both are known to do the same work. PyTorch runs at its best on this machine:
the environment variables that choose its widest instruction set are set.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

MODELS = ["ball", "sine", "stock", "sentiment", "sentiment-lengths", "charlm128", "charlm512", "ptb", "seq2seq", "seq2seq-steps", "big"]
HERE = os.path.dirname(os.path.abspath(__file__))


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        text = f.read()
    name = next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")), "?")
    return name, "avx512f" in text


def run(command, threads):
    env = dict(os.environ, OMP_NUM_THREADS=str(threads))
    if processor()[1]:
        env.update(ATEN_CPU_CAPABILITY="avx512", OPENBLAS_CORETYPE="SkylakeX")
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=False)
    if done.returncode == 77:
        return None
    if done.returncode:
        sys.exit(f"compare.py: {command[0]} ended with status {done.returncode}")
    return json.loads(done.stdout)


def check_losses(model, ours, theirs):
    worst = max(abs(a - b) / (1e-12 + abs(b)) for a, b in zip(ours["losses"], theirs["losses"]))
    if worst > 1e-4:
        sys.exit(f"compare.py: {model}: losses differ by {worst:.2g}: not the same work")
    return worst


def measure(step, model, threads, rounds, seconds, folder):
    ours, theirs, worst = [], [], None
    for _ in range(rounds):
        ours.append(run([step, model, str(threads), str(seconds), folder], threads))
        peer = PYTHON and run([PYTHON, f"{HERE}/peer_torch.py", model, str(threads), str(seconds), folder], threads)
        if peer:
            theirs.append(peer)
            worst = check_losses(model, ours[-1], peer)
    return ours, theirs, worst


def row(model, what, threads, ours, theirs):
    mine = sorted(r[what] for r in ours)
    peer = sorted(r[what] for r in theirs)
    result = {"model": model, "what": what[:-3], "threads": threads, "recur_us": statistics.median(mine),
              "recur_spread": [mine[0], mine[-1]]}
    if peer:
        result.update(blas=theirs[0]["blas"], torch_us=statistics.median(peer), torch_spread=[peer[0], peer[-1]],
                      ratio=statistics.median(peer) / result["recur_us"])
    return result


def show(r):
    peer = f"{r['torch_us']:12.2f} {r['ratio']:8.1f}x" if "ratio" in r else f"{'absent':>12} {'':>9}"
    print(f"{r['model']:17} {r['what']:7} {r['threads']:7} {r['recur_us']:12.2f} {peer}")


def find_python():
    """A Python that has torch: this one, or the system's."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([candidate, "-c", "import torch"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return candidate
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("step")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json")
    args = parser.parse_args()
    if PYTHON is None:
        print("compare.py: PyTorch is not installed (Debian: python3-torch); its columns are left out")
    print(f"# {processor()[0]}, {os.cpu_count()} processors, {platform.system()}; microseconds, medians of {args.rounds} rounds")
    print(f"{'model':17} {'step':7} {'threads':>7} {'recur':>12} {'PyTorch':>12} {'ratio':>9}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for model in args.models:
            for threads in (1, 2):
                ours, theirs, _ = measure(args.step, model, threads, args.rounds, args.seconds, folder)
                rows.append(row(model, "train_us", threads, ours, theirs))
                show(rows[-1])
                if threads == 1 and "stream_us" in ours[0]:
                    rows.append(row(model, "stream_us", threads, ours, theirs))
                    show(rows[-1])
    if any(r.get("blas") == "reference" for r in rows):
        print("note: PyTorch ran on the reference BLAS and is slower than it can be: install libopenblas0-pthread")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump({"processor": processor()[0], "rows": rows}, f, indent=2)


PYTHON = find_python()
main()
