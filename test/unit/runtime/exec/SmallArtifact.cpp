// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The small program as an artifact: the exported table of kernels and the manifest in its section.
#include "test/unit/runtime/exec/SmallProgram.h"

asm(".pushsection .ntc.manifest,\"\",@progbits\n"
    ".incbin \"" NTC_MANIFEST_FILE "\"\n"
    ".popsection\n");

extern "C" __attribute__((visibility("default"))) const ntc_artifact_v1_t ntc_artifact_v1 = {
    sizeof(ntc_artifact_v1_t), ntc::rt::test::smallKernels().size(),
    ntc::rt::test::smallKernels().data(), nullptr};
