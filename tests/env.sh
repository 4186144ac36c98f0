#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one test program in the environment that tests rely on; what the caller has set wins.
#   RECUR_DATA        where the real data are; tests that need them are skipped where it is absent
#   RECUR_TEST_LEVEL  quick or full: how long the long tests may be
#   RECUR_BIN, RECUR_SOURCE_DIR, RECUR_BUILD_DIR are given by the build.
: "${RECUR_DATA:=$RECUR_DATA_DEFAULT}"
: "${RECUR_TEST_LEVEL:=quick}"
export RECUR_DATA RECUR_TEST_LEVEL
exec "$@" </dev/null
