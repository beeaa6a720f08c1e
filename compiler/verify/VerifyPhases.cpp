// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contracts of the phases captured, differentiated and fused.

#include "compiler/verify/Passes.h"
#include "compiler/verify/Sizes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace ntc::verify {
namespace train = ir::train;

#define GEN_PASS_DEF_VERIFYCAPTURED
#define GEN_PASS_DEF_VERIFYDIFFERENTIATED
#define GEN_PASS_DEF_VERIFYFUSED
#include "compiler/verify/Passes.h.inc"

/// Every argument is an input, a target or a control; every result a metric with its count or an
/// output.
static LogicalResult verifySignature(train::EntryOp entry) {
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    bool known = entry.getArgAttr(i, train::kInputAttr) ||
                 entry.getArgAttr(i, train::kTargetAttr) ||
                 entry.getArgAttr(i, train::kControlAttr);
    if (!known) {
      return entry.emitOpError("argument ")
             << i << " is neither an input nor a target nor a control";
    }
  }
  llvm::StringSet<> sums, counts;
  for (unsigned i = 0; i < entry.getNumResults(); ++i) {
    if (auto sum = entry.getResultAttrOfType<StringAttr>(i, train::kMetricAttr)) {
      sums.insert(sum.getValue());
    } else if (auto count = entry.getResultAttrOfType<StringAttr>(i, train::kMetricCountAttr)) {
      counts.insert(count.getValue());
    } else if (!entry.getResultAttr(i, train::kOutputAttr)) {
      return entry.emitOpError("result ")
             << i << " is neither a metric nor its count nor an output";
    }
  }
  for (auto &sum : sums) {
    if (!counts.contains(sum.getKey())) {
      return entry.emitOpError("metric ") << sum.getKey() << " has no count";
    }
  }
  return success();
}

/// Entries hold nn and train operations only; gradients where `gradients` allows them.
static LogicalResult verifyTensorProgram(train::ProgramOp program, bool gradients) {
  if (failed(verifySizes(program))) {
    return failure();
  }
  for (auto entry : program.getBody().getOps<train::EntryOp>()) {
    if (failed(verifySignature(entry))) {
      return failure();
    }
    for (Operation &op : entry.getBody().front()) {
      if (!isa<ir::nn::NnDialect, train::TrainDialect>(op.getDialect())) {
        return op.emitError(
            "does not belong to a program before fusion, which holds nn and train operations");
      }
      if (isa<train::GradientOp>(op) && !gradients) {
        return op.emitError("is left after differentiation");
      }
    }
  }
  return success();
}

namespace {

struct VerifyCaptured : impl::VerifyCapturedBase<VerifyCaptured> {
  void runOnOperation() override {
    if (failed(mlir::verify(getOperation())) ||
        failed(verifyTensorProgram(getOperation(), /*gradients=*/true))) {
      signalPassFailure();
    }
  }
};

struct VerifyDifferentiated : impl::VerifyDifferentiatedBase<VerifyDifferentiated> {
  void runOnOperation() override {
    if (failed(mlir::verify(getOperation())) ||
        failed(verifyTensorProgram(getOperation(), /*gradients=*/false))) {
      signalPassFailure();
    }
  }
};

struct VerifyFused : impl::VerifyFusedBase<VerifyFused> {
  void runOnOperation() override {
    if (failed(mlir::verify(getOperation())) || failed(verifySizes(getOperation()))) {
      return signalPassFailure();
    }
    for (auto entry : getOperation().getBody().getOps<train::EntryOp>()) {
      for (Operation &op : entry.getBody().front()) {
        if (!isa<ir::plan::DispatchOp, ir::nn::ReshapeOp, train::ReadOp, train::AssignOp,
                 train::ReturnOp>(op)) {
          op.emitError("computes outside of a dispatch");
          return signalPassFailure();
        }
      }
    }
    getOperation()->walk([&](ir::plan::DispatchOp dispatch) {
      for (Operation &op : dispatch.getBody().front()) {
        if (!isa<linalg::LinalgDialect, tensor::TensorDialect, arith::ArithDialect,
                 math::MathDialect>(op.getDialect()) &&
            !isa<ir::nn::ReshapeOp, ir::plan::YieldOp>(op)) {
          op.emitError("does not belong into a dispatch, which holds linalg on tensors");
          signalPassFailure();
        }
      }
    });
  }
};

} // namespace
} // namespace ntc::verify
