#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The work of step.c in PyTorch, from the same numbers.

    peer_torch.py MODEL THREADS SECONDS FOLDER

Reads FOLDER/MODEL.safetensors that step.c wrote and prints the same JSON object. Exit status 77 where PyTorch is absent.
"""
import json
import statistics
import struct
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(77)

SPECS = {
    "ball": dict(cell="RNN", layers=1, H=8, dense=0, lengths=True, dropout=0.0, clip=0.0, optim="SGD", lr=0.1),
    "sine": dict(cell="LSTM", layers=1, H=32, dense=0, lengths=False, dropout=0.0, clip=0.0, optim="Adam", lr=1e-3),
    "stock": dict(cell="LSTM", layers=2, H=64, dense=25, lengths=False, dropout=0.2, clip=1.0, optim="Adam", lr=1e-3),
}
CHECKED = 5
TYPES = {"F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = bytearray(data[8 + size + begin : 8 + size + end])
        tensors[name] = torch.frombuffer(raw, dtype=TYPES[entry["dtype"]]).reshape(entry["shape"]).clone()
    return tensors


class Model(torch.nn.Module):
    def __init__(self, spec, dropout):
        super().__init__()
        make = getattr(torch.nn, spec["cell"])
        self.rnn = make(1, spec["H"], spec["layers"], batch_first=True, dropout=dropout)
        if spec["dense"]:
            self.dense = torch.nn.Linear(spec["H"], spec["dense"])
        self.head = torch.nn.Linear(spec["dense"] or spec["H"], 1)
        self.lstm = spec["cell"] == "LSTM"
        self.has_dense = bool(spec["dense"])

    def forward(self, x, lengths=None, state=None):
        if lengths is not None:
            x = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, state = self.rnn(x, state)
        h = (state[0] if self.lstm else state)[-1]
        if self.has_dense:
            h = self.dense(h)
        return self.head(h), state


def median_us(run, seconds, inner):
    for _ in range(3 * inner):
        run()
    samples = []
    end = time.perf_counter() + seconds
    while len(samples) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(inner):
            run()
        samples.append((time.perf_counter() - start) / inner * 1e6)
    return statistics.median(samples)


def trainer(spec, tensors, dropout):
    model = Model(spec, dropout)
    model.load_state_dict({k: v for k, v in tensors.items() if not k.startswith("data.")})
    model.train()
    optim = getattr(torch.optim, spec["optim"])(model.parameters(), lr=spec["lr"])
    x, y = tensors["data.x"], tensors["data.y"]
    lengths = tensors["data.lengths"] if spec["lengths"] else None

    def step():
        optim.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x, lengths)[0], y)
        loss.backward()
        if spec["clip"]:
            torch.nn.utils.clip_grad_norm_(model.parameters(), spec["clip"])
        optim.step()
        return loss.item()

    return model, step


def blas():
    """The matrix library that PyTorch was given: the reference one is several times slower than it needs to be."""
    with open("/proc/self/maps", encoding="utf-8") as f:
        maps = f.read()
    return next((name for name in ("openblas", "mkl", "blis") if name in maps), "reference")


def main():
    name, threads, seconds, folder = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    spec, tensors = SPECS[name], read_safetensors(f"{folder}/{name}.safetensors")
    _, step = trainer(spec, tensors, 0.0)
    losses = [step() for _ in range(CHECKED)]
    model, step = trainer(spec, tensors, spec["dropout"])
    train_us = median_us(step, seconds, 1)
    model.eval()
    x, state = torch.full((1, 1, 1), 0.5), [None]

    def stream():
        _, state[0] = model(x, None, state[0])

    with torch.no_grad():
        stream_us = median_us(stream, seconds, 10)
    print(json.dumps({"model": name, "threads": threads, "losses": losses, "train_us": train_us, "stream_us": stream_us,
                      "blas": blas()}))


main()
