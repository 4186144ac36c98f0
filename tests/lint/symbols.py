#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the symbols of the compiled library: symbols.py calls|globals OBJECTS_FILE, or symbols.py exports LIBRARY

calls    no object uses a function that a library has no business with: one that prints, ends the process, depends on
         the locale, keeps hidden state, or takes memory behind the allocator's back
globals  no object holds a writable variable
exports  the shared library offers nothing but recur_...

OBJECTS_FILE lists the object files, a path on each line, each with its room in it: .../src/<room>/<file>.c.o
"""
import re
import subprocess
import sys

from tree import finish

FORBIDDEN = {
    "ends the process": "exit _exit _Exit quick_exit at_quick_exit atexit abort raise __assert_fail __assert",
    "prints": "printf vprintf puts putchar putc fputc fputs fprintf vfprintf dprintf vdprintf perror psignal stdin stdout "
              "stderr __printf_chk __vprintf_chk __fprintf_chk __vfprintf_chk __dprintf_chk __vdprintf_chk",
    "depends on the locale": "strtod strtof strtold atof atoi atol atoll strtol strtoll strtoul strtoull strtoimax strtoumax "
                             "scanf sscanf fscanf vsscanf vfscanf __isoc99_sscanf __isoc99_fscanf __isoc99_scanf "
                             "__isoc99_vsscanf __isoc23_strtol __isoc23_strtoll __isoc23_strtoul __isoc23_strtoull "
                             "__isoc23_sscanf "
                             "isalpha isdigit isalnum isspace isupper islower isprint ispunct iscntrl isxdigit isgraph "
                             "isblank toupper tolower __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc strcasecmp "
                             "strncasecmp strcoll strxfrm strftime mbstowcs wcstombs mbtowc wctomb mbrtowc wcrtomb "
                             "setlocale newlocale uselocale localeconv",
    "keeps hidden state": "rand srand random srandom drand48 lrand48 mrand48 srand48 strtok localtime gmtime ctime asctime "
                          "strerror setenv putenv unsetenv chdir umask signal sigaction tmpnam tempnam",
    "reads the environment outside base": "getenv secure_getenv",
    "takes memory outside base/alloc.c": "malloc calloc realloc reallocarray free strdup strndup aligned_alloc posix_memalign "
                                         "memalign valloc getline getdelim asprintf vasprintf open_memstream",
}
REASON = {symbol: why for why, symbols in FORBIDDEN.items() for symbol in symbols.split()}

# Where what is forbidden elsewhere has its place.
ALLOWED = {
    "/src/base/alloc.c": "malloc posix_memalign free",
    "/src/base/number.c": "strtod strtof strtol",  # of digits without a point, which no locale changes
    "/src/base/": "getenv",
}

# objdump -t: address, seven flags, section, size, name
SYMBOL = re.compile(r"^[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", re.M)
WRITABLE = re.compile(r"^(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\.ldata|\.lbss|\*COM\*)")


def symbols(path):
    """(flags, section, name) of each symbol of an object file."""
    out = subprocess.run(["objdump", "-t", path], check=True, capture_output=True, text=True).stdout
    return [(m.group(1), m.group(2), m.group(4)) for m in SYMBOL.finditer(out)]


def short(path):
    return re.sub(r"^.*/(src/.*)\.o(bj)?$", r"\1", path)


def calls(paths):
    for path in paths:
        for _, section, name in symbols(path):
            if section != "*UND*" or name not in REASON:
                continue
            if any(place in path and name in names.split() for place, names in ALLOWED.items()):
                continue
            yield f"{short(path)}: uses {name}, which {REASON[name]}"


def writable(paths):
    for path in paths:
        for flags, section, name in symbols(path):
            if WRITABLE.match(section) and "d" not in flags:  # d: the section's own symbol
                yield f"{short(path)}: {name} is a writable variable ({section}); state belongs to objects the caller holds"


def exports(library):
    out = subprocess.run(["nm", "-D", "--defined-only", "-f", "posix", library],
                         check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        name = line.split()[0]
        if not name.startswith("recur_"):
            yield f"{library}: exports {name}; public names begin with recur_, others stay hidden"


def main():
    what, path = sys.argv[1], sys.argv[2]
    if what == "exports":
        finish(list(exports(path)), "exports only recur_...")
    with open(path, encoding="utf-8") as file:
        paths = file.read().split("\n")
    check = {"calls": calls, "globals": writable}[what]
    finish(list(check([p for p in paths if p])), f"{len(paths)} objects: nothing to object to")


main()
