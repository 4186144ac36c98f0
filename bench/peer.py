# SPDX-License-Identifier: MIT
"""The other end of compare.py, for peers in Python: what peer.h and clock.h say of those in C."""
import json
import statistics
import struct
import sys
import time

CHECKED = 2  # steps whose results are reported
SHORTEST = 50e-6  # seconds of a sample


def read_safetensors(path):
    """(name, type, shape, bytes) of each tensor."""
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        yield name, entry["dtype"], entry["shape"], bytearray(data[8 + size + begin : 8 + size + end])


def parse(line):
    """The words of a case: numbers where they are numbers, zero where they are not there."""
    spec = dict.fromkeys(("both", "V", "heads", "dense", "K", "shortest", "steps", "dropout", "clip"), 0)
    for word in line.split():
        key, value = word.split("=")
        try:
            spec[key] = int(value)
        except ValueError:
            try:
                spec[key] = float(value)
            except ValueError:
                spec[key] = value
    return spec


def take(run, calls):
    """Microseconds of a call: by the clock, and of the processor in all threads."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(calls):
        run()
    return (time.perf_counter() - wall) / calls * 1e6, (time.process_time() - processor) / calls * 1e6


def clock(run, seconds):
    end, calls = time.perf_counter() + seconds, 1
    samples = [take(run, calls)]
    while samples[0][0] * calls < SHORTEST * 1e6:
        calls *= 2
        samples = [take(run, calls)]
    while time.perf_counter() < end:
        samples.append(take(run, calls))
    wall, processor = zip(*samples)
    return {"us": statistics.median(wall), "least_us": min(wall), "processor_us": statistics.median(processor)}


def serve(version, prepare):
    """prepare(spec, threads, path) gives the numbers of a case and a function that runs it once, or None."""
    print(json.dumps({"version": version}), flush=True)
    threads, folder, run = int(sys.argv[1]), sys.argv[2], None
    for line in sys.stdin:
        word, _, rest = line.partition(" ")
        if word == "case":
            run = None  # gives the memory of the last case back
            spec = parse(rest)
            made = prepare(spec, threads, f"{folder}/{spec['name']}.safetensors")
            numbers, run = made or ({}, None)
            answer = {"numbers": numbers} if made else {"numbers": {}, "skip": True}
            print(json.dumps(answer), flush=True)
        elif run:
            print(json.dumps(clock(run, float(rest))), flush=True)
