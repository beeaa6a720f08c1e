// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks of the emitters' choices.

#include "codegen/cpu/Choose.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ntc::codegen::cpu {

static StringRef nameOf(KernelChoice choice) {
  return llvm::find_if(
             pipelines::kOptimizations,
             [&](const pipelines::OptimizationInfo &info) { return info.choice == choice; })
      ->name;
}

bool choose(const KernelBuilder &k, KernelChoice choice, bool applies,
            llvm::function_ref<std::string()> text) {
  if (!k.choices.has(choice)) {
    return false;
  }
  if (k.loc.getContext()->getRemarkEngine()) {
    const auto options = remark::RemarkOpts::name("emit").category(nameOf(choice));
    (applies ? remark::passed(k.loc, options) : remark::missed(k.loc, options)) << text();
  }
  return applies;
}

bool chooseUnless(const KernelBuilder &k, KernelChoice choice, StringRef whyNot,
                  llvm::function_ref<std::string()> applied) {
  return choose(k, choice, whyNot.empty(),
                [&] { return whyNot.empty() ? applied() : whyNot.str(); });
}

bool chooseBlocks(const KernelBuilder &k, const KernelBuilder::Cuts &cuts, int64_t bytes,
                  int64_t fits) {
  return choose(k, KernelChoice::BlockReductions, !cuts.empty(), [&]() -> std::string {
    if (cuts.empty()) {
      return bytes <= fits ? llvm::formatv("its tiles read {0} KiB, which fit {1} KiB of cache",
                                           bytes / 1024, fits / 1024)
                                 .str()
                           : "its loops are too short to cut";
    }
    std::string sizes;
    for (auto [loop, size] : cuts) {
      sizes += (sizes.empty() ? "" : " x ") + std::to_string(size);
    }
    return llvm::formatv("its tiles read {0} KiB: sums run in blocks of {1} indices", bytes / 1024,
                         sizes)
        .str();
  });
}

} // namespace ntc::codegen::cpu
