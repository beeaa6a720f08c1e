// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognizes sums of products and chooses the loop that vectors run along.

#include "compiler/fuse/ContractionForm.h"

#include "compiler/fuse/ZeroBorders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace ntc::fuse {

/// The block argument that `factor` is, if need be rounded and widened.
static BlockArgument factorArgument(Value factor) {
  if (auto widening = factor.getDefiningOp<arith::ExtFOp>()) {
    factor = widening.getIn();
    auto rounding = factor.getDefiningOp<arith::TruncFOp>();
    factor = rounding ? rounding.getIn() : factor;
  }
  return dyn_cast<BlockArgument>(factor);
}

/// acc + a * b over the block arguments (a, b, acc), in any order of operands; a and b may be
/// rounded and widened first.
static bool isMultiplyAdd(linalg::GenericOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0) {
    return false;
  }
  Block &body = op.getRegion().front();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  auto conversions =
      llvm::count_if(body, [](Operation &op) { return isa<arith::ExtFOp, arith::TruncFOp>(op); });
  if (!add || std::distance(body.begin(), body.end()) != 3 + conversions) {
    return false;
  }
  Value accumulator = body.getArguments().back();
  Value product = add.getLhs() == accumulator ? add.getRhs() : add.getLhs();
  auto mul = product.getDefiningOp<arith::MulFOp>();
  if (!mul || (add.getLhs() != accumulator && add.getRhs() != accumulator)) {
    return false;
  }
  BlockArgument lhs = factorArgument(mul.getLhs()), rhs = factorArgument(mul.getRhs());
  return lhs && rhs && lhs != rhs && lhs != accumulator && rhs != accumulator;
}

bool isContraction(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && isMultiplyAdd(generic);
}

bool roundsFactor(Operation *op, unsigned input) {
  Block &body = op->getRegion(0).front();
  return llvm::any_of(body.getArgument(input).getUsers(),
                      [](Operation *user) { return isa<arith::TruncFOp>(user); });
}

bool sumsPairs(const Nest &nest) {
  auto element = [](const Access &access) { return getElementTypeOrSelf(access.tensor); };
  return isContraction(nest.op) && element(nest.writes[0]).isF32() &&
         llvm::all_of(llvm::seq(2u), [&](unsigned i) {
           return element(nest.reads[i]).isBF16() || roundsFactor(nest.op, i);
         });
}

/// The factor of dimension `loop` in the linear expression `expr`; nothing where it is not linear.
static std::optional<int64_t> coefficient(AffineExpr expr, unsigned loop) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    return dim.getPosition() == loop ? 1 : 0;
  }
  if (isa<AffineConstantExpr>(expr)) {
    return 0;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary) {
    return std::nullopt;
  }
  auto lhs = coefficient(binary.getLHS(), loop), rhs = coefficient(binary.getRHS(), loop);
  if (!lhs || !rhs) {
    return std::nullopt;
  }
  if (binary.getKind() == AffineExprKind::Add) {
    return *lhs + *rhs;
  }
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (binary.getKind() == AffineExprKind::Mul && factor) {
    return *lhs * factor.getValue();
  }
  return *lhs == 0 && *rhs == 0 ? std::optional<int64_t>(0) : std::nullopt;
}

std::optional<int64_t> addressStride(AffineMap map, ArrayRef<int64_t> shape, unsigned loop) {
  int64_t stride = 0, elements = 1;
  for (int64_t d = shape.size(); d-- > 0;) {
    auto factor = coefficient(map.getResult(d), loop);
    if (!factor) {
      return std::nullopt;
    }
    stride += *factor * elements;
    elements *= shape[d];
  }
  return stride;
}

static std::optional<int64_t> strideOf(const Access &access, unsigned loop) {
  return addressStride(access.map, cast<RankedTensorType>(access.tensor.getType()).getShape(),
                       loop);
}

static bool uses(const Access &access, unsigned loop) { return access.map.isFunctionOfDim(loop); }

/// Loops of one kind that index `a` and not `b`, `without` left out.
static SmallVector<unsigned> exclusiveLoops(const Nest &nest, const Access &a, const Access &b,
                                            unsigned without) {
  SmallVector<unsigned> loops;
  for (unsigned d = 0; d < nest.extents.size(); ++d) {
    if (!nest.isReduction[d] && d != without && uses(a, d) && !uses(b, d)) {
      loops.push_back(d);
    }
  }
  return loops;
}

/// Vectors along parallel loop `loop`, if exactly one input is indexed by it.
static std::optional<ContractionForm> outerForm(const Nest &nest, unsigned loop) {
  if (nest.isReduction[loop] || uses(nest.reads[0], loop) == uses(nest.reads[1], loop)) {
    return std::nullopt;
  }
  ContractionForm form;
  form.rhs = uses(nest.reads[1], loop) ? 1 : 0;
  form.lhs = 1 - form.rhs;
  form.vectorLoop = loop;
  form.gathers = strideOf(nest.reads[form.rhs], loop) != 1;
  form.rowLoops = exclusiveLoops(nest, nest.reads[form.lhs], nest.reads[form.rhs], loop);
  return form;
}

/// Vectors along a reduction loop that is contiguous in both inputs.
static std::optional<ContractionForm> dotForm(const Nest &nest) {
  for (unsigned d = nest.extents.size(); d-- > 0;) {
    if (!nest.isReduction[d] || strideOf(nest.reads[0], d) != 1 ||
        strideOf(nest.reads[1], d) != 1) {
      continue;
    }
    ContractionForm form;
    form.kind = ContractionForm::Kind::Dot;
    form.vectorLoop = d;
    form.rowLoops = exclusiveLoops(nest, nest.reads[0], nest.reads[1], d);
    form.columnLoops = exclusiveLoops(nest, nest.reads[1], nest.reads[0], d);
    return form;
  }
  return std::nullopt;
}

