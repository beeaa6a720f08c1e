// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluation of straight-line tensor programs: every operation of `nn`, structured operations of
// `linalg`, what of `tensor`, `arith` and `math` surrounds them, and isolated regions such as a
// dispatch. Written to be read: it defines what programs mean, and every back end is judged by it.
// Speed is no aim.
#pragma once

#include "codegen/reference/Arithmetic.h"
#include "codegen/reference/Tensor.h"

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "mlir/Support/LLVM.h"

namespace ntc::reference {

using Results = SmallVector<Tensor>;

/// Values known at one point of a block; blocks inside of others see the values around them.
class Frame {
public:
  explicit Frame(const Frame *outer = nullptr) : outer(outer) {}
  void define(mlir::Value value, Tensor tensor) { values[value] = std::move(tensor); }
  void forget(mlir::Value value) { values.erase(value); }
  /// The tensor of `value`, which must be defined. Valid until the next definition.
  const Tensor &get(mlir::Value value) const {
    auto found = values.find(value);
    if (found == values.end()) {
      assert(outer && "a verified program uses no value before its definition");
      return outer->get(value);
    }
    return found->second;
  }

private:
  const Frame *outer;
  llvm::DenseMap<mlir::Value, Tensor> values;
};

/// One operation about to be evaluated: its operands, and its results, zeros of the right types to
/// be filled in.
struct Call {
  mlir::Operation *op;
  SmallVector<const Tensor *> operands;
  Results results;
  const Options &options;
  const Frame &frame;

  const Tensor &in(size_t i) const { return *operands[i]; }
  Tensor &out(size_t i = 0) { return results[i]; }
  /// Rounding to the element type of result `i`.
  Rounder rounder(size_t i = 0) const { return {results[i].getElementType(), options}; }
  Summation summation(size_t i = 0) const { return {results[i].getElementType(), options}; }
};

/// What a category says to an operation. Failed: a diagnostic has been emitted on it.
enum class Outcome { Done, Failed, NotMine };

// The categories of `nn`, one file each, in the order of the dialect's files.
Outcome evaluateElementwise(Call &call);
Outcome evaluateReduction(Call &call);
Outcome evaluateContraction(Call &call);
Outcome evaluatePooling(Call &call);
Outcome evaluateNormalization(Call &call);
Outcome evaluateShape(Call &call);
// The dialects of a fused program.
Outcome evaluateLinalg(Call &call);
Outcome evaluateTensorOps(Call &call);
Outcome evaluateScalarOps(Call &call);
/// An isolated operation with one block: operands become the block's arguments, its terminator's
/// operands the results.
Outcome evaluateRegion(Call &call);

/// What an embedding gives meaning to, before the categories are asked: no value if the operation
/// is not its own.
using Handler = llvm::function_ref<std::optional<mlir::LogicalResult>(mlir::Operation *, Frame &)>;

/// Evaluates `block` with `args` for its arguments and returns the values of its terminator's
/// operands. Values of enclosing blocks are taken from `outer`; `handler`, if given, sees each
/// operation first. Fails with a diagnostic on the operation that has no meaning here, or whose
/// operands have none for it (an integer division by zero), or whose arguments are not of the
/// block's types.
mlir::FailureOr<Results> evaluate(mlir::Block &block, ArrayRef<Tensor> args,
                                  const Options &options = {}, const Frame *outer = nullptr,
                                  Handler handler = {});

/// Evaluates the only block of `region`.
mlir::FailureOr<Results> evaluate(mlir::Region &region, ArrayRef<Tensor> args,
                                  const Options &options = {});

/// Evaluates one operation in `frame` and defines its results there.
mlir::LogicalResult evaluate(mlir::Operation *op, Frame &frame, const Options &options);

} // namespace ntc::reference
