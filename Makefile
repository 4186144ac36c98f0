# SPDX-License-Identifier: MIT
# A thin front: CMake does the work, in build/<preset>.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
export JOBS

release: ## build the library, the program and the examples (the default)
	@scripts/build.sh release

demo: ## see it learn: installs what is missing, builds, trains, draws
	@scripts/install-deps.sh demo
	@scripts/build.sh release -DRECUR_TESTS=OFF recur_program
	@scripts/demo.sh

test: ## install what is missing, build and run every test
	@scripts/install-deps.sh test
	@scripts/test.sh release

bench: ## speed, beside peers where those are installed (BENCH="--quick" or other options of bench/compare.py)
	@scripts/build.sh release bench_programs
	@bench/run.sh $(BENCH)

bench-scaling: ## what a layer costs as time, batch, width, layers and threads grow
	@scripts/build.sh release bench_programs
	@bench/run.sh --scaling --json build/release/bench/scaling.json $(BENCH)

install: ## install below PREFIX (/usr/local); DESTDIR is put before it
	@scripts/build.sh release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	@DESTDIR=$(DESTDIR) cmake --install build/release

uninstall: ## remove what `make install` installed
	@DESTDIR=$(DESTDIR) scripts/uninstall.sh

debug asan tsan coverage fuzz aarch64: ## build that preset (see CMakePresets.json)
	@scripts/build.sh $@

format: ## lay the code out with clang-format
	@scripts/format.sh

lint: ## run the linters
	@scripts/install-deps.sh test lint
	@scripts/lint.sh

clean: ## remove every build
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9 -]*\):.*## /make \1 - /p' Makefile

.PHONY: release demo test bench bench-scaling install uninstall debug asan tsan coverage fuzz aarch64 format lint clean help
