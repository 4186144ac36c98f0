#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch, as a peer (peer.py): the models of workloads.py, a layer alone, streaming."""
import torch

import peer

TYPES = {"F32": torch.float32, "I64": torch.int64}
CELLS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
STEPS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def load(path):
    """The parameters, and the batch without its "data."."""
    parameters, data = {}, {}
    for name, dtype, shape, raw in peer.read_safetensors(path):
        tensor = torch.frombuffer(raw, dtype=TYPES[dtype]).reshape(shape)
        if name.startswith("data."):
            data[name[5:]] = tensor
        else:
            parameters[name] = tensor
    return parameters, data


class Model(torch.nn.Module):
    """The model of a case; loss() is that of its kind."""

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
        if spec["heads"]:
            self.attention = torch.nn.MultiheadAttention(width, spec["heads"], batch_first=True)
        if spec["dense"]:
            self.dense = torch.nn.Linear(width, spec["dense"])
        if spec["loss"] == "sentiment":
            self.norm = torch.nn.BatchNorm1d(spec["dense"])
        if spec["K"]:
            self.head = torch.nn.Linear(spec["dense"] or width, spec["K"])
        self.loss = getattr(self, spec["loss"])

    def make_rnn(self, dropout):
        s = self.spec
        return CELLS[s["cell"]](s["I"], s["H"], s["layers"], batch_first=s["loss"] != "layer", dropout=dropout, bidirectional=bool(s["both"]))

    def packed(self, x, data):
        if not self.spec["shortest"]:
            return x
        return torch.nn.utils.rnn.pack_padded_sequence(x, data["lengths"], batch_first=True, enforce_sorted=False)

    def behind(self, h):
        """What comes out behind a state of the last layer."""
        if self.spec["dense"]:
            h = self.dense(h)
        return self.head(h) if self.spec["K"] else h

    def last(self, x, state=None):
        _, state = self.rnn(x, state)
        return self.behind((state[0] if self.spec["cell"] == "lstm" else state)[-1]), state

    def series(self, data):
        return torch.nn.functional.mse_loss(self.last(self.packed(data["x"], data))[0], data["y"])

    def attend(self, y, data):
        """Self attention; zeros in the padding."""
        if not self.spec["shortest"]:
            return self.attention(y, y, y, need_weights=False)[0]
        padding = torch.arange(y.shape[1]).unsqueeze(0) >= data["lengths"].unsqueeze(1)
        y, _ = self.attention(y, y, y, key_padding_mask=padding, need_weights=False)
        return y.masked_fill(padding.unsqueeze(2), 0.0)

    def sentiment(self, data):
        y, _ = self.rnn(self.packed(self.words(data["in"]), data))
        if self.spec["shortest"]:
            y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        y = self.attend(y, data).sum(1) / data["lengths"].unsqueeze(1)
        y = self.head(torch.relu(self.norm(self.dense(y))))
        return torch.nn.functional.cross_entropy(y, data["class"])

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

    def layer(self, data):
        return self.rnn(data["x"])[0]


def make(spec, parameters, dropout=0.0):
    model = Model(spec, dropout)
    model.load_state_dict(parameters)
    return model


def number(tensor):
    a = tensor.detach().reshape(-1).double()
    return [float(a @ torch.cos(0.37 * torch.arange(len(a), dtype=torch.float64))), float(a.norm())]


def trainer(spec, parameters, data, dropout):
    model = make(spec, parameters, dropout)
    optim = OPTIMIZERS[spec["optim"]](model.parameters(), lr=spec["lr"])

    def step():
        optim.zero_grad(set_to_none=True)
        loss = model.loss(data)
        loss.backward()
        if spec["clip"]:
            torch.nn.utils.clip_grad_norm_(model.parameters(), spec["clip"])
        optim.step()
        return loss.item()

    return step


def train(spec, parameters, data):
    step = trainer(spec, parameters, data, 0.0)
    losses = [step() for _ in range(peer.CHECKED)]
    if spec["dropout"]:
        step = trainer(spec, parameters, data, spec["dropout"])
    return {f"loss {i + 1}": [loss, loss] for i, loss in enumerate(losses)}, step


def layer(spec, parameters, data):
    model, x = make(spec, parameters), data["x"].requires_grad_()

    def step():
        model.zero_grad(set_to_none=True)
        x.grad = None
        y = model.rnn(x)[0]
        y.backward(data["dy"])
        return y

    numbers = {"y": number(step()), "dx": number(x.grad)}
    numbers.update((name, number(p.grad)) for name, p in model.named_parameters())
    return numbers, step


def sequence(spec, parameters, data):
    model = make(spec, parameters).eval()

    def step():
        with torch.inference_mode():
            return model.rnn(data["x"])[0]

    return {"y": number(step())}, step


def one_step(spec, parameters):
    """A function from an input and a state to what comes out and the state. A single layer's cell is PyTorch's quickest way."""
    model = make(spec, parameters).eval()
    if spec["layers"] > 1:
        return lambda x, state: model.last(x.unsqueeze(0), state)
    cell = STEPS[spec["cell"]](spec["I"], spec["H"])
    cell.load_state_dict({name[4:-3]: p for name, p in parameters.items() if name.startswith("rnn.")})

    def step(x, state):
        state = cell(x, state)
        return model.behind(state[0] if spec["cell"] == "lstm" else state), state

    return step


def stream(spec, parameters, _):
    go = one_step(spec, parameters)
    x, state = torch.full((1, spec["I"]), 0.5), [None]

    def step():
        with torch.inference_mode():
            y, state[0] = go(x, state[0])
        return y

    y = [step() for _ in range(peer.CHECKED)][-1]
    return {"y": number(y)}, step


def prepare(spec, threads, path):
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    return {"train": train, "layer": layer, "sequence": sequence, "stream": stream}[spec["kind"]](spec, *load(path))


def blas():
    """The matrix library that PyTorch was given: the reference one is several times slower than it needs to be."""
    with open("/proc/self/maps", encoding="utf-8") as f:
        maps = f.read()
    return next((name for name in ("openblas", "mkl", "blis") if name in maps), "reference")


peer.serve(f"{torch.__version__} on {blas()} BLAS", prepare)
