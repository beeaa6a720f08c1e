// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of all passes.

#include "compiler/pipelines/RegisterPasses.h"

#include "compiler/autodiff/Passes.h"
#include "compiler/fuse/Passes.h"
#include "compiler/memory/Passes.h"
#include "compiler/optimize/Passes.h"
#include "compiler/verify/Passes.h"

namespace ntc {

void registerAllPasses() {
  autodiff::registerAutodiffPasses();
  optimize::registerOptimizePasses();
  fuse::registerFusePasses();
  memory::registerMemoryPasses();
  verify::registerVerifyPasses();
}

} // namespace ntc
