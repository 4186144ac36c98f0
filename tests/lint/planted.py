#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants a violation of each rule in a small tree and sees that its lint turns red, and green without it.

planted.py COMPILER
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "// SPDX-License-Identifier: MIT\n"


def function(lines):
    return HEAD + "int f(int a)\n{\n" + "    a++;\n" * lines + "}\n"


# (lint, file, content, a word of the complaint; None where the lint must stay green)
TREES = [
    ("rooms", "src/op/a.c", HEAD + '#include "kernel/kernel.h"\n#include <recur/op.h>\n#include <math.h>\n', None),
    ("rooms", "src/base/a.c", HEAD + '#include "tape/tensor.h"\n', "room below"),
    ("rooms", "src/op/a.c", HEAD + '#include "neighbour.h"\n', "path from src"),
    ("rooms", "src/op/a.c", HEAD + "#include <jansson.h>\n", "belongs to format"),
    ("rooms", "src/op/a.c", HEAD + "#include <openblas.h>\n", "neither a C"),
    ("rooms", "src/attic/a.c", HEAD + "#include <math.h>\n", "no room"),
    ("rooms", "cli/a.c", HEAD + '#include "base/alloc.h"\n', "not public"),
    ("rooms", "examples/a.c", HEAD + '#include "../src/base/alloc.h"\n', "not public"),
    ("rooms", "include/recur/a.h", HEAD + "#include <jansson.h>\n", "no neighbour"),
    ("layout", "src/op/a.c", function(12), None),
    ("layout", "src/op/a.c", "int a;\n", "SPDX"),
    ("layout", "scripts/a.sh", "#!/bin/sh\ntrue\n", "SPDX"),
    ("layout", "src/op/a.c", function(41), "over 40"),
    ("layout", "src/op/a.c", HEAD + "\n" * 701, "702 lines"),
    ("layout", "src/kernel/a.c", function(701), None),
    ("words", "src/op/a.c", HEAD + '/* all done */ const char *f = "%s %zu 5%";\n', None),
    ("words", "src/op/a.c", HEAD + "/* TO" "DO */\n", "left open"),
    ("words", "docs/a.md", "lies in /wor" "k/place\n", "one machine"),
    ("words", "docs/a.md", "see issu" "e 5\n", "names an issue"),
    ("words", "docs/a.md", "look at ../share" "d/notes\n", "not part of the project"),
    ("words", "src/op/a.c", HEAD + 'const char *f = "got %.3g";\n', "locale"),
]

# (check, file, content, a word of the complaint)
OBJECTS = [
    ("calls", "src/op/a.c", "#include <string.h>\nvoid f(char *p);\nvoid f(char *p) { memset(p, 0, 9); }\n", None),
    ("calls", "src/op/a.c", "#include <stdio.h>\nvoid f(void);\nvoid f(void) { printf(\"%d\", 1); }\n", "prints"),
    ("calls", "src/op/a.c", "#include <stdlib.h>\nvoid f(void);\nvoid f(void) { abort(); }\n", "ends the process"),
    ("calls", "src/op/a.c", "#include <assert.h>\nvoid f(int);\nvoid f(int a) { assert(a); }\n", "ends the process"),
    ("calls", "src/op/a.c", "#include <stdlib.h>\nint f(char *);\nint f(char *a) { return strtod(a, 0) > 0; }\n", "locale"),
    ("calls", "src/op/a.c", "#include <ctype.h>\nint f(int);\nint f(int a) { return isalpha(a); }\n", "locale"),
    ("calls", "src/op/a.c", "#include <stdlib.h>\nint f(void);\nint f(void) { return rand(); }\n", "hidden state"),
    ("calls", "src/op/a.c", "#include <stdlib.h>\nchar *f(void);\nchar *f(void) { return getenv(\"A\"); }\n", "environment"),
    ("calls", "src/base/a.c", "#include <stdlib.h>\nchar *f(void);\nchar *f(void) { return getenv(\"A\"); }\n", None),
    ("calls", "src/op/a.c", "#include <stdlib.h>\nvoid *f(void);\nvoid *f(void) { return malloc(9); }\n", "memory"),
    ("calls", "src/base/alloc.c", "#include <stdlib.h>\nvoid *f(void);\nvoid *f(void) { return malloc(9); }\n", None),
    ("globals", "src/op/a.c", "extern const char *const t[];\nconst char *const t[] = {\"a\", \"b\"};\nextern const int u;\n"
                              "const int u = 1;\n", None),
    ("globals", "src/op/a.c", "extern int counter;\nint counter = 1;\n", "counter"),
    ("globals", "src/op/a.c", "int f(void);\nint f(void) { static int calls; return calls++; }\n", "calls"),
    ("globals", "src/op/a.c", "int f(void);\nint f(void) { static _Thread_local int calls; return calls++; }\n", "calls"),
    ("exports", "src/op/a.c", "int recur_f(void);\nint recur_f(void) { return 1; }\n", None),
    ("exports", "src/op/a.c", "int rcr_f(void);\nint rcr_f(void) { return 1; }\n", "rcr_f"),
]


def plant(root, name, content):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
    return path


def run(script, *arguments):
    done = subprocess.run([sys.executable, os.path.join(HERE, script + ".py"), *arguments],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def read_tree(lint, name, content):
    with tempfile.TemporaryDirectory() as root:
        plant(root, name, content)
        return run(lint, root)


def read_object(compiler, check, name, content):
    with tempfile.TemporaryDirectory() as root:
        source = plant(root, name, content)
        if check == "exports":
            target = os.path.join(root, "lib.so")
            subprocess.run([compiler, "-shared", "-fPIC", "-o", target, source], check=True)
            return run("symbols", check, target)
        subprocess.run([compiler, "-O1", "-fPIC", "-std=gnu11", "-c", "-o", source + ".o", source], check=True)
        return run("symbols", check, plant(root, "objects.txt", source + ".o\n"))


def judge(what, name, complaint, status, output):
    """True where the lint said what it should."""
    right = status == 0 if complaint is None else status == 1 and complaint in output
    if not right:
        print(f"{what} on {name}: expected {complaint or 'no complaint'}, but it said ({status}):\n{output}")
    return right


def main():
    wrong = 0
    for lint, name, content, complaint in TREES:
        wrong += not judge(lint, name, complaint, *read_tree(lint, name, content))
    for check, name, content, complaint in OBJECTS:
        wrong += not judge(check, name, complaint, *read_object(sys.argv[1], check, name, content))
    print(f"{len(TREES) + len(OBJECTS)} planted, {wrong} judged wrongly")
    sys.exit(1 if wrong else 0)


main()
