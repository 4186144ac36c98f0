# SPDX-License-Identifier: MIT
# Finds oneDNN (a peer in the benchmarks) and defines Onednn::Onednn.
find_path(Onednn_INCLUDE_DIR oneapi/dnnl/dnnl.h)
find_library(Onednn_LIBRARY dnnl)
mark_as_advanced(Onednn_INCLUDE_DIR Onednn_LIBRARY)

if(Onednn_INCLUDE_DIR)
    file(STRINGS ${Onednn_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h Onednn_VERSION REGEX "DNNL_VERSION_M[AJINO]+R [0-9]+")
    list(TRANSFORM Onednn_VERSION REPLACE "[^0-9]+" "")
    list(JOIN Onednn_VERSION "." Onednn_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Onednn
    REQUIRED_VARS Onednn_LIBRARY Onednn_INCLUDE_DIR VERSION_VAR Onednn_VERSION HANDLE_VERSION_RANGE)

if(Onednn_FOUND AND NOT TARGET Onednn::Onednn)
    add_library(Onednn::Onednn UNKNOWN IMPORTED)
    set_target_properties(Onednn::Onednn PROPERTIES
        IMPORTED_LOCATION ${Onednn_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${Onednn_INCLUDE_DIR})
endif()
