#!/bin/bash
# SPDX-License-Identifier: MIT
# Removes what the last `make install` installed, and the folders that are empty without it. DESTDIR as there.
set -eu
cd "$(dirname "$0")/.."
manifest=build/release/install_manifest.txt
if [ ! -f "$manifest" ]; then
    echo "uninstall: $manifest is not there; was it installed from this folder?" >&2
    exit 1
fi
# CMake ends the list without a newline.
while read -r path || [ -n "$path" ]; do
    rm -f "${DESTDIR:-}$path"
    echo "${DESTDIR:-}$(dirname "$path")"
done <"$manifest" | sort -ru | while read -r folder; do
    case $folder in
    */recur) rmdir "$folder" 2>/dev/null || true ;;
    esac
done
rm -f "$manifest"
