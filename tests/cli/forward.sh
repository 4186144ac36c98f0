#!/bin/bash
# SPDX-License-Identifier: MIT
# recur forward against PyTorch's results: every file of reference/rnn, the layer read off its weights.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"
command -v python3 >/dev/null || skip "no python3 to compare arrays"
reference=${BASH_SOURCE%/*}/../reference/rnn
[ -d "$reference" ] || reference=$RECUR_SOURCE_DIR/tests/reference/rnn

cat >compare.py <<'PYTHON'
"""compare.py options|results REFERENCE...: the options that each needs; its results in this folder against PyTorch's"""
import json, os, struct, sys

def load(path):
    data = open(path, "rb").read()
    n, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    meta = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = (8 + n + at for at in entry["data_offsets"])
        letter = {"F32": "f", "F64": "d", "I64": "q"}[entry["dtype"]]
        arrays[name] = entry["shape"], struct.unpack(f"<{(end - begin) // struct.calcsize(letter)}{letter}", data[begin:end])
    return meta, arrays

def options(path):
    meta, _ = load(path)
    words = [] if meta["batch_first"] == "true" or meta["unbatched"] == "true" else ["--time-major"]
    return words + (["--cell", "rnn-relu"] if meta.get("nonlinearity") == "relu" else [])

def compare(path, out):
    meta, want = load(path)
    _, got = load(out)
    allowed = 1e-10 if meta["dtype"] == "F64" else max(8 * float(meta["f32_max_abs_dev"]), 1e-6)
    names = [name for name in want if name in ("expect.output", "expect.h_n", "expect.c_n")]
    assert len(names) == len(got), (path, names, list(got))
    for name in names:
        shape, values = want[name]
        out_shape, result = got[name.removeprefix("expect.")]
        assert shape == out_shape, (path, name, shape, out_shape)
        scale = max([1] + [abs(v) for v in values])
        worst = max([abs(a - b) for a, b in zip(values, result)] + [0])
        assert worst <= allowed * scale, (path, name, worst)

if sys.argv[1] == "options":
    for path in sys.argv[2:]:
        print(path, *options(path))
else:
    for path in sys.argv[2:]:
        compare(path, os.path.basename(path))
PYTHON

files=("$reference"/*.safetensors)
while read -r file options; do
    # shellcheck disable=SC2086
    run "$recur" forward "$file" "$file" --prefix param. -o "$(basename "$file")" $options
    expect "$(basename "$file")" 0 "" ""
done < <(python3 compare.py options "${files[@]}")
check "there are reference files" [ "${#files[@]}" -gt 40 ]
check "results agree with PyTorch" python3 compare.py results "${files[@]}"

lstm=$reference/lstm_00_l2_bi_nobias_tf_zero.safetensors
run "$recur" forward "$lstm" "$lstm" -o out
expect "two layers in a file" 3 "" "recur: $lstm holds 2 layers: --prefix names one of *\"param.\"*"
run "$recur" forward "$lstm" "$lstm" --prefix other. -o out
expect "no such layer" 3 "" "recur: $lstm: no tensor is named other.weight_ih_l0"
run "$recur" forward "$lstm" "$lstm" --prefix param. --cell gru -o out
expect "a cell that does not fit" 2 "" "recur: --cell gru does not fit *: 4 gate rows per unit"
run "$recur" forward "$lstm" none -o out
expect "no input" 3 "" "recur: cannot read none*"
run "$recur" forward "$lstm" "$lstm" --prefix param. --time-major -o none/out
expect "no place for the result" 1 "" "recur: cannot write none/out*"
run "$recur" forward "$lstm" "$lstm" --prefix param. --time-major --dtype f32 -o out --verbose
expect "what the layer is" 0 "" "*lstm, *, 2 layers, both directions*"
run "$recur" forward "$lstm" "$lstm" --prefix param. --time-major -o out --json
expect "--json" 0 "{\"cell\": \"lstm\", *\"layers\": 2, \"bidirectional\": true, *\"output\": [[]*\"c_n\": [[]*}" ""
run "$recur" forward "$lstm" "$lstm" --prefix param. --time-major --dtype f32 -o out
check "the type that was asked for" grep -q '"dtype":"F32"' out
"$recur" data sine --count 100 -o sine.csv
"$recur" train forecast sine.csv --epochs 1 --quiet --no-plot --out run >/dev/null
run "$recur" forward run/model.safetensors "$reference/gru_01_l3_bi_bias_bf_h0.safetensors" -o out
expect "an input of another width" 3 "" "recur: *"
done_testing
