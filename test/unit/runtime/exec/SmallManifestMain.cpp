// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MANIFEST: writes the small program's manifest there, for SmallArtifact.cpp.
// --seal ARTIFACT: appends its seal to the linked library.
#include "runtime/artifact/Seal.h"
#include "runtime/base/File.h"
#include "test/unit/runtime/exec/SmallProgram.h"

int main(int argc, char **argv) {
  using namespace ntc::rt;
  if (argc == 3 && std::string_view(argv[1]) == "--seal") {
    auto file = readFile(argv[2], 1 << 24);
    if (!file) {
      return 1;
    }
    auto seal = artifact::sealOf(*file);
    file->insert(file->end(), seal.begin(), seal.end());
    return writeFileAtomically(argv[2], *file).isOk() ? 0 : 1;
  }
  auto bytes = artifact::serialize(test::smallManifest());
  return argc == 2 && writeFileAtomically(argv[1], bytes).isOk() ? 0 : 1;
}
