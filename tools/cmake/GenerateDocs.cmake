# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The reference pages of dialects and passes, from their descriptions in .td files. Run as a script:
#   cmake -DTBLGEN=mlir-tblgen -DSOURCE=<checkout> -DINCLUDE=<LLVM's headers> -DMODE=update|check -P GenerateDocs.cmake
# `update` writes docs/dialects/*.md and docs/passes/*.md; `check` fails if one of them is not what `update` would write.
cmake_minimum_required(VERSION 3.25)
set(stale)

# generate(PAGE TITLE TD arguments of mlir-tblgen...): one page. TITLE is put in front where tblgen writes none.
function(generate page title td)
  execute_process(COMMAND ${TBLGEN} ${ARGN} -I ${SOURCE} -I ${INCLUDE} ${SOURCE}/${td}
    OUTPUT_VARIABLE text RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "mlir-tblgen could not read ${td}")
  endif()
  string(PREPEND text "${title}")
  set(file ${SOURCE}/docs/${page})
  if(MODE STREQUAL "update")
    file(WRITE ${file} "${text}")
    return()
  endif()
  set(committed)
  if(EXISTS ${file})
    file(READ ${file} committed)
  endif()
  if(NOT text STREQUAL committed)
    set(stale ${stale} docs/${page} PARENT_SCOPE)
  endif()
endfunction()

foreach(dialect nn train plan)
  string(SUBSTRING ${dialect} 0 1 first)
  string(SUBSTRING ${dialect} 1 -1 rest)
  string(TOUPPER ${first} first)
  generate(dialects/${dialect}.md "" dialects/${dialect}/${first}${rest}Ops.td -gen-dialect-doc -dialect=${dialect})
endforeach()

# Every folder with a Passes.td: a pass cannot be added without its page.
file(GLOB tables RELATIVE ${SOURCE} ${SOURCE}/compiler/*/Passes.td ${SOURCE}/codegen/*/Passes.td)
foreach(td ${tables})
  get_filename_component(folder ${td} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  generate(passes/${name}.md "# Passes of `${folder}`\n\n" ${td} -gen-pass-doc)
endforeach()

if(stale)
  list(JOIN stale ", " stale)
  message(FATAL_ERROR
    "not what the descriptions in the .td files say: ${stale}; build the target ntc-docs and commit the result")
endif()
