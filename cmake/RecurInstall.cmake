# SPDX-License-Identifier: MIT
# What `make install` puts where: headers, both libraries, the program, manual pages, pkg-config file, CMake package.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/recur DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS recur_shared EXPORT recurTargets)
install(TARGETS recur_static EXPORT recurStaticTargets)
if(TARGET recur_program)
    install(TARGETS recur_program)
endif()
file(GLOB manual_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.1)
install(FILES ${manual_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The pkg-config file finds its prefix from where it lies, so that an installed tree can be moved.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pc /${pkgconfig_dir} /)
configure_file(cmake/recur.pc.in recur.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/recur.pc DESTINATION ${pkgconfig_dir})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/recur)
configure_package_config_file(cmake/recurConfig.cmake.in recurConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(recurConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/recurConfig.cmake ${PROJECT_BINARY_DIR}/recurConfigVersion.cmake
    cmake/FindJansson.cmake cmake/FindLibcsv.cmake DESTINATION ${package_dir})
install(EXPORT recurTargets NAMESPACE recur:: DESTINATION ${package_dir})
install(EXPORT recurStaticTargets NAMESPACE recur:: DESTINATION ${package_dir})