std::optional<ContractionForm> contractionForm(Operation *op) {
  if (!isContraction(op)) {
    return std::nullopt;
  }
  Nest nest = describeNest(op);
  // The loop along which the result is contiguous, if it has one of more than a few elements.
  std::optional<ContractionForm> outer;
  for (unsigned d = 0; d < nest.extents.size(); ++d) {
    if (strideOf(nest.writes[0], d) == 1) {
      outer = outerForm(nest, d);
    }
  }
  constexpr int64_t kShort = 8;
  // Factors of 16 bits are copied in any case, after which they lie side by side.
  if (outer && (!outer->gathers || sumsPairs(nest)) && nest.extents[outer->vectorLoop] >= kShort) {
    return outer;
  }
  auto dot = dotForm(nest);
  // Sums of two short vectors end with adding lanes more than they multiply: many rows pay for
  // gathering the columns to a panel instead.
  constexpr int64_t kShallow = 32, kManyRows = 64;
  if (dot && outer && dot->rowLoops.size() == 1 && nest.extents[dot->vectorLoop] < kShallow &&
      nest.extents[dot->vectorLoop] >= kShort && nest.extents[outer->vectorLoop] >= kShallow &&
      outer->rowLoops.size() == 1 && nest.extents[outer->rowLoops.back()] >= kManyRows &&
      llvm::count(nest.isReduction, true) == 1) {
    return outer;
  }
  if (dot && (!outer || outer->gathers ||
              nest.extents[dot->vectorLoop] > nest.extents[outer->vectorLoop])) {
    return dot;
  }
  return outer;
}

SmallVector<int64_t> contractionGrains(const Nest &nest) {
  SmallVector<int64_t> grains(nest.extents.size(), 1);
  auto form = contractionForm(nest.op);
  if (!form) {
    return grains;
  }
  constexpr int64_t kVectorGrain = 64, kRowGrain = 8, kColumnGrain = 8, kDeep = 1024;
  constexpr int64_t kLineGrain = 16, kManyRows = 64;
  bool isMatrix = llvm::count(nest.isReduction, false) == 2;
  if (form->kind == ContractionForm::Kind::Outer && sumsPairs(nest)) {
    // Every group copies what it reads of rhs: it takes so many rows that the copy is little work,
    // and where the sums are short, so many columns that results lie in long pieces.
    int64_t rows = 128, depth = 1;
    for (unsigned d = 0; d < nest.extents.size(); ++d) {
      depth *= nest.isReduction[d] ? nest.extents[d] : 1;
    }
    grains[form->vectorLoop] = depth >= kDeep ? kVectorGrain : 2 * kVectorGrain;
    for (unsigned d : llvm::reverse(form->rowLoops)) {
      grains[d] = std::min(rows, nest.extents[d]);
      rows = (rows + grains[d] - 1) / grains[d];
    }
    return grains;
  }
  if (form->kind == ContractionForm::Kind::Outer) {
    grains[form->vectorLoop] = kVectorGrain;
    auto clipped = clippedLoops(nest, *form);
    if (!clipped.empty()) {
      // The batch fills tiles; what is read of rhs is shared by all positions of a group.
      int64_t rows = kClippedRows;
      auto isPosition = [&](unsigned d) {
        return llvm::any_of(clipped, [&](const ClippedLoop &loop) { return loop.position == d; });
      };
      for (bool positions : {false, true}) {
        for (unsigned d : llvm::reverse(form->rowLoops)) {
          if (isPosition(d) == positions) {
            grains[d] = std::min({rows, nest.extents[d], positions ? rows : kClippedBatch});
            rows = (rows + grains[d] - 1) / grains[d];
          }
        }
      }
      return grains;
    }
    // A long reduction reads much for every group: groups take many of the results that share it.
    int64_t depth = 1;
    for (unsigned d = 0; d < nest.extents.size(); ++d) {
      depth *= nest.isReduction[d] ? nest.extents[d] : 1;
    }
    if (depth >= (isMatrix ? kDeep : kDeep / 2)) {
      const Access &rhs = nest.reads[form->rhs];
      for (unsigned d = 0; d < nest.extents.size(); ++d) {
        if (!nest.isReduction[d] && d != form->vectorLoop && uses(rhs, d) &&
            !uses(nest.reads[form->lhs], d)) {
          grains[d] = nest.extents[d];
        }
      }
      int64_t rows = 2 * kVectorGrain;
      for (unsigned d : llvm::reverse(form->rowLoops)) {
        grains[d] = std::min({rows, kVectorGrain, nest.extents[d]});
        rows = (rows + grains[d] - 1) / grains[d];
      }
      return grains;
    }
  }
  // Only the innermost row and column loops are unrolled. Matrices have rows enough for groups
  // that read all of a cache line, or so few that they fill a tile or two: they stay together.
  constexpr int64_t kFew = 24;
  auto grainOf = [&](unsigned loop, int64_t grain) {
    return isMatrix && nest.extents[loop] <= kFew ? nest.extents[loop] : grain;
  };
  if (!form->rowLoops.empty()) {
    unsigned row = form->rowLoops.back();
    grains[row] = grainOf(row, isMatrix && nest.extents[row] >= kManyRows ? kLineGrain : kRowGrain);
    if (isMatrix && form->gathers) {
      // Every group gathers what it reads of rhs.
      grains[row] = std::min(nest.extents[row], 2 * kManyRows);
    }
  }
  if (!form->columnLoops.empty()) {
    unsigned column = form->columnLoops.back();
    grains[column] = grainOf(column, kColumnGrain);
  }
  return grains;
}

} // namespace ntc::fuse
