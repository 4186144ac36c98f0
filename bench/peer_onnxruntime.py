#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ONNX Runtime, as a peer (peer.py): inference of one LSTM or GRU layer, over sequences or streaming.

The model is one ONNX node, written here byte by byte: ONNX's format is protobuf, and this little of it needs no library. ONNX
orders gates as i,o,f,c (LSTM) and z,r,h (GRU); GRU's reset gate acts after the product with linear_before_reset = 1.
"""
import numpy
import onnxruntime

import peer

ORDER = {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}  # ONNX's gates, as numbers of PyTorch's
FLOAT, OPSET, IR = 1, 14, 8


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """A field of a protobuf message: a whole number, or text, bytes or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, array):
    dims = b"".join(field(1, d) for d in array.shape)
    return dims + field(2, FLOAT) + field(8, name) + field(9, array.astype("<f4").tobytes())


def value_info(name, shape):
    dims = b"".join(field(1, field(1, d)) for d in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


def attribute(name, value):
    return field(1, name) + field(3, value) + field(20, 2)


def model(spec, weights, T, B):
    """Bytes of the ONNX model; states are h and, for LSTM, c."""
    cell, H = spec["cell"], spec["H"]
    states = ["h", "c"] if cell == "lstm" else ["h"]
    given, inputs, outputs = ["x", "W", "R", "b", ""], ["x"], ["y"]
    node = b"".join(field(1, name) for name in given + states)
    node += b"".join(field(2, name) for name in outputs + [s + "_n" for s in states])
    node += field(4, cell.upper()) + field(5, attribute("hidden_size", H))
    if cell == "gru":
        node += field(5, attribute("linear_before_reset", 1))
    graph = field(1, node) + field(2, "layer") + b"".join(field(5, tensor(k, v)) for k, v in weights.items())
    graph += b"".join(field(11, value_info(name, [T, B, spec["I"]])) for name in inputs)
    graph += b"".join(field(11, value_info(s, [1, B, H])) for s in states)
    graph += b"".join(field(12, value_info(name, [T, 1, B, H])) for name in outputs)
    graph += b"".join(field(12, value_info(s + "_n", [1, B, H])) for s in states)
    return field(1, IR) + field(7, graph) + field(8, field(1, "") + field(2, OPSET)), states


def load(path):
    types = {"F32": "<f4", "I64": "<i8"}
    return {name: numpy.frombuffer(raw, types[dtype]).reshape(shape) for name, dtype, shape, raw in peer.read_safetensors(path)}


def gates(array, cell):
    blocks = numpy.split(array, len(ORDER[cell]))
    return numpy.concatenate([blocks[g] for g in ORDER[cell]])


def weights_of(file, cell):
    """[1, G H, I], [1, G H, H], [1, 2 G H]."""
    W, R, b_ih, b_hh = (gates(file[f"rnn.{name}_l0"], cell) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    return {"W": W[None], "R": R[None], "b": numpy.concatenate([b_ih, b_hh])[None]}


def session_of(bytes_of_model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(bytes_of_model, options, providers=["CPUExecutionProvider"])


class Layer:
    """The layer with all arrays bound before: a step copies nothing."""

    def __init__(self, spec, threads, x, weights):
        T, B, _ = x.shape
        data, states = model(spec, weights, T, B)
        self.session = session_of(data, threads)
        value = onnxruntime.OrtValue.ortvalue_from_numpy
        zeros = lambda *shape: value(numpy.zeros(shape, numpy.float32))
        self.x, self.y = value(x), zeros(T, 1, B, spec["H"])
        pairs = [(zeros(1, B, spec["H"]), zeros(1, B, spec["H"])) for _ in states]
        self.ways = [self.bind(states, pairs), self.bind(states, [pair[::-1] for pair in pairs])]

    def bind(self, states, pairs):
        b = self.session.io_binding()
        b.bind_ortvalue_input("x", self.x)
        b.bind_ortvalue_output("y", self.y)
        for name, (given, found) in zip(states, pairs):
            b.bind_ortvalue_input(name, given)
            b.bind_ortvalue_output(name + "_n", found)
        return b

    def sequence(self):
        self.session.run_with_iobinding(self.ways[0])

    def stream(self):
        """The state that a step gives is what the next one begins with."""
        self.session.run_with_iobinding(self.ways[0])
        self.ways.reverse()


def number(array):
    a = array.reshape(-1).astype(numpy.float64)
    return [float(a @ numpy.cos(0.37 * numpy.arange(len(a)))), float(numpy.linalg.norm(a))]


def prepare(spec, threads, path):
    if spec["kind"] not in ("sequence", "stream") or spec["cell"] not in ORDER or spec["layers"] > 1 or spec["K"]:
        return None
    file, streaming = load(path), spec["kind"] == "stream"
    x = numpy.full((1, 1, spec["I"]), 0.5, numpy.float32) if streaming else file["data.x"]
    made = Layer(spec, threads, x, weights_of(file, spec["cell"]))
    run = made.stream if streaming else made.sequence
    for _ in range(peer.CHECKED):
        run()
    return {"y": number(made.y.numpy())}, run


peer.serve(onnxruntime.__version__, prepare)
