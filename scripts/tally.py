#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts tests: tally.py JUNIT_FILE STATUS_OF_CTEST

A C test program holds many tests; each counts (by what cmocka printed), so does each script. What was skipped is
named. The last line is "N passed, N failed, N skipped"; the exit status is 1 when anything failed.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree


def count(case):
    """(passed, failed, names of skipped) of one entry of ctest."""
    name = case.get("name")
    output = case.findtext("system-out") or ""
    passed = len(re.findall(r"^\[       OK \] ", output, re.M))
    failed = len(set(re.findall(r"^\[  FAILED  \] (?!\d+ test)(\S+)", output, re.M)))  # named twice
    skipped = sorted(set(re.findall(r"^\[  SKIPPED \] (?!\d+ test)(\S+)", output, re.M)))
    skipped = [name + ": " + test for test in skipped]
    status = case.get("status")
    if status == "fail":
        return passed, max(failed, 1), skipped
    if status in ("notrun", "disabled"):
        reason = output.strip().splitlines()
        return 0, 0, [name + (": " + reason[-1].removeprefix("skipped: ") if reason else "")]
    if not passed and not skipped:
        passed = 1
    return passed, 0, skipped


def main():
    passed = failed = 0
    skipped = []
    try:
        cases = ElementTree.parse(sys.argv[1]).getroot().findall("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print("no results to count:", error)
        cases = []
        failed = 1
    for case in cases:
        p, f, s = count(case)
        passed, failed, skipped = passed + p, failed + f, skipped + s
    if sys.argv[2] != "0" and failed == 0:
        failed = 1
    for name in skipped:
        print("skipped:", name)
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 0


sys.exit(main())
