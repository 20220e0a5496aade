# What `cmake --install` puts where: the program, the shared library with its one public header, the
# scenarios, the man pages, and how pkg-config and CMake find the library. Everything is found
# relative to where it lies, so that an installation may be moved or given another --prefix.
#
# A distribution that splits it: `library` is what libfakeproxy0 has, `development` libfakeproxy-dev.
include(CMakePackageConfigHelpers)

set(FP_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/fakeproxy)

install(TARGETS fakeproxy_shared EXPORT fakeproxyTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT library NAMELINK_COMPONENT development)
install(FILES fakeproxy/fakeproxy.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fakeproxy
        COMPONENT development)
if(TARGET fakeproxy)
    install(TARGETS fakeproxy RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

if(TARGET clientsuite)
    install(TARGETS clientsuite RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    install(DIRECTORY clientsuite/clients DESTINATION ${CMAKE_INSTALL_DATADIR}/fakeproxy
            USE_SOURCE_PERMISSIONS)
endif()

if(EXISTS ${CMAKE_SOURCE_DIR}/scenarios)
    install(DIRECTORY scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/fakeproxy
            FILES_MATCHING PATTERN *.json)
endif()
foreach(section 1 3 5)
    file(GLOB pages CONFIGURE_DEPENDS docs/man/*.${section})
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# ${pcfiledir} is where the .pc file was found, so the prefix is right wherever that is.
file(RELATIVE_PATH FP_PC_PREFIX /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(cmake/fakeproxy.pc.in ${CMAKE_BINARY_DIR}/fakeproxy.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/fakeproxy.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)

install(EXPORT fakeproxyTargets NAMESPACE fakeproxy:: DESTINATION ${FP_PACKAGE_DIR}
        COMPONENT development)
configure_package_config_file(cmake/fakeproxyConfig.cmake.in ${CMAKE_BINARY_DIR}/fakeproxyConfig.cmake
    INSTALL_DESTINATION ${FP_PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/fakeproxyConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/fakeproxyConfig.cmake ${CMAKE_BINARY_DIR}/fakeproxyConfigVersion.cmake
        DESTINATION ${FP_PACKAGE_DIR} COMPONENT development)
