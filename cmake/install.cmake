# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs libraries and headers, and what finds them: libvgpu.pc and the CMake package vgpu. The whole may be moved
# afterwards (cmake --install --prefix, DESTDIR): each file finds the others relative to itself.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vgpu)
install(TARGETS vgpu vgpu_static EXPORT vgpuTargets)
install(EXPORT vgpuTargets NAMESPACE vgpu:: DESTINATION ${package_dir})
install(DIRECTORY include/vgpu DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

configure_package_config_file(cmake/vgpuConfig.cmake.in vgpuConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(vgpuConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/vgpuConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/vgpuConfigVersion.cmake
        DESTINATION ${package_dir})

file(RELATIVE_PATH VGPU_PREFIX_FROM_PKGCONFIG ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH VGPU_LIBDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH VGPU_INCLUDEDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/libvgpu.pc.in libvgpu.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libvgpu.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
