# SPDX-License-Identifier: MIT
# One file of src/kernel/ per instruction set, each with its own flags: isa_portable.c everywhere, the others
# where the processor can have them. RECUR_HAVE_<SET> tells src/kernel/ which of them are compiled in.

set(recur_isa_avx2 -mavx2 -mfma)
set(recur_isa_avx512 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma)
set(recur_isa_neon "")

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(recur_isa_sets avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(recur_isa_sets neon)
else()
    set(recur_isa_sets "")
endif()

file(GLOB kernel_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/kernel/*.c)
foreach(set avx2 avx512 neon)
    set(file ${PROJECT_SOURCE_DIR}/src/kernel/isa_${set}.c)
    if(NOT set IN_LIST recur_isa_sets)
        list(REMOVE_ITEM recur_sources ${file})
    elseif(file IN_LIST recur_sources)
        set_property(SOURCE ${file} PROPERTY COMPILE_OPTIONS ${recur_isa_${set}})
        string(TOUPPER ${set} upper)
        set_property(SOURCE ${kernel_sources} APPEND PROPERTY COMPILE_DEFINITIONS RECUR_HAVE_${upper}=1)
    endif()
endforeach()
