// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A streamer of MLIR's remark engine.
#include "tools/ntc/Remarks.h"

#include "compiler/fuse/DispatchNames.h"

#include "mlir/IR/Remarks.h"

#include <cstdio>

using namespace mlir;

namespace ntc::driver {
namespace {

class RemarkPrinter : public remark::detail::MLIRRemarkStreamerBase {
public:
  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    std::string text;
    for (const remark::detail::Remark::Arg &arg : remark.getArgs()) {
      text += (text.empty() ? "" : ", ") + arg.val;
    }
    bool missed = remark.getRemarkType() == llvm::remarks::Type::Missed;
    std::fprintf(stderr, "%s: %s: %s: %s\n", missed ? "missed" : "remark",
                 remark.getCategoryName().str().c_str(),
                 fuse::layerName(remark.getLocation()).c_str(), text.c_str());
  }
};

} // namespace

void printRemarks(MLIRContext &context, const std::string &filter) {
  // The engine wants the whole name to match; and its `all` alone enables nothing, it only widens
  // the kinds that have a filter.
  std::string part = ".*(" + filter + ").*";
  remark::RemarkCategories categories{std::nullopt, part, part, part, part};
  (void)remark::enableOptimizationRemarks(context, std::make_unique<RemarkPrinter>(),
                                          std::make_unique<remark::RemarkEmittingPolicyAll>(),
                                          categories);
}

} // namespace ntc::driver
