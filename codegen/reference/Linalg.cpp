// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of structured operations: for each point of the iteration space, in row-major order, the
// body is run on the elements that the indexing maps name, and what it yields replaces the elements
// of the outputs. `linalg.generic`, `linalg.fill` and every named operation are this one loop.

#include "codegen/reference/ScalarOps.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace ntc::reference {
namespace {

/// Where an operand's element lies, for a point of the iteration space.
class Access {
public:
  Access(AffineMap map, const Tensor &tensor) : map(map), strides(tensor.getStrides()) {
    coefficients.assign(map.getNumDims(), 0);
    for (auto [result, stride] : llvm::zip(map.getResults(), strides)) {
      SmallVector<int64_t> flat;
      if (failed(getFlattenedAffineExpr(result, map.getNumDims(), 0, &flat)) ||
          flat.size() != map.getNumDims() + 1) {
        linear = false; // a division or a remainder
        return;
      }
      for (unsigned d = 0; d < map.getNumDims(); ++d) {
        coefficients[d] += flat[d] * stride;
      }
      constant += flat.back() * stride;
    }
  }

  int64_t offset(ArrayRef<int64_t> point) const {
    int64_t result = constant;
    if (linear) {
      for (size_t d = 0; d < point.size(); ++d) {
        result += coefficients[d] * point[d];
      }
      return result;
    }
    result = 0;
    for (auto [index, stride] : llvm::zip(map.compose(point), strides)) {
      result += index * stride;
    }
    return result;
  }

private:
  AffineMap map;
  SmallVector<int64_t> strides, coefficients;
  int64_t constant = 0;
  bool linear = true;
};

/// The body of a structured operation, resolved: values are numbered, operations are functions on
/// the numbers' slots.
class Body {
public:
  /// Fails with a diagnostic on an operation that cannot stand in a body.
  LogicalResult resolve(Block &block, const Call &call) {
    for (BlockArgument argument : block.getArguments()) {
      slotOf(argument);
    }
    for (Operation &op : block.without_terminator()) {
      FailureOr<ScalarFunction> function = functionOf(op, call);
      if (failed(function)) {
        return failure();
      }
      Step step{&op, std::move(*function), {}, {}};
      for (Value operand : op.getOperands()) {
        // A tensor that the body reads from is bound in the function.
        step.operands.push_back(isa<TensorType>(operand.getType()) ? 0 : slotOf(operand, &call));
      }
      for (Value result : op.getResults()) {
        step.results.push_back(slotOf(result));
      }
      steps.push_back(std::move(step));
    }
    for (Value operand : block.getTerminator()->getOperands()) {
      yields.push_back(slotOf(operand, &call));
    }
    return success();
  }

  /// The slots of the block's arguments come first, in order.
  MutableArrayRef<Scalar> arguments(size_t count) {
    return MutableArrayRef<Scalar>(slots).take_front(count);
  }
  Scalar yielded(size_t i) const { return slots[yields[i]]; }

  LogicalResult run(ArrayRef<int64_t> at) {
    point = at;
    for (Step &step : steps) {
      SmallVector<Scalar, 4> in, out(step.results.size());
      for (unsigned slot : step.operands) {
        in.push_back(slots[slot]);
      }
      if (!step.function(in, out)) {
        return step.op->emitOpError("is undefined for its operands");
      }
      for (auto [slot, value] : llvm::zip(step.results, out)) {
        slots[slot] = value;
      }
    }
    return success();
  }

private:
  struct Step {
    Operation *op;
    ScalarFunction function;
    SmallVector<unsigned, 4> operands, results;
  };

  /// The slot of a value. A value of outside, if `call` is given, is read there once.
  unsigned slotOf(Value value, const Call *call = nullptr) {
    auto [entry, isNew] = numbers.try_emplace(value, slots.size());
    if (isNew) {
      slots.push_back(call ? call->frame.get(value).at(0) : Scalar{});
    }
    return entry->second;
  }

  FailureOr<ScalarFunction> functionOf(Operation &op, const Call &call) {
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      return ScalarFunction(
          [this, d = index.getDim()](ArrayRef<Scalar>, MutableArrayRef<Scalar> out) {
            out[0].integer = point[d];
            return true;
          });
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      const Tensor *tensor = &call.frame.get(extract.getTensor());
      return ScalarFunction([tensor, strides = tensor->getStrides()](ArrayRef<Scalar> in,
                                                                     MutableArrayRef<Scalar> out) {
        int64_t offset = 0;
        for (size_t d = 0; d < strides.size(); ++d) {
          int64_t index = in[d + 1].integer;
          if (index < 0 || index >= tensor->getDim(d)) {
            return false;
          }
          offset += index * strides[d];
        }
        out[0] = tensor->at(offset);
        return true;
      });
    }
    ScalarFunction function = scalarFunctionOf(&op, call.options);
    if (!function) {
      return op.emitOpError("is not known to the reference interpreter in the body of ")
             << call.op->getName();
    }
    return function;
  }

  ArrayRef<int64_t> point;
  std::vector<Scalar> slots;
  DenseMap<Value, unsigned> numbers;
  std::vector<Step> steps;
  SmallVector<unsigned> yields;
};

Outcome evaluateStructured(Call &call, linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics()) {
    call.op->emitOpError("must work on tensors for the reference interpreter");
    return Outcome::Failed;
  }
  Body body;
  if (failed(body.resolve(*op.getBlock(), call))) {
    return Outcome::Failed;
  }
  unsigned inputs = op.getNumDpsInputs(), outputs = op.getNumDpsInits();
  for (unsigned i = 0; i < outputs; ++i) {
    call.out(i) = call.in(inputs + i);
  }
  auto tensorOf = [&](unsigned i) -> Tensor {
    return i < inputs ? *call.operands[i] : call.results[i - inputs];
  };
  SmallVector<Access> accesses;
  for (unsigned i = 0; i < inputs + outputs; ++i) {
    accesses.emplace_back(op.getIndexingMapsArray()[i], tensorOf(i));
  }
  MutableArrayRef<Scalar> arguments = body.arguments(inputs + outputs);
  bool failedAtPoint = false;
  forEachIndex(op.getStaticLoopRanges(), [&](ArrayRef<int64_t> point) {
    if (failedAtPoint) {
      return;
    }
    for (unsigned i = 0; i < inputs; ++i) {
      arguments[i] = call.in(i).at(accesses[i].offset(point));
    }
    for (unsigned i = 0; i < outputs; ++i) {
      arguments[inputs + i] = call.out(i).at(accesses[inputs + i].offset(point));
    }
    failedAtPoint = failed(body.run(point));
    for (unsigned i = 0; i < outputs && !failedAtPoint; ++i) {
      call.out(i).set(accesses[inputs + i].offset(point), body.yielded(i));
    }
  });
  return failedAtPoint ? Outcome::Failed : Outcome::Done;
}

} // namespace

Outcome evaluateLinalg(Call &call) {
  if (auto op = dyn_cast<linalg::LinalgOp>(call.op)) {
    return evaluateStructured(call, op);
  }
  return Outcome::NotMine;
}

} // namespace ntc::reference
