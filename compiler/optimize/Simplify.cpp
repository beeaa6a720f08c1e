// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Simplify: applies all families of algebraic rewrites and removes common subexpressions, in turns,
// until nothing changes.

#include "compiler/optimize/Simplify.h"

#include "compiler/optimize/Passes.h"
#include "dialects/LocalRewrites.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;

namespace ntc::optimize {

#define GEN_PASS_DEF_SIMPLIFY
#include "compiler/optimize/Passes.h.inc"

std::optional<double> splatNumber(Value value) {
  SplatElementsAttr splat;
  if (!matchPattern(value, m_Constant(&splat))) {
    return std::nullopt;
  }
  if (isa<FloatType>(splat.getElementType())) {
    return splat.getSplatValue<APFloat>().convertToDouble();
  }
  APInt integer = splat.getSplatValue<APInt>();
  return static_cast<double>(integer.getBitWidth() == 1 ? integer.getZExtValue()
                                                        : integer.getSExtValue());
}

bool isSplat(Value value, double number) {
  std::optional<double> splat = splatNumber(value);
  return splat && *splat == number;
}

LogicalResult simplify(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  populateSimplifyArithmeticPatterns(patterns);
  populateSimplifySelectPatterns(patterns);
  populateSimplifyConstantPatterns(patterns);
  populateSimplifyShapePatterns(patterns);
  populateSimplifyBroadcastPatterns(patterns);
  populateSimplifyReductionPatterns(patterns);
  populateSimplifyContractionPatterns(patterns);
  populateSimplifyPoolingPatterns(patterns);
  FrozenRewritePatternSet frozen(std::move(patterns));
  IRRewriter rewriter(root->getContext());
  bool changed = true;
  while (changed) {
    // Equal operands become one value before patterns look for them.
    bool merged = false, rewritten = false;
    DominanceInfo dominance;
    eliminateCommonSubExpressions(rewriter, dominance, root, &merged);
    if (failed(applyPatternsGreedily(root, frozen, localRewritesOnly(), &rewritten))) {
      return root->emitError("algebraic simplification reached no fixpoint");
    }
    changed = rewritten;
  }
  return success();
}

namespace {

struct Simplify : impl::SimplifyBase<Simplify> {
  void runOnOperation() override {
    if (failed(simplify(getOperation()))) {
      signalPassFailure();
    }
  }
};

} // namespace

} // namespace ntc::optimize
