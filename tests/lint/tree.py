#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The project's own files, for the other lints and for scripts: tree.py [FOLDER/...] [.SUFFIX...]

What git knows or would add; where this is no git checkout, every file outside build folders.
"""
import os
import subprocess
import sys


def listing(root):
    """Every file of the project, as paths from `root`."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True).stdout.decode()
        names = [name for name in out.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if f not in (".git", ".cache", "runs") and not f.startswith("build")]
            names += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(set(name for name in names if os.path.isfile(os.path.join(root, name))))


def files(root, folders=(), suffixes=()):
    """Those of them under one of `folders` (all, where empty) and with one of `suffixes`."""
    return [name for name in listing(root)
            if (not folders or name.startswith(tuple(folders))) and (not suffixes or name.endswith(tuple(suffixes)))]


def text(root, name):
    with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def finish(problems, verdict):
    """Prints the problems, each with its place, or the verdict; exits."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} to mend" if problems else verdict)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    given = sys.argv[1:]
    for found in files(".", [a for a in given if a.endswith("/")], [a for a in given if a.startswith(".")]):
        print(found)
