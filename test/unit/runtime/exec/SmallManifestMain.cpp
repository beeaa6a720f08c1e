// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the small program's manifest to the file that is named on the command line, for
// SmallArtifact.cpp.
#include "runtime/base/File.h"
#include "test/unit/runtime/exec/SmallProgram.h"

int main(int argc, char **argv) {
  using namespace ntc::rt;
  auto bytes = artifact::serialize(test::smallManifest());
  return argc == 2 && writeFileAtomically(argv[1], bytes).isOk() ? 0 : 1;
}
