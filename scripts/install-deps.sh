#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what is missing for a purpose: install-deps.sh build|demo|test|lint|fuzz|bench...
#
# Looks for the commands and headers themselves, so that nothing is asked of apt where all is there. Installs
# Debian packages as root or through sudo; where neither is possible it says exactly what to type and exits 1.
set -u

compiles() { # the text on standard input, with the given flags
    command -v cc >/dev/null && cc -x c -o /dev/null "$@" - >/dev/null 2>&1
}

have() { # have KIND WHAT
    case $1 in
    command) command -v "$2" >/dev/null ;;
    header) echo "#include <stdio.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <$2>" | compiles -fsyntax-only ;;
    file) [ -e "$2" ] ;;
    python) # the distribution's python, which need not be the first in the path
        /usr/bin/python3 -c "import importlib.util, sys
sys.exit(importlib.util.find_spec('$2') is None)" 2>/dev/null ;;
    library) PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -q "$2" ;;
    fuzzer) echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return p && n ? 0 : 0; }' |
        clang -x c -fsanitize=fuzzer,address -o /dev/null - >/dev/null 2>&1 ;;
    esac
}

fuzzer_package() { # the one that belongs to Debian's clang
    local major
    major=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
    echo "libclang-rt-${major:-14}-dev"
}

# purpose  kind  what  package
needs() {
    cat <<'TABLE'
build  command  cc                                          gcc
build  header   math.h                                      libc6-dev
build  command  make                                        make
build  command  cmake                                       cmake
build  command  ninja                                       ninja-build
build  command  pkg-config                                  pkg-config
build  header   jansson.h                                   libjansson-dev
build  header   csv.h                                       libcsv-dev
build  header   unicode/ubrk.h                              libicu-dev
demo   command  gnuplot                                     gnuplot-nox
test   header   cmocka.h                                    libcmocka-dev
test   file     /usr/share/i18n/locales/de_DE               locales
test   command  c++                                         g++
test   command  clang                                       clang
test   command  python3                                     python3
test   command  objdump                                     binutils
test   command  qemu-aarch64                                qemu-user
test   command  aarch64-linux-gnu-gcc                       gcc-aarch64-linux-gnu
test   file     /usr/aarch64-linux-gnu/include/stdio.h      libc6-dev-arm64-cross
lint   command  git                                         git
lint   command  clang-format                                clang-format
lint   command  clang-tidy                                  clang-tidy
lint   command  cppcheck                                    cppcheck
lint   command  shellcheck                                  shellcheck
lint   command  codespell                                   codespell
fuzz   command  clang                                       clang
fuzz   fuzzer   -                                           -
bench  command  python3                                     python3
bench  python   torch                                       python3-torch
bench  library  libopenblas.so                              libopenblas0-pthread
bench  header   oneapi/dnnl/dnnl.h                          libdnnl-dev
TABLE
}

missing_packages() {
    local purpose kind what package
    needs | while read -r purpose kind what package; do
        [[ " $purposes " == *" $purpose "* ]] || continue
        have "$kind" "$what" && continue
        if [ "$kind" = fuzzer ]; then fuzzer_package; else echo "$package"; fi
    done | sort -u | tr '\n' ' '
}

purposes="build $*"
case " $* " in *" test "*) purposes="$purposes demo" ;; esac

missing=$(missing_packages)
[ -n "$missing" ] || exit 0
by_hand="apt-get update && apt-get install -y --no-install-recommends $missing"

if ! command -v apt-get >/dev/null; then
    echo "Missing, by their Debian names: $missing" >&2
    echo "Install them with this system's package manager, then try again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
else
    echo "Missing: $missing" >&2
    echo "As root, type:" >&2
    echo "    $by_hand" >&2
    exit 1
fi

echo "Installing: $missing"
log=$(mktemp)
apt() { # waits for another apt to finish
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=120 -qq "$@" </dev/null >>"$log" 2>&1
}
apt update && missing=$(missing_packages) # anew: the name of one package depends on the lists
# shellcheck disable=SC2086 # a list of words
apt install -y --no-install-recommends $missing
status=$?
[ $status = 0 ] || cat "$log" >&2
rm -f "$log"

missing=$(missing_packages)
if [ $status != 0 ] || [ -n "$missing" ]; then
    echo "Could not install: ${missing:-all of it}" >&2
    echo "As root, type:" >&2
    echo "    $by_hand" >&2
    exit 1
fi
