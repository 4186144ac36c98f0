#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""recur beside its peers, in turns, in one run: see README.md.

    compare.py FOLDER_OF_PROGRAMS [options]

Each case of workloads.py is prepared by every peer from the same weights, its numbers are held against recur's, and then the peers
take turns. The table shows medians over the rounds with their spread, ratios, and shares of what the machine can do at best.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import workloads

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-4  # of the scale of a number
LONG = 8.0  # seconds after which a case is content with FEWEST rounds
FEWEST = 3
ROUNDS, SECONDS = 5, 0.15
QUICK = dict(rounds=3, seconds=0.05, flops=2e10)
SECTIONS = {  # what the table has: the title, the cases, who can do them
    "training": ("Training steps of whole models", workloads.models, ["recur", "other", "PyTorch"]),
    "layer": ("One layer, forward and backward", workloads.layers, ["recur", "other", "PyTorch", "oneDNN"]),
    "inference": ("Inference", workloads.inference, ["recur", "other", "PyTorch", "oneDNN", "ONNX Runtime"]),
}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


# --- the machine ---


def processor():
    text = read("/proc/cpuinfo")
    fields = dict((part.strip() for part in line.split(":", 1)) for line in text.splitlines() if ":" in line)
    return fields.get("model name", platform.machine()), fields.get("vendor_id", ""), fields.get("flags", "").split()


def environment(threads):
    """What makes PyTorch and its matrix library fastest here: both may fail to know the processor of a virtual machine."""
    _, vendor, flags = processor()
    wide = "avx512f" in flags
    core = "SkylakeX" if wide else "Zen" if vendor == "AuthenticAMD" else "Haswell"
    chosen = {"OMP_NUM_THREADS": str(threads)}
    if "avx2" in flags:
        chosen.update(ATEN_CPU_CAPABILITY="avx512" if wide else "avx2", OPENBLAS_CORETYPE=core)
    return dict(os.environ, **chosen)


def measure_peak(programs, threads):
    return json.loads(subprocess.run([f"{programs}/peak", str(threads)], stdout=subprocess.PIPE, check=True).stdout)


def bound(case, peak, threads):
    """Seconds that the case would take at the machine's best: its operations or, for a single step, reading its weights once from
    the cache that they fit into, whichever is longer."""
    least = workloads.flops(case) / (peak["gflops"][threads - 1] * 1e9)
    if case["kind"] == "stream":
        weights = 4 * workloads.multiply_adds(case)
        level = next(v for v in peak["read"].values() if weights <= v["holds"])
        least = max(least, weights / (level["gbs"][threads - 1] * 1e9))
    return least


# --- the peers ---


