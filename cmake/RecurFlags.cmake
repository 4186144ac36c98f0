# SPDX-License-Identifier: MIT
# The flags that every file of the project is compiled with, as one interface target: recur_flags.
# -ffp-contract=off is part of the contract of equal bits: only fused operations written as such are fused.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_FLAGS_RELEASE "-O3")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g")

add_library(recur_flags INTERFACE)
target_compile_definitions(recur_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(recur_flags INTERFACE
    -ffp-contract=off -Wall -Wextra -Wpedantic -Wconversion -Wshadow)

if(RECUR_WERROR)
    target_compile_options(recur_flags INTERFACE -Werror)
endif()
if(RECUR_SANITIZE)
    set(sanitize -fsanitize=${RECUR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(recur_flags INTERFACE ${sanitize})
    target_link_options(recur_flags INTERFACE ${sanitize})
endif()
if(RECUR_COVERAGE)
    target_compile_options(recur_flags INTERFACE --coverage)
    target_link_options(recur_flags INTERFACE --coverage)
endif()
