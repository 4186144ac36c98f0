#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every #include against the plan of the house: rooms.py ROOT

A room of src/ includes itself, the rooms above it in ROOMS, the public headers, the C and POSIX headers, and the
outside libraries that are its own. The program, the examples and the benchmarks use public headers only. The public
headers include each other and C headers.
"""
import os
import re
import sys

from tree import files, finish, text

ROOMS = ["base", "kernel", "tape", "op", "rnn", "layer", "optim", "format", "infer", "data", "train", "task"]

STANDARD_C = """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype""".split()
POSIX = """aio arpa/inet dirent dlfcn fcntl fnmatch ftw glob grp langinfo libgen netdb netinet/in poll pthread pwd regex
    sched semaphore spawn strings sys/auxv sys/file sys/ioctl sys/mman sys/resource sys/select sys/socket sys/stat sys/statvfs
    sys/time sys/times sys/types sys/uio sys/utsname sys/wait syslog termios unistd utime wordexp""".split()
SYSTEM = {name + ".h" for name in STANDARD_C + POSIX}

# Headers from outside, and the rooms (and programs) that may use them.
OUTSIDE = {
    "jansson.h": ["format", "train", "task", "cli"],
    "csv.h": ["data"],
    "unicode/ubrk.h": ["data"],
    "unicode/ucasemap.h": ["data"],
    "unicode/uchar.h": ["data"],
    "unicode/unorm2.h": ["data"],
    "unicode/ustring.h": ["data"],
    "cpuid.h": ["base"],
    "immintrin.h": ["base", "kernel"],
    "sanitizer/asan_interface.h": ["base"],
    "xmmintrin.h": ["base"],
    "arm_neon.h": ["kernel"],
    "oneapi/dnnl/dnnl.h": ["bench"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def includes(content):
    for match in INCLUDE.finditer(content):
        yield content.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def refuse_in_room(room, quote, header):
    """Why this room may not include the header, or None."""
    if header.startswith("recur/") or header in SYSTEM:
        return None
    if header in OUTSIDE:
        return None if room in OUTSIDE[header] else f"belongs to {' '.join(OUTSIDE[header])}"
    if quote == "<":
        return "is neither a C nor a POSIX header"
    other = header.split("/")[0]
    if "/" not in header or other not in ROOMS:
        return "is not a path from src/, such as \"base/error.h\""
    if ROOMS.index(other) > ROOMS.index(room):
        return f"is in a room below: {room} may use {' '.join(ROOMS[:ROOMS.index(room) + 1])}"
    return None


def refuse_in_program(root, name, quote, header):
    if header.startswith("recur/") or header in SYSTEM:
        return None
    if name.split("/")[0] in OUTSIDE.get(header, []):
        return None
    own = os.path.join(root, os.path.dirname(name), header)
    if quote == '"' and "/" not in header and os.path.isfile(own):
        return None
    return "is not public: programs use <recur/...> and system headers"


def refuse_in_public(root, quote, header):
    if header.removesuffix(".h") in STANDARD_C:
        return None
    if quote == '"' and "/" not in header:  # one that is still to be written is the compiler's business
        return None
    return "is no C header and no neighbour"


def refuse(root, name, quote, header):
    part = name.split("/")
    if part[0] == "src":
        if part[1] not in ROOMS:
            return f"stands in {part[1]}, which is no room"
        return refuse_in_room(part[1], quote, header)
    if part[0] == "include":
        return refuse_in_public(root, quote, header)
    return refuse_in_program(root, name, quote, header)


def main():
    root = sys.argv[1]
    names = files(root, ["src/", "include/", "cli/", "examples/", "bench/"], [".c", ".h", ".inc"])
    problems = []
    for name in names:
        for line, quote, header in includes(text(root, name)):
            why = refuse(root, name, quote, header)
            if why:
                problems.append(f"{name}:{line}: {header} {why}")
    finish(problems, f"{len(names)} files include only what their room may")


main()
