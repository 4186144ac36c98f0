#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The safetensors package beside ours: peer.py OURS THEIRS

Reads the file OURS with it and prints what is in it, a line per tensor and per pair of metadata; writes the file THEIRS.
Exit status 77 where the package (or numpy) is not installed.
"""
import sys

try:
    import numpy
    import safetensors
    from safetensors.numpy import save_file
except ImportError as error:
    print(error)
    sys.exit(77)


def read(path):
    with open(path, "rb") as file:
        for name, tensor in sorted(safetensors.deserialize(file.read())):
            shape = ",".join(map(str, tensor["shape"]))
            print(f"tensor {name} {tensor['dtype']} [{shape}] {bytes(tensor['data']).hex()}")
    with safetensors.safe_open(path, framework="np") as file:
        for key, value in sorted((file.metadata() or {}).items()):
            print(f"meta {key.encode().hex()} {value.encode().hex()}")


def write(path):
    tensors = {
        "half": numpy.array([1.0, -2.0, 0.5], numpy.float16),
        "bytes": numpy.array([[1], [2], [3]], numpy.uint8),
        "double": numpy.array(-0.125, numpy.float64),
        "empty": numpy.zeros((2, 0), numpy.int64),
        "gr\u00fc\u00df \U0001F600": numpy.array([[1.5, 2.5]], numpy.float32),
    }
    save_file(tensors, path, {"k\u00e9y": "v\n\"\\\U0001F600", "format": "np"})


read(sys.argv[1])
write(sys.argv[2])
