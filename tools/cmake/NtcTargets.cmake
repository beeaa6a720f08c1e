# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Short wrappers for the project's targets: one call per library, tool and test.

# ccache caches users of a precompiled header only when told that nothing depends on when the header was written.
find_program(NTC_CCACHE ccache)
if(NTC_CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${NTC_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_library(ntc_options INTERFACE)
target_compile_options(ntc_options INTERFACE -Wall -Wextra -Wno-unused-parameter
  -Wno-deprecated-declarations) # of GCC 12's headers, in every file that calls std::stable_sort
target_include_directories(ntc_options INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}>)
if(NTC_SANITIZE)
  target_compile_options(ntc_options INTERFACE -fsanitize=${NTC_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(ntc_options INTERFACE -fsanitize=${NTC_SANITIZE})
  target_sources(ntc_options INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${CMAKE_CURRENT_LIST_DIR}/SanitizerOptions.c>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(ntc_options INTERFACE -fuse-ld=lld)
endif()

# ntc_add_library(NAME sources... LINK libs...): a static library of this project.
function(ntc_add_library name)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${A_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:ntc_options> PUBLIC ${A_LINK})
endfunction()

# ntc_add_tool(NAME sources... LINK libs...): a program in bin/.
function(ntc_add_tool name)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  add_executable(${name} ${A_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ntc_options ${A_LINK})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# ntc_add_unit_test(NAME sources... LINK libs...): one GoogleTest program, one ctest entry named NAME.
function(ntc_add_unit_test name)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  add_executable(${name} ${A_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ntc_options ${A_LINK} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/unit)
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit)
endfunction()
