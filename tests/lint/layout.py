#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Licence lines and sizes: layout.py ROOT

Every source file has its SPDX line at the top (the second line where the first names an interpreter). Prints how long
functions are; more than one in ten over 40 lines, or a file over 700, is refused. Kernels may be longer.
"""
import os
import re
import sys

from tree import files, finish, text

SOURCE = (".c", ".h", ".inc", ".cpp", ".py", ".sh", ".bash", ".cmake", ".pc.in", ".cmake.in", "CMakeLists.txt", "Makefile", ".ci/run")
COMPILED = (".c", ".h", ".inc")
LONG_FUNCTION, LONG_FILE = 40, 700
SHARE = 0.10

# A function as clang-format lays it out: its braces stand alone in the first column.
FUNCTION = re.compile(r"^([A-Za-z_][^\n;{}#]*(?:\n[ \t][^\n;{}]*)*)\n\{\n(.*?)^\}", re.M | re.S)


def without_licence(root, name):
    head = text(root, name)[:600].split("\n")[:2]
    return not any("SPDX-License-Identifier: MIT" in line for line in head)


def functions(root, names):
    """(lines of the body, place) of each function."""
    for name in names:
        content = text(root, name)
        for match in FUNCTION.finditer(content):
            line = content.count("\n", 0, match.start()) + 1
            called = re.search(r"(\w+)\s*\(", match.group(1))
            yield match.group(2).count("\n"), f"{name}:{line} {called.group(1) if called else ''}"


def describe(title, lengths):
    lengths = sorted(lengths)
    if not lengths:
        return
    at = lambda share: lengths[min(int(share * len(lengths)), len(lengths) - 1)]
    print(f"{title}: {len(lengths)} functions, median {at(0.5)} lines, nine in ten within {at(0.9)}, longest {lengths[-1]}")


def main():
    root = sys.argv[1]
    problems = [f"{name}:1: no line \"SPDX-License-Identifier: MIT\"" for name in files(root, (), SOURCE)
                if without_licence(root, name)]

    names = files(root, ["src/", "cli/", "examples/", "include/", "tests/", "bench/"], COMPILED)
    ours = [name for name in names if not name.startswith(("src/kernel/", "tests/", "bench/"))]
    for name in names:
        lines = text(root, name).count("\n")
        if lines > LONG_FILE and not name.startswith("src/kernel/"):
            problems.append(f"{name}: {lines} lines; a file stays under about 600")

    found = sorted(functions(root, ours), reverse=True)
    describe("src without kernel, cli, examples", [n for n, _ in found])
    describe("kernel", [n for n, _ in functions(root, [m for m in names if m.startswith("src/kernel/")])])
    describe("tests", [n for n, _ in functions(root, [m for m in names if m.startswith("tests/")])])
    long = [(n, place) for n, place in found if n > LONG_FUNCTION]
    for n, place in long:
        print(f"  {n} lines: {place}")
    if len(long) > SHARE * len(found):
        problems.append(f"{len(long)} of {len(found)} functions are over {LONG_FUNCTION} lines; one in ten may be")
    finish(problems, "licence lines and sizes are in order")


main()
