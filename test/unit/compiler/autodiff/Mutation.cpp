// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mutations, by what kind of mistake in a rule each stands for.

#include "test/unit/compiler/autodiff/Mutation.h"

#include "compiler/autodiff/Expr.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff::test {

namespace {

/// A mutation that computes a new value from the result of the operation.
Mutation after(std::string name, std::function<Value(Expr)> change) {
  return {std::move(name), [change](Operation *op) {
            OpBuilder builder(op->getContext());
            builder.setInsertionPointAfter(op);
            Value result = op->getResult(0);
            llvm::SmallPtrSet<Operation *, 8> kept;
            Operation *next = op->getNextNode();
            Value changed = change({builder, op->getLoc(), result});
            for (Operation *fresh = op->getNextNode(); fresh != next;
                 fresh = fresh->getNextNode()) {
              kept.insert(fresh);
            }
            result.replaceAllUsesExcept(changed, kept);
            return changed;
          }};
}

/// A mutation that puts a copy of the operation, changed by `change`, in its place.
Mutation instead(std::string name, std::function<void(Operation *)> change) {
  return {std::move(name), [change](Operation *op) {
            OpBuilder builder(op->getContext());
            builder.setInsertionPointAfter(op);
            Operation *copy = builder.clone(*op);
            change(copy);
            op->getResult(0).replaceAllUsesWith(copy->getResult(0));
            return copy->getResult(0);
          }};
}

/// The elements `[begin, end)` of `x` along `axis`.
Expr part(Expr x, int64_t axis, int64_t begin, int64_t end) {
  SmallVector<int64_t> starts(x.type().getRank(), 0), limits(x.type().getShape()),
      strides(x.type().getRank(), 1);
  starts[axis] = begin;
  limits[axis] = end;
  return x.make<SliceOp>(x, starts, limits, strides);
}

/// `x` with its elements moved by one along `axis`.
Value rotated(Expr x, int64_t axis) {
  int64_t size = x.type().getDimSize(axis);
  return x.make<ConcatOp>(ValueRange{part(x, axis, 1, size), part(x, axis, 0, 1)}, axis);
}

/// A sum whose axes were forgotten: only the first element along each.
Value firstInsteadOfSum(ReduceSumOp op, Expr result) {
  Expr x = result.with(op.getInput());
  for (int64_t axis : op.getAxes()) {
    x = part(x, axis, 0, 1);
  }
  return reshape(x, result.type());
}

Predicate complement(Predicate predicate) {
  switch (predicate) {
  case Predicate::eq:
    return Predicate::ne;
  case Predicate::ne:
    return Predicate::eq;
  case Predicate::lt:
    return Predicate::ge;
  case Predicate::le:
    return Predicate::gt;
  case Predicate::gt:
    return Predicate::le;
  case Predicate::ge:
    return Predicate::lt;
  }
  llvm_unreachable("every predicate is a case");
}

/// The order with or without equality; equality itself for itself.
Predicate atBoundary(Predicate predicate) {
  switch (predicate) {
  case Predicate::lt:
    return Predicate::le;
  case Predicate::le:
    return Predicate::lt;
  case Predicate::gt:
    return Predicate::ge;
  case Predicate::ge:
    return Predicate::gt;
  default:
    return predicate;
  }
}

void swapOperands(Operation *op, unsigned a, unsigned b) {
  Value first = op->getOperand(a);
  op->setOperand(a, op->getOperand(b));
  op->setOperand(b, first);
}

/// True where the result is only summed along `axis`, so that the order of its elements there means
/// nothing.
bool isOnlySummedAlong(Operation *op, int64_t axis) {
  return llvm::all_of(op->getUsers(), [&](Operation *user) {
    auto sum = dyn_cast<ReduceSumOp>(user);
    return sum && llvm::is_contained(sum.getAxes(), axis);
  });
}

void addNumeric(Operation *op, SmallVector<Mutation> &mutations) {
  mutations.push_back(after("sign flipped", [](Expr x) -> Value { return -x; }));
  mutations.push_back(after("doubled", [](Expr x) -> Value { return x * 2; }));
  mutations.push_back(after("dropped", [](Expr x) -> Value { return x.constant(0); }));
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    if (type.getDimSize(axis) > 1 && !isOnlySummedAlong(op, axis)) {
      mutations.push_back(after("moved along axis " + std::to_string(axis),
                                [=](Expr x) { return rotated(x, axis); }));
    }
  }
}

void addMatmul(MatmulOp op, SmallVector<Mutation> &mutations) {
  auto lhs = cast<RankedTensorType>(op.getLhs().getType()),
       rhs = cast<RankedTensorType>(op.getRhs().getType());
  int64_t rank = lhs.getRank();
  auto isSquare = [&](RankedTensorType type) {
    return type.getDimSize(rank - 1) == type.getDimSize(rank - 2);
  };
  if (!isSquare(lhs) || !isSquare(rhs)) {
    return;
  }
  mutations.push_back(instead("lhs transposed", [](Operation *copy) {
    auto matmul = cast<MatmulOp>(copy);
    matmul.setTransposeLhs(!matmul.getTransposeLhs());
  }));
  mutations.push_back(instead("rhs transposed", [](Operation *copy) {
    auto matmul = cast<MatmulOp>(copy);
    matmul.setTransposeRhs(!matmul.getTransposeRhs());
  }));
  mutations.push_back(
      instead("factors exchanged", [](Operation *copy) { swapOperands(copy, 0, 1); }));
}

} // namespace

SmallVector<Operation *> ruleOf(const Subject &subject) {
  SmallVector<Operation *> rule;
  for (Operation &op : subject.block()) {
    auto name = dyn_cast<NameLoc>(op.getLoc());
    if (name && name.getName() == kSubjectGradient) {
      rule.push_back(&op);
    }
  }
  return rule;
}

SmallVector<Mutation> mutationsOf(Operation *op) {
  SmallVector<Mutation> mutations;
  if (isa<FloatType>(getElementTypeOrSelf(op->getResult(0)))) {
    addNumeric(op, mutations);
  }
  if (auto sum = dyn_cast<ReduceSumOp>(op)) {
    mutations.push_back(after("not summed", [=](Expr x) { return firstInsteadOfSum(sum, x); }));
  } else if (auto compare = dyn_cast<CompareOp>(op)) {
    for (Predicate other :
         {complement(compare.getPredicate()), atBoundary(compare.getPredicate())}) {
      mutations.push_back(
          instead("compared by " + stringifyPredicate(other).str(),
                  [=](Operation *copy) { cast<CompareOp>(copy).setPredicate(other); }));
    }
  } else if (isa<AndOp>(op)) {
    mutations.push_back(after("and is or", [=](Expr x) -> Value {
      return x.make<OrOp>(op->getOperand(0), op->getOperand(1));
    }));
  } else if (isa<DivOp, PowOp>(op)) {
    mutations.push_back(
        instead("operands exchanged", [](Operation *copy) { swapOperands(copy, 0, 1); }));
  } else if (isa<SelectOp>(op)) {
    mutations.push_back(
        instead("choices exchanged", [](Operation *copy) { swapOperands(copy, 1, 2); }));
  } else if (auto matmul = dyn_cast<MatmulOp>(op)) {
    addMatmul(matmul, mutations);
  }
  return mutations;
}

} // namespace ntc::autodiff::test
