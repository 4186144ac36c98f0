# SPDX-License-Identifier: MIT
# A thin front: CMake does the work, in build/<preset>.
GENERATOR := $(shell command -v ninja >/dev/null 2>&1 && echo -G Ninja)

release debug asan tsan coverage aarch64:
	@[ -f build/$@/CMakeCache.txt ] || cmake --preset $@ $(GENERATOR)
	@cmake --build build/$@ --parallel

clean:
	rm -rf build

.PHONY: release debug asan tsan coverage aarch64 clean
