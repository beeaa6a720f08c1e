// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MixedPrecision: products in bf16. Operands of contractions are rounded to bf16 where they are
// computed, so that they are stored so; sums stay in f32. The rounding is written as a pair of
// casts, which every later pass and the interpreter understand as they stand.

#include "compiler/optimize/Passes.h"
#include "dialects/train/Train.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace ntc::ir;

namespace ntc::optimize {

#define GEN_PASS_DEF_MIXEDPRECISION
#include "compiler/optimize/Passes.h.inc"

namespace {

constexpr auto kRemark = remark::RemarkOpts::name("narrow").category("mixed-precision");

bool isContraction(Operation *op) {
  return isa<nn::MatmulOp, nn::ConvOp, nn::ConvDxOp, nn::ConvDwOp>(op);
}

/// Operations that only move the elements of one tensor: rounding before them is rounding behind.
bool onlyMoves(Operation *op) { return op && isa<nn::ReshapeOp, nn::TransposeOp>(op); }

bool isReduction(Operation *op) {
  return isa<nn::ReduceSumOp, nn::ReduceMaxOp, nn::ReduceMinOp, nn::MaxPoolOp, nn::AvgPoolOp>(op);
}

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

class Narrower {
public:
  explicit Narrower(Block &block) : block(block), b(block.getParentOp()->getContext()) {}

  void run() {
    findWhatReachesContractions();
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (!isContraction(&op)) {
        continue;
      }
      Type element = typeOf(op.getResult(0)).getElementType();
      if (!element.isF32()) {
        remark::missed(op.getLoc(), kRemark) << remark::add("stays {0}: not f32", element);
        continue;
      }
      for (OpOperand &operand : op.getOpOperands()) {
        operand.set(rounded(operand.get()));
      }
      bool isStored = isStoredForContractions(op.getResult(0));
      if (isStored) {
        (void)rounded(op.getResult(0));
      }
      remark::passed(op.getLoc(), kRemark)
          << remark::add("{0} of bf16, summed in f32, stored as {1}", op.getName().stripDialect(),
                         isStored ? "bf16" : "f32");
    }
  }

private:
  Block &block;
  OpBuilder b;
  DenseSet<Value> reaching;          ///< values from which a contraction's operand is computed
  DenseMap<Value, Value> bf16Copies; ///< of f32 values

  void findWhatReachesContractions() {
    for (Operation &op : llvm::reverse(block)) {
      bool reaches = isContraction(&op) || llvm::any_of(op.getResults(), [&](Value result) {
                       return reaching.contains(result);
                     });
      if (reaches) {
        reaching.insert(op.operand_begin(), op.operand_end());
      }
    }
  }

  /// Is the result of a contraction an activation (or the gradient of one) that will lie in memory:
  /// read more than once or by a reduction? Gradients of weights, which no contraction reads, stay
  /// f32.
  bool isStoredForContractions(Value result) {
    return reaching.contains(result) &&
           (!result.hasOneUse() || isReduction(*result.user_begin())) && !result.use_empty();
  }

  /// `value` as bf16.
  Value narrow(Value value) {
    if (auto cast = value.getDefiningOp<nn::CastOp>();
        cast && typeOf(cast.getInput()).getElementType().isBF16()) {
      return cast.getInput();
    }
    Value &copy = bf16Copies[value];
    if (copy) {
      return copy;
    }
    Operation *def = value.getDefiningOp();
    auto type = typeOf(value).clone(b.getBF16Type());
    if (onlyMoves(def)) {
      Value source = narrow(def->getOperand(0));
      b.setInsertionPointAfter(def);
      IRMapping mapping;
      mapping.map(def->getOperand(0), source);
      Operation *move = b.clone(*def, mapping);
      move->getResult(0).setType(type);
      return bf16Copies[value] = move->getResult(0);
    }
    if (def) {
      b.setInsertionPointAfter(def);
    } else {
      b.setInsertionPointToStart(&block);
    }
    return copy = nn::CastOp::create(b, value.getLoc(), type, value);
  }

  /// `value` rounded to bf16. Other readers of an activation read the rounded numbers too, so that
  /// only those are stored; masters (states), inputs and what leaves the entry stay as they are.
  Value rounded(Value value) {
    Value source = value;
    while (onlyMoves(source.getDefiningOp())) {
      source = source.getDefiningOp()->getOperand(0);
    }
    if (source != value) {
      (void)rounded(source);
    }
    if (auto cast = value.getDefiningOp<nn::CastOp>();
        cast && typeOf(cast.getInput()).getElementType().isBF16()) {
      return value;
    }
    Value copy = narrow(value);
    b.setInsertionPointAfter(copy.getDefiningOp());
    Value wide = nn::CastOp::create(b, value.getLoc(), value.getType(), copy);
    bool isComputed = value.getDefiningOp() && !value.getDefiningOp<train::ReadOp>();
    if (isComputed) {
      value.replaceUsesWithIf(wide, [&](OpOperand &use) {
        Operation *user = use.getOwner();
        return user != copy.getDefiningOp() && isa<nn::NnDialect>(user->getDialect());
      });
    }
    return wide;
  }
};

struct MixedPrecision : impl::MixedPrecisionBase<MixedPrecision> {
  void runOnOperation() override {
    getOperation()->walk([](Block *block) { Narrower(*block).run(); });
  }
};

} // namespace

} // namespace ntc::optimize
