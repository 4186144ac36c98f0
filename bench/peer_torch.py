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
    "ball": dict(loss="series", cell="RNN", I=1, H=8, K=1, lengths=True, optim="SGD", lr=0.1),
    "sine": dict(loss="series", I=1, H=32, K=1, lr=1e-3),
    "stock": dict(loss="series", layers=2, I=1, H=64, dense=25, K=1, dropout=0.2, clip=1.0, lr=1e-3),
    "sentiment": dict(loss="sentiment", layers=2, both=True, V=5000, I=128, H=64, dense=64, K=2, clip=1.0, lr=1e-3),
    "sentiment-lengths": dict(loss="sentiment", layers=2, both=True, V=5000, I=128, H=64, dense=64, K=2, lengths=True, clip=1.0, lr=1e-3),
    "charlm128": dict(loss="language", layers=2, V=65, I=64, H=128, K=65, clip=5.0, lr=5e-4),
    "charlm512": dict(loss="language", layers=2, V=65, I=64, H=512, K=65, clip=5.0, lr=5e-4),
    "ptb": dict(loss="language", layers=2, V=10000, I=650, H=650, K=10000, clip=5.0, optim="SGD", lr=1.0),
    "seq2seq": dict(loss="translation", layers=2, V=5000, I=256, H=512, K=5000, clip=1.0, lr=1e-3),
    "seq2seq-steps": dict(loss="translation", layers=2, V=5000, I=256, H=512, K=5000, clip=1.0, lr=1e-3, steps=True),
    "big": dict(loss="square", I=1024, H=1024, optim="SGD", lr=0.1),
}
DEFAULTS = dict(cell="LSTM", layers=1, both=False, V=0, dense=0, K=0, lengths=False, dropout=0.0, clip=0.0, optim="Adam", steps=False)
CHECKED = 4
FEWEST = 3
WARM = 0.3
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
    """The model of a spec; forward() gives the loss of its kind."""

    def __init__(self, spec, dropout):
        super().__init__()
        self.spec = spec
        width = spec["H"] * (2 if spec["both"] else 1)
        if spec["V"]:
            self.words = torch.nn.Embedding(spec["V"], spec["I"])
        self.rnn = self.make_rnn(dropout)
        if spec["loss"] == "translation":
            self.out_words = torch.nn.Embedding(spec["V"], spec["I"])
            self.decoder = self.make_rnn(dropout)
        if spec["dense"]:
            self.dense = torch.nn.Linear(width, spec["dense"])
        if spec["loss"] == "sentiment":
            self.norm = torch.nn.BatchNorm1d(spec["dense"])
        if spec["K"]:
            self.head = torch.nn.Linear(spec["dense"] or width, spec["K"])
        self.loss = getattr(self, spec["loss"])

    def make_rnn(self, dropout):
        s = self.spec
        make = getattr(torch.nn, s["cell"])
        return make(s["I"], s["H"], s["layers"], batch_first=True, dropout=dropout, bidirectional=s["both"])

    def packed(self, x, data):
        if not self.spec["lengths"]:
            return x
        return torch.nn.utils.rnn.pack_padded_sequence(x, data["lengths"], batch_first=True, enforce_sorted=False)

    def last(self, x, state=None):
        """The head after the last layer's last state."""
        _, state = self.rnn(x, state)
        h = (state[0] if self.spec["cell"] == "LSTM" else state)[-1]
        return self.head(self.dense(h) if self.spec["dense"] else h), state

    def series(self, data):
        return torch.nn.functional.mse_loss(self.last(self.packed(data["x"], data))[0], data["y"])

    def sentiment(self, data):
        y, _ = self.rnn(self.packed(self.words(data["in"]), data))
        if self.spec["lengths"]:
            y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        y = self.norm(self.dense(y.sum(1) / data["lengths"].unsqueeze(1)))
        return torch.nn.functional.cross_entropy(self.head(torch.relu(y)), data["class"])

    def word_loss(self, y, data):
        return torch.nn.functional.cross_entropy(self.head(y.reshape(-1, y.shape[2])), data["target"].reshape(-1))

    def language(self, data):
        return self.word_loss(self.rnn(self.words(data["in"]))[0], data)

    def translation(self, data):
        _, state = self.rnn(self.words(data["in"]))
        z = self.out_words(data["out"])
        if not self.spec["steps"]:
            return self.word_loss(self.decoder(z, state)[0], data)
        steps = []
        for t in range(z.shape[1]):
            y, state = self.decoder(z[:, t : t + 1], state)
            steps.append(y)
        return self.word_loss(torch.cat(steps, 1), data)

    def square(self, data):
        return self.rnn(data["x"])[0].square().mean()


def times_us(run, seconds, inner):
    """Median and least microseconds of a call."""
    end = time.perf_counter() + WARM
    for _ in range(3 * inner):
        if time.perf_counter() < end:
            run()
    samples = []
    end = time.perf_counter() + seconds
    while len(samples) < FEWEST or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(inner):
            run()
        samples.append((time.perf_counter() - start) / inner * 1e6)
    return statistics.median(samples), min(samples)


def trainer(spec, tensors, dropout):
    model = Model(spec, dropout)
    model.load_state_dict({k: v for k, v in tensors.items() if not k.startswith("data.")})
    model.train()
    optim = getattr(torch.optim, spec["optim"])(model.parameters(), lr=spec["lr"])
    data = {k[5:]: v for k, v in tensors.items() if k.startswith("data.")}

    def step():
        optim.zero_grad()
        loss = model.loss(data)
        loss.backward()
        if spec["clip"]:
            torch.nn.utils.clip_grad_norm_(model.parameters(), spec["clip"])
        optim.step()
        return loss.item()

    return model, step


def time_stream(model, seconds):
    model.eval()
    x, state = torch.full((1, 1, 1), 0.5), [None]

    def stream():
        _, state[0] = model.last(x, state[0])

    with torch.no_grad():
        return times_us(stream, seconds, 10)[0]


def blas():
    """The matrix library that PyTorch was given: the reference one is several times slower than it needs to be."""
    with open("/proc/self/maps", encoding="utf-8") as f:
        maps = f.read()
    return next((name for name in ("openblas", "mkl", "blis") if name in maps), "reference")


def main():
    name, threads, seconds, folder = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    spec, tensors = dict(DEFAULTS, **SPECS[name]), read_safetensors(f"{folder}/{name}.safetensors")
    _, step = trainer(spec, tensors, 0.0)
    result = {"model": name, "threads": threads, "losses": [step() for _ in range(CHECKED)], "blas": blas()}
    model, step = trainer(spec, tensors, spec["dropout"])
    result["train_us"], result["train_least_us"] = times_us(step, seconds, 1)
    if spec["loss"] == "series":
        result["stream_us"] = time_stream(model, seconds)
    print(json.dumps(result))


main()
