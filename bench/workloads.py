# SPDX-License-Identifier: MIT
"""What is measured, and how many operations it is.

A case is a dict of the keys below; compare.py sends it to every peer as words `key=value`.

    kind      train: a training step of a whole model: forward, backward, clipping, optimizer
              layer: one recurrent layer alone, forward and backward from a given gradient
              sequence: the same layer, inference
              stream: inference of a single time step at batch 1, the state carried on
    loss      train: series (the last state through the head, squared error), sentiment (self attention, mean over time, dense,
              batch norm, relu, classes), language (the next word at each step), translation (encoder and decoder), square
              (of all outputs); layer: none, a gradient is given
    cell      rnn (tanh), lstm, gru
    layers, both (directions), V (words; 0: series), I (width of an input), H, heads (of attention), dense (width of a layer before
    the last), K (outputs), B (batch), T (steps), shortest (sequence, of varying lengths up to T), steps (1: the decoder is called
    step by step), dropout (between layers), clip (norm of the gradient), optim (sgd, adam), lr
"""

GATES = {"rnn": 1, "gru": 3, "lstm": 4}

ADAM = dict(optim="adam", lr=1e-3)
SENTIMENT = dict(loss="sentiment", layers=2, both=1, V=5000, I=128, H=64, heads=4, dense=64, K=2, B=64, T=100, clip=1.0, **ADAM)
CHARACTERS = dict(loss="language", layers=2, V=65, I=64, K=65, B=50, T=50, clip=5.0, optim="adam", lr=5e-4)
TRANSLATION = dict(loss="translation", layers=2, V=5000, I=256, H=512, K=5000, B=64, T=20, clip=1.0, **ADAM)

MODELS = {
    "ball": dict(loss="series", I=1, H=8, K=1, B=100, T=9, shortest=4, optim="sgd", lr=0.1),
    "sine": dict(loss="series", I=1, H=32, K=1, B=100, T=50, **ADAM),
    "stock": dict(loss="series", layers=2, I=1, H=64, dense=25, K=1, B=32, T=30, dropout=0.2, clip=1.0, **ADAM),
    "sentiment": SENTIMENT,
    "sentiment-lengths": dict(SENTIMENT, shortest=20),
    "charlm128": dict(CHARACTERS, H=128),
    "charlm512": dict(CHARACTERS, H=512),
    "ptb": dict(loss="language", layers=2, V=10000, I=650, H=650, K=10000, B=20, T=35, clip=5.0, optim="sgd", lr=1.0),
    "seq2seq": TRANSLATION,
    "seq2seq-steps": dict(TRANSLATION, steps=1),
    "big": dict(loss="square", I=1024, H=1024, B=64, T=50, optim="sgd", lr=0.1),
}
CELLS = {"ball": ["rnn"], "sentiment-lengths": ["lstm"], "seq2seq-steps": ["lstm"], "big": ["lstm"]}  # others: LSTM and GRU

LAYERS = [(100, 50, 1, 32), (32, 30, 64, 64), (50, 50, 256, 256), (20, 35, 650, 650), (64, 50, 1024, 1024)]  # B, T, I, H
STREAMS = [32, 64, 128, 256, 512, 1024]  # H = I
SEQUENCES = [(1, 100, 256, 256), (64, 100, 512, 512)]  # B, T, I, H


def case(kind, name, **keys):
    defaults = dict(kind=kind, name=name, loss="layer", cell="lstm", optim="sgd", lr=0.1, layers=1, B=1, T=1)
    return dict(defaults, **keys)


def layer(kind, cell, B, T, I, H, layers=1):
    return case(kind, f"{kind}-{cell}-{B}-{T}-{I}-{H}", cell=cell, B=B, T=T, I=I, H=H, layers=layers)


def models():
    cells = {name: CELLS.get(name, ["lstm", "gru"]) for name in MODELS}
    return [case("train", name if cell == cells[name][0] else f"{name}-{cell}", **dict(MODELS[name], cell=cell))
            for name in MODELS for cell in cells[name]]


def layers():
    return [layer("layer", cell, *size) for size in LAYERS for cell in ("lstm", "gru")]


def inference():
    small = [case("stream", f"stream-{name}", **dict(MODELS[name], cell=CELLS.get(name, ["lstm"])[0])) for name in ("ball", "sine", "stock")]
    alone = [layer("stream", cell, 1, 1, H, H) for H in STREAMS for cell in ("lstm", "gru")]
    return small + alone + [layer("sequence", cell, *size) for size in SEQUENCES for cell in ("lstm", "gru")]


def scaling():
    """Training of a layer, one dimension at a time: (the dimension, its cases)."""
    return {
        "T": [layer("layer", "lstm", 16, T, 64, 64) for T in (10, 30, 100, 300, 1000, 3000, 10000)],
        "B": [layer("layer", "lstm", B, 50, 128, 128) for B in (1, 2, 4, 8, 16, 32, 64, 128, 256)],
        "H": [layer("layer", "lstm", 32, 20, H, H) for H in (16, 32, 64, 128, 256, 512, 1024, 2048)],
        "layers": [layer("layer", "lstm", 32, 50, 128, 128, n) for n in (1, 2, 3, 4)],
        "H, streaming": [layer("stream", "lstm", 1, 1, H, H) for H in (16, 32, 64, 128, 256, 512, 1024, 2048)],
    }


# --- multiply-adds: of the products alone ---


def lengths(c):
    """Steps of each sequence, as batch.c makes them."""
    B, T, shortest = c["B"], c["T"], c.get("shortest", 0)
    return [shortest + i * 37 % (T - shortest + 1) if shortest else T for i in range(B)]


def recurrent(c):
    """Of a step of one sequence through all recurrent layers; also the weights that they read."""
    D = 1 + c.get("both", 0)
    widths = [c["I"]] + [D * c["H"]] * (c["layers"] - 1)
    return D * sum(GATES[c["cell"]] * c["H"] * (width + c["H"]) for width in widths)


def head(c):
    width = c["H"] * (1 + c.get("both", 0))
    dense = c.get("dense", 0)
    return width * dense + (dense or width) * c.get("K", 0)


def attention(c):
    width = 2 * c["H"]
    return sum(4 * T * width * width + 2 * T * T * width for T in lengths(c)) if c.get("heads") else 0


def multiply_adds(c):
    """Of the forward pass of a case."""
    if c["kind"] == "stream":
        return recurrent(c) + head(c)
    steps = sum(lengths(c))
    rows = {"language": steps, "translation": steps}.get(c["loss"], c["B"])
    passes = 2 if c["loss"] == "translation" else 1
    return passes * steps * recurrent(c) + attention(c) + rows * head(c)


def flops(c):
    """Floating-point operations: two to a multiply-add; training is three times the forward pass."""
    return 2 * multiply_adds(c) * (3 if c["kind"] in ("train", "layer") else 1)
