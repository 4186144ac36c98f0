#!/bin/bash
# SPDX-License-Identifier: MIT
# Uses the installed library in one way: use.sh CASE PREFIX FOLDER
#   pkgconfig-LANGUAGE-LIBRARY, cmake-LANGUAGE-LIBRARY   compiles, links and runs a tiny program
#   headers-LANGUAGE                                     each public header compiles alone
#   private                                              what the library is built on stays its own business
set -eu
case_name=$1 prefix=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

pc=$(find "$prefix" -name recur.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
lib=$(dirname "$PKG_CONFIG_PATH")
strict=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

language=${case_name#*-}
library=${language#*-}
language=${language%-*}
case $language in
c++) compiler=(c++ -std=c++17 -x c++) cmake_language=CXX suffix=cpp ;;
*) compiler=(cc -std=c11 -x c) cmake_language=C suffix=c ;;
esac
command -v "${compiler[0]}" >/dev/null || { echo "skipped: no ${compiler[0]}"; exit 77; }

# shellcheck disable=SC2046 # lists of flags
case $case_name in
pkgconfig-*-shared)
    "${compiler[@]}" "${strict[@]}" -o use "$here/use.c" -x none $(pkg-config --cflags --libs recur)
    LD_LIBRARY_PATH=$lib ldd ./use | grep -q "$lib/librecur.so.0"
    LD_LIBRARY_PATH=$lib ./use
    ;;
pkgconfig-*-static)
    "${compiler[@]}" "${strict[@]}" -o use "$here/use.c" -x none -static $(pkg-config --static --cflags --libs recur)
    ./use
    ;;
cmake-*)
    cp "$here/use.c" "use.$suffix"
    cmake -S "$here/project" -B build -DUSE_LANGUAGE=$cmake_language -DUSE_LIBRARY="$library" \
        -DUSE_SOURCE="$folder/use.$suffix" -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build build
    ./build/use
    ;;
headers-*)
    for header in "$prefix"/include/recur/*.h; do
        name=recur/$(basename "$header")
        printf '#include <%s>\n#include <%s>\nextern int nothing_else;\n' "$name" "$name" |
            "${compiler[@]}" "${strict[@]}" -fsyntax-only -I"$prefix/include" -
        echo "$name compiles alone"
    done
    ;;
private)
    flags=$(pkg-config --cflags --libs recur)
    case $flags in
    *jansson* | *csv* | *icu*) echo "a user of the shared library is told to link: $flags"; exit 1 ;;
    esac
    if grep -rlE 'jansson|csv\.h|unicode/' "$prefix/include/recur"; then
        echo "public headers name what the library is built on"
        exit 1
    fi
    [ "$(pkg-config --modversion recur)" = "$(sed -n 's/^#define RECUR_VERSION_M[AI][JN]OR //p' \
        "$prefix/include/recur/version.h" | paste -sd.).$(sed -n 's/^#define RECUR_VERSION_PATCH //p' \
        "$prefix/include/recur/version.h")" ]
    readelf -d "$lib/librecur.so" | grep -q 'SONAME.*librecur\.so\.0\]'
    ;;
*)
    echo "no such case: $case_name"
    exit 1
    ;;
esac
