# SPDX-License-Identifier: MIT
# One file of src/kernel/ per instruction set, each with its own flags: isa_portable.c everywhere, the others
# where the processor can have them.
#
# recur_isa(SOURCES DEFINITIONS): takes from the list called SOURCES the files of sets that are not for this processor,
# gives the others their flags, and sets DEFINITIONS to RECUR_HAVE_<SET>=1 for each that is compiled in.

option(RECUR_VECTOR "Compile the kernels for vector instruction sets too, not only portable C" ON)

function(recur_isa sources_var definitions_var)
    set(flags_avx2 -mavx2 -mfma)
    set(flags_avx512 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma)
    set(flags_neon "")
    set(usable "")
    if(NOT RECUR_VECTOR)
        # portable C alone
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
        set(usable avx2 avx512)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
        set(usable neon)
    endif()

    set(kept ${${sources_var}})
    set(have "")
    foreach(file ${kept})
        if(NOT file MATCHES "/src/kernel/isa_(avx2|avx512|neon)\\.c$")
            continue()
        endif()
        set(set ${CMAKE_MATCH_1})
        if(NOT set IN_LIST usable)
            list(REMOVE_ITEM kept ${file})
            continue()
        endif()
        set_property(SOURCE ${file} PROPERTY COMPILE_OPTIONS ${flags_${set}})
        string(TOUPPER ${set} upper)
        list(APPEND have RECUR_HAVE_${upper}=1)
    endforeach()
    set(${sources_var} ${kept} PARENT_SCOPE)
    set(${definitions_var} ${have} PARENT_SCOPE)
endfunction()