def find_python(module):
    """A Python that has the module: $PYTHON, this one, or the system's."""
    for candidate in (os.environ.get("PYTHON"), sys.executable, "/usr/bin/python3"):
        if candidate and subprocess.run([candidate, "-c", f"import {module}"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return candidate
    return None


def commands(programs, other):
    """The name of each peer and how it is started; None where it is not installed. The first is recur."""
    torch, onnxruntime = find_python("torch"), find_python("onnxruntime")
    onednn = f"{programs}/peer_onednn"
    found = {
        "recur": [f"{programs}/peer_recur"],
        "other": [other] if other else None,
        "PyTorch": torch and [torch, f"{HERE}/peer_torch.py"],
        "oneDNN": [onednn] if os.path.exists(onednn) else None,
        "ONNX Runtime": onnxruntime and [onnxruntime, f"{HERE}/peer_onnxruntime.py"],
    }
    return found if other else {name: command for name, command in found.items() if name != "other"}


class Peer:
    """A running peer. See peer.h for what is said."""

    def __init__(self, name, command, threads, folder):
        self.name = name
        self.process = subprocess.Popen([*command, str(threads), folder], env=environment(threads), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.version = self.answer("the start")["version"]

    def answer(self, to):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"compare.py: {self.name} ended with status {self.process.wait()} at: {to}")
        return json.loads(line)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        return self.answer(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def prepare(peers, case):
    """The peers that have such a case, after their numbers were held against recur's, the first's."""
    line = "case " + " ".join(f"{key}={value}" for key, value in case.items())
    answers = [(peer, peer.ask(line)) for peer in peers]
    able = [(peer, answer["numbers"]) for peer, answer in answers if not answer.get("skip")]
    for peer, numbers in able[1:]:
        check(case, peer.name, able[0][1], numbers)
    return [peer for peer, _ in able]


def check(case, name, ours, theirs):
    common = set(ours) & set(theirs)
    wrong = [key for key in common if not abs(ours[key][0] - theirs[key][0]) <= TOLERANCE * abs(ours[key][1])]
    if wrong or not common:
        found = "; ".join(f"{key} {theirs[key][0]:.7g}, not {ours[key][0]:.7g}" for key in wrong) or "nothing in common"
        sys.exit(f"compare.py: {case['name']}: {name} does other work: {found}")


def take_turns(peers, rounds, seconds):
    """The answers of each peer, a list by name."""
    answers, end = {peer.name: [] for peer in peers}, time.monotonic() + LONG
    for r in range(rounds):
        if r >= FEWEST and time.monotonic() > end:
            break
        for peer in peers:
            answers[peer.name].append(peer.ask(f"run {seconds}"))
    return answers


def measure(peers, case, threads, peak, options):
    able = prepare(peers, case)
    answers = take_turns(able, options.rounds, options.seconds)
    row = {"case": case, "threads": threads, "flops": workloads.flops(case), "bound_us": 1e6 * bound(case, peak, threads), "peers": {}}
    for name, given in answers.items():
        by_round = sorted(answer[options.clock] for answer in given)
        row["peers"][name] = {"us": statistics.median(by_round), "rounds": by_round, "least_us": min(a["least_us"] for a in given),
                              "processor_us": statistics.median(a["processor_us"] for a in given)}
    return row


# --- the tables ---


def spread(found):
    """Half of the range of the rounds, as a share of their median."""
    return (found["rounds"][-1] - found["rounds"][0]) / 2 / found["us"]


def number(us):
    return f"{us:,.2f}" if us < 100 else f"{us:,.0f}"


def head(names):
    peers = "".join(f" {name} | ratio |" for name in names[1:])
    print(f"| case | threads | {names[0]} | GFLOP/s | of peak |{peers}")
    print("|---|---:|---:|---:|---:|" + "---:|---:|" * (len(names) - 1))


def show(row, names):
    ours = row["peers"][names[0]]
    cells = [row["case"]["name"], str(row["threads"]), f"{number(ours['us'])} ±{spread(ours):.0%}",
             f"{row['flops'] / ours['us'] * 1e-3:.2f}", f"{row['bound_us'] / ours['us']:.0%}"]
    for name in names[1:]:
        found = row["peers"].get(name)
        cells += [f"{number(found['us'])} ±{spread(found):.0%}", f"{found['us'] / ours['us']:.2f}"] if found else ["", ""]
    print("| " + " | ".join(cells) + " |", flush=True)


def show_scaling(row, dimension):
    """A line of the table of a dimension, whose first word is the key of a case."""
    case, ours = row["case"], row["peers"]["recur"]
    size = case[dimension.split(",")[0]]
    print(f"| {dimension} = {size:,} | {row['threads']} | {number(ours['us'])} ±{spread(ours):.0%} | {1e6 * ours['us'] / row['flops']:.2f} | "
          f"{row['bound_us'] / ours['us']:.0%} |", flush=True)


def within(options, cases):
    """The cases that were asked for."""
    kept = [c for c in cases if not options.cases or c["name"] in options.cases]
    if options.quick:
        kept = [c for c in kept if c["cell"] != "gru" and workloads.flops(c) <= QUICK["flops"]]
    return kept


def scaling(peers_of, peak, options):
    rows = []
    for dimension, cases in workloads.scaling().items():
        print(f"\n{dimension}, from {cases[0]['name']}\n\n| case | threads | recur | ps per FLOP | of peak |\n|---|---:|---:|---:|---:|")
        for case in within(options, cases):
            for threads in options.threads:
                rows.append(measure(peers_of[threads], case, threads, peak, options))
                show_scaling(rows[-1], dimension)
    return rows


def comparison(peers_of, peak, options):
    rows = []
    for title, cases, able in (SECTIONS[name] for name in options.only):
        kept = within(options, cases())
        names = [peer.name for peer in peers_of[options.threads[0]] if peer.name in able]
        if kept:
            print(f"\n{title}\n")
            head(names)
        for case in kept:
            for threads in options.threads:
                rows.append(measure([p for p in peers_of[threads] if p.name in names], case, threads, peak, options))
                show(rows[-1], names)
    return rows


def describe(peak, load, peers, missing, options):
    rates = lambda values: ", ".join(f"{v:,.0f}" for v in values)
    print(f"{processor()[0]}, {os.cpu_count()} processors, {platform.system()}; load {load:.1f} before the start"
          + (": a busy machine, see README.md" if load > 0.5 else ""))
    print("; ".join(f"{peer.name} {peer.version}" for peer in peers) + (f"; not installed: {', '.join(missing)}" if missing else ""))
    print(f"Peak with {peak['isa']}, 1 to {max(options.threads)} threads: {rates(peak['gflops'])} GFLOP/s; reading GB/s: "
          + "; ".join(f"{name} {rates(level['gbs'])}" for name, level in peak["read"].items()))
    print(f"Microseconds, medians of {options.rounds} rounds" + (", of processor time" if options.clock == "processor_us" else ""))


def parse():
    parser = argparse.ArgumentParser(description="recur beside its peers")
    parser.add_argument("programs", help="folder of peak, peer_recur and, where oneDNN is, peer_onednn")
    parser.add_argument("--quick", action="store_true", help="LSTM and the smaller cases only, shorter")
    parser.add_argument("--scaling", action="store_true", help="recur alone as T, B, H, layers and threads grow")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--cases", nargs="+", metavar="NAME", help="some cases only, by their name in the table")
    parser.add_argument("--peers", nargs="+", choices=["PyTorch", "oneDNN", "ONNX Runtime", "other"], help="some peers only, beside recur")
    parser.add_argument("--other", metavar="PEER_RECUR", help="peer_recur of another build, as a peer")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of a peer's turn")
    parser.add_argument("--processor", dest="clock", action="store_const", const="processor_us", default="us",
                        help="processor time of all threads instead of the clock's: on a busy machine, for 1 thread")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    unknown = set(options.cases or []) - {c["name"] for _, cases, _ in SECTIONS.values() for c in cases()}
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}: the names are those of the table, such as ptb or layer-gru-32-30-64-64")
    options.rounds = options.rounds or (QUICK["rounds"] if options.quick else ROUNDS)
    options.seconds = options.seconds or (QUICK["seconds"] if options.quick else SECONDS)
    return options


def start(options, folder):
    """The peers by number of threads, recur first, and the names of those that are not installed."""
    found = commands(options.programs, options.other)
    if options.peers or options.scaling:
        found = {name: found[name] for name in found if name in ["recur", *(options.peers or [])]}
    peers_of = {n: [Peer(name, command, n, folder) for name, command in found.items() if command] for n in options.threads}
    return peers_of, [name for name in found if not found[name]]


def main():
    options = parse()
    load = os.getloadavg()[0]
    peak = measure_peak(options.programs, max(options.threads))
    with tempfile.TemporaryDirectory() as folder:
        peers_of, missing = start(options, folder)
        versions = {peer.name: peer.version for peer in peers_of[options.threads[0]]}
        describe(peak, load, peers_of[options.threads[0]], missing, options)
        rows = (scaling if options.scaling else comparison)(peers_of, peak, options)
        for peers in peers_of.values():
            for peer in peers:
                peer.close()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump({"processor": processor()[0], "load": load, "versions": versions, "peak": peak, "rows": rows}, f, indent=1)


main()
