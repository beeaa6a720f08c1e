// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interface's definition and the registration of all tables of rules.

#include "compiler/autodiff/Rules.h"

#include "compiler/autodiff/DifferentiableOpInterface.cpp.inc"

using namespace mlir;

namespace ntc::autodiff {

void Cotangents::accumulate(Value value, Value contribution) {
  assert(value.getType() == contribution.getType() && "a cotangent has the type of its value");
  Value &sum = sums[value];
  sum = sum ? Value(at(sum) + at(contribution)) : contribution;
}

static void attachRules(MLIRContext *context, ir::nn::NnDialect *) {
  attachElementwiseRules(*context);
  attachReductionRules(*context);
  attachContractionRules(*context);
  attachPoolingRules(*context);
  attachNormalizationRules(*context);
  attachShapeRules(*context);
}

void registerDifferentiationRules(DialectRegistry &registry) { registry.addExtension(attachRules); }

} // namespace ntc::autodiff
