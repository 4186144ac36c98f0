#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Words that do not belong: words.py ROOT

Work left open, traces of how the text came to be, and number formats that depend on the locale. The patterns are
written so that they do not match themselves.
"""
import re
import sys

from tree import files, finish, text

ANYWHERE = [
    (re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b"), "left open; finish it or write it down in the docs"),
    (re.compile(r"\bnot (yet )?[i]mplemented\b", re.I), "left open"),
    (re.compile(r"(?<![\w.$}])/wor[k]/"), "names a folder of one machine"),
    (re.compile(r"\b(this|the|a|developer) [s]ession's (task|brief|work)\b|\b[s]ubagent|\bthis [s]ession\b", re.I),
     "tells how the text came to be"),
    (re.compile(r"\bissue[s]? ?#?[0-9]+\b", re.I), "names an issue; say the thing itself"),
    (re.compile(r"\bfar[m]-\w+"), "names a tool of one workplace"),
    (re.compile(r"\.\./share[d](?!/data)"), "is not part of the project; only the default of RECUR_DATA points there"),
]

LIBRARY = [
    (re.compile(r"\bstu[b]s?\b", re.I), "left open"),
    (re.compile(r'"[^"\n]*%[-+ 0#]*[0-9*]*(\.[0-9*]+)?[lL]?[aefgAEFG](?![a-zA-Z])[^"\n]*"'),
     "formats a number by the locale; use base/number.h"),
    (re.compile(r"-ffast-mat[h]|\bfast_mat[h]\b"), "fast-math changes bits"),
]

TEXT = (".c", ".h", ".inc", ".cpp", ".py", ".sh", ".bash", ".md", ".txt", ".cmake", ".in", ".json", ".yml", "Makefile", ".ci/run", ".1")


def search(root, names, rules):
    for name in names:
        for number, line in enumerate(text(root, name).split("\n"), 1):
            for pattern, why in rules:
                match = pattern.search(line)
                if match:
                    yield f"{name}:{number}: {match.group(0).strip()!r} {why}"


def main():
    root = sys.argv[1]
    names = [n for n in files(root, (), TEXT) if not n.startswith("tests/reference/")]
    library = [n for n in names if n.startswith("src/") and not n.startswith("src/base/number.")]
    finish(list(search(root, names, ANYWHERE)) + list(search(root, library, LIBRARY)),
           f"{len(names)} files read, nothing that does not belong")


main()
