#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A plain PyTorch text classifier, the peer of `recur train classify`: embedding, bidirectional LSTM of 100 a direction over packed
sequences, max pooling, linear; Adam, 8 epochs, every tenth example as test.

    classify_torch.py [options] FILE...

--unit space|char cuts the texts; --class-files: a file a class; --first-word-label: trec's form; else a table with --text and --label
(column names, or numbers from 1 with --no-header). Prints one JSON object, with the accuracy of naive Bayes on the same
split beside it; --epochs 0 leaves the network untrained."""
import argparse
import csv
import json
import math
import random
import sys
import time
from collections import Counter

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def lines(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [line.rstrip("\r\n") for line in file.read().split("\n") if line.strip()]


def table(path, args):
    tab = path.endswith(".tsv")
    with open(path, encoding="utf-8-sig", newline="") as file:
        if tab:
            rows = [line.rstrip("\n").split("\t") for line in file]
        else:
            rows = list(csv.reader(file))
    if args.no_header:
        text, label = int(args.text) - 1, int(args.label) - 1
    else:
        head = rows.pop(0)
        text, label = head.index(args.text), head.index(args.label)
    return [(row[text], row[label]) for row in rows if len(row) > max(text, label)]


def examples(args):
    if args.class_files:
        return [(line, path) for path in args.files for line in lines(path)]
    if args.first_word_label:
        pairs = [line.split(" ", 1) for line in lines(args.files[0])]
        return [(text, label.split(":")[0]) for label, text in pairs]
    return table(args.files[0], args)


def naive_bayes(train, test):
    """Accuracy of multinomial naive Bayes, add-one smoothing, on units and pairs of neighbours."""
    def features(units):
        return units + list(zip(units, units[1:]))

    seen, classes = {}, Counter(label for _, label in train)
    for units, label in train:
        seen.setdefault(label, Counter()).update(features(units))
    known = set().union(*seen.values())
    total = {label: sum(counts.values()) + len(known) for label, counts in seen.items()}

    def score(label, found):
        return math.log(classes[label]) + sum(math.log((seen[label][f] + 1) / total[label]) for f in found)

    right = 0
    for units, label in test:
        found = [f for f in features(units) if f in known]
        right += max(classes, key=lambda k: score(k, found)) == label
    return right / len(test)


class Model(nn.Module):
    def __init__(self, words, classes, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, 100, bidirectional=True, batch_first=True)
        self.head = nn.Linear(200, classes)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        y, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, padding_value=-1e9)
        return self.head(y.max(1)[0])


def batch_of(items):
    lengths = torch.tensor([len(ids) for ids, _ in items])
    ids = torch.zeros(len(items), int(lengths.max()), dtype=torch.long)
    for row, (numbers, _) in enumerate(items):
        ids[row, :len(numbers)] = torch.tensor(numbers)
    return ids, lengths, torch.tensor([k for _, k in items])


def accuracy(model, items, size):
    right = 0
    with torch.no_grad():
        for at in range(0, len(items), size):
            ids, lengths, k = batch_of(items[at:at + size])
            right += int((model(ids, lengths).argmax(1) == k).sum())
    return right / len(items)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("files", nargs="+")
    p.add_argument("--unit", default="space", choices=["space", "char"])
    p.add_argument("--class-files", action="store_true")
    p.add_argument("--first-word-label", action="store_true")
    p.add_argument("--no-header", action="store_true")
    p.add_argument("--text", default="text")
    p.add_argument("--label", default="label")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--batch-size", type=int, default=32)
    p.add_argument("--embedding", type=int, default=100)
    p.add_argument("--max-length", type=int, default=500)
    p.add_argument("--min-count", type=int, default=2)
    p.add_argument("--threads", type=int, default=1)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    shuffle = random.Random(args.seed)
    data = examples(args)
    cut = (lambda s: s.lower().split()) if args.unit == "space" else (lambda s: list(s.lower()))
    data = [(cut(text)[:args.max_length], label) for text, label in data]
    data = [(units, label) for units, label in data if units]
    test, train = data[9::10], [x for i, x in enumerate(data) if i % 10 != 9]
    bayes = naive_bayes(train, test)
    counts = Counter(unit for units, _ in train for unit in units)
    words = {unit: i + 2 for i, (unit, n) in enumerate(counts.most_common()) if n >= args.min_count}
    classes = {label: i for i, label in enumerate(sorted({label for _, label in data}))}
    train, test = ([([words.get(u, 1) for u in units], classes[label]) for units, label in part]
                   for part in (train, test))
    model = Model(len(words) + 2, len(classes), args.embedding)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    begin = time.perf_counter()
    for epoch in range(args.epochs):
        shuffle.shuffle(train)
        for at in range(0, len(train), args.batch_size):
            ids, lengths, k = batch_of(train[at:at + args.batch_size])
            adam.zero_grad()
            nn.functional.cross_entropy(model(ids, lengths), k).backward()
            adam.step()
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": round(seconds, 1), "cpu_seconds": round(time.process_time(), 1),
                      "test": len(test), "train": len(train), "words": len(words),
                      "naive_bayes": bayes, "accuracy": accuracy(model, test, args.batch_size)}))


if __name__ == "__main__":
    sys.exit(main())
