// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks: operations in order, each given to the category that knows it; values are dropped after
// their last use.

#include "codegen/reference/Evaluator.h"

#include "mlir/IR/OpDefinition.h"

using namespace mlir;

namespace ntc::reference {

static LogicalResult evaluateByCategory(Call &call) {
  for (auto category : {evaluateElementwise, evaluateReduction, evaluateContraction,
                        evaluatePooling, evaluateNormalization, evaluateShape, evaluateLinalg,
                        evaluateTensorOps, evaluateScalarOps, evaluateRegion}) {
    Outcome outcome = category(call);
    if (outcome != Outcome::NotMine) {
      return success(outcome == Outcome::Done);
    }
  }
  return call.op->emitOpError("is not known to the reference interpreter");
}

/// True for the types that a Tensor can have.
static bool isTensorOrScalar(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return (!tensor || tensor.hasStaticShape()) && getElementTypeOrSelf(type).isIntOrIndexOrFloat() &&
         (tensor || type.isIntOrIndexOrFloat());
}

LogicalResult evaluate(Operation *op, Frame &frame, const Options &options) {
  Call call{op, {}, {}, options, frame};
  for (Value operand : op->getOperands()) {
    call.operands.push_back(&frame.get(operand));
  }
  for (Type type : op->getResultTypes()) {
    if (!isTensorOrScalar(type)) {
      return op->emitOpError("the reference interpreter has no values of type ") << type;
    }
    call.results.emplace_back(type);
  }
  if (failed(evaluateByCategory(call))) {
    return failure();
  }
  for (auto [value, tensor] : llvm::zip(op->getResults(), call.results)) {
    frame.define(value, std::move(tensor));
  }
  return success();
}

/// For each operation of `block`, the values of the block that nobody needs after it.
static DenseMap<Operation *, SmallVector<Value>> lastUses(Block &block) {
  DenseMap<Operation *, SmallVector<Value>> dying;
  auto consider = [&](Value value, Operation *last) {
    for (Operation *user : value.getUsers()) {
      Operation *inBlock = block.findAncestorOpInBlock(*user);
      if (inBlock && (!last || last->isBeforeInBlock(inBlock))) {
        last = inBlock;
      }
    }
    if (last) {
      dying[last].push_back(value);
    }
  };
  for (BlockArgument argument : block.getArguments()) {
    consider(argument, nullptr);
  }
  for (Operation &op : block) {
    for (Value result : op.getResults()) {
      consider(result, &op);
    }
  }
  return dying;
}

/// The arguments must be of the block's types; element types count, so that a wrong caller is found
/// early.
static LogicalResult checkArguments(Block &block, ArrayRef<Tensor> args) {
  Operation *parent = block.getParentOp();
  if (args.size() != block.getNumArguments()) {
    return parent->emitOpError("takes ")
           << block.getNumArguments() << " arguments, the interpreter was given " << args.size();
  }
  for (auto [i, arg] : llvm::enumerate(args)) {
    Type expected = block.getArgument(i).getType();
    auto tensor = dyn_cast<RankedTensorType>(expected);
    bool shapeFits = tensor ? tensor.getShape() == arg.getShape() : arg.getRank() == 0;
    if (!shapeFits || getElementTypeOrSelf(expected) != arg.getElementType()) {
      return parent->emitOpError("argument ")
             << i << " has type " << expected << ", the interpreter was given " << arg.getType();
    }
  }
  return success();
}

FailureOr<Results> evaluate(Block &block, ArrayRef<Tensor> args, const Options &options,
                            const Frame *outer, Handler handler) {
  if (failed(checkArguments(block, args))) {
    return failure();
  }
  Frame frame(outer);
  for (auto [argument, value] : llvm::zip(block.getArguments(), args)) {
    frame.define(argument, value);
  }
  DenseMap<Operation *, SmallVector<Value>> dying = lastUses(block);
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      return llvm::map_to_vector(op.getOperands(), [&](Value value) { return frame.get(value); });
    }
    std::optional<LogicalResult> handled = handler ? handler(&op, frame) : std::nullopt;
    if (failed(handled ? *handled : evaluate(&op, frame, options))) {
      return failure();
    }
    for (Value value : dying.lookup(&op)) {
      frame.forget(value);
    }
  }
  return block.getParentOp()->emitOpError("has a block without a terminator");
}

FailureOr<Results> evaluate(Region &region, ArrayRef<Tensor> args, const Options &options) {
  if (!region.hasOneBlock()) {
    return region.getParentOp()->emitOpError("the reference interpreter runs single blocks only");
  }
  return evaluate(region.front(), args, options);
}

Outcome evaluateRegion(Call &call) {
  Operation *op = call.op;
  if (op->getNumRegions() != 1 || !op->getRegion(0).hasOneBlock() ||
      !op->hasTrait<OpTrait::IsIsolatedFromAbove>()) {
    return Outcome::NotMine;
  }
  auto args = llvm::map_to_vector(call.operands, [](const Tensor *operand) { return *operand; });
  FailureOr<Results> results = evaluate(op->getRegion(0), args, call.options);
  if (failed(results)) {
    return Outcome::Failed;
  }
  if (TypeRange(op->getRegion(0).front().getTerminator()->getOperandTypes()) !=
      TypeRange(op->getResultTypes())) {
    op->emitOpError("has a region whose terminator does not give the operation's results");
    return Outcome::Failed;
  }
  call.results = std::move(*results);
  return Outcome::Done;
}

} // namespace ntc::reference
