// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn to linalg on tensors: the pass and the builders that the categories share.

#include "compiler/fuse/LowerToLinalg.h"
#include "compiler/fuse/Passes.h"
#include "dialects/LocalRewrites.h"

using namespace mlir;

namespace ntc::fuse {

#define GEN_PASS_DEF_LOWERTOLINALG
#include "compiler/fuse/Passes.h.inc"

Value scalar(OpBuilder &b, Location loc, Type type, double value) {
  if (isa<FloatType>(type)) {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  }
  // 2^63 stands for the largest number of 64 bits.
  int64_t integer = value >= 0x1p63 ? INT64_MAX : static_cast<int64_t>(value);
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, integer));
}

Value filled(OpBuilder &b, Location loc, RankedTensorType type, double value) {
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  Value constant = scalar(b, loc, type.getElementType(), value);
  return linalg::FillOp::create(b, loc, ValueRange{constant}, ValueRange{empty}).getResult(0);
}

/// A linalg.generic with one result.
static Value generic(OpBuilder &b, Location loc, Value output, ValueRange inputs,
                     ArrayRef<AffineMap> maps, ArrayRef<utils::IteratorType> iterators,
                     Payload payload) {
  return linalg::GenericOp::create(b, loc, output.getType(), inputs, output, maps, iterators,
                                   [&](OpBuilder &body, Location loc, ValueRange arguments) {
                                     linalg::YieldOp::create(body, loc,
                                                             payload(body, loc, arguments));
                                   })
      .getResult(0);
}

Value elementwise(OpBuilder &b, Location loc, RankedTensorType result, ValueRange inputs,
                  ArrayRef<AffineMap> maps, Payload payload) {
  Value empty = tensor::EmptyOp::create(b, loc, result.getShape(), result.getElementType());
  SmallVector<AffineMap> all(maps);
  all.push_back(b.getMultiDimIdentityMap(result.getRank()));
  SmallVector<utils::IteratorType> iterators(result.getRank(), utils::IteratorType::parallel);
  return generic(b, loc, empty, inputs, all, iterators, payload);
}

Value elementwise(OpBuilder &b, Location loc, RankedTensorType result, ValueRange inputs,
                  Payload payload) {
  SmallVector<AffineMap> maps(inputs.size(), b.getMultiDimIdentityMap(result.getRank()));
  return elementwise(b, loc, result, inputs, maps, payload);
}

Value reduction(OpBuilder &b, Location loc, RankedTensorType result, double init,
                ArrayRef<int64_t> reduced, ValueRange inputs, ArrayRef<AffineMap> maps,
                Payload payload) {
  unsigned rank = result.getRank(), loops = rank + reduced.size();
  SmallVector<AffineMap> all(maps);
  SmallVector<AffineExpr> kept;
  for (unsigned d = 0; d < rank; ++d) {
    kept.push_back(b.getAffineDimExpr(d));
  }
  all.push_back(AffineMap::get(loops, 0, kept, b.getContext()));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(reduced.size(), utils::IteratorType::reduction);
  // Reduction extents that no operand's shape fixes (windows) are carried by an extra operand that
  // nobody reads.
  SmallVector<Value> operands(inputs);
  SmallVector<AffineExpr> window;
  for (unsigned d = rank; d < loops; ++d) {
    window.push_back(b.getAffineDimExpr(d));
  }
  bool fixed = llvm::all_of(llvm::seq<unsigned>(rank, loops), [&](unsigned d) {
    return llvm::any_of(maps, [&](AffineMap map) {
      return llvm::is_contained(map.getResults(), b.getAffineDimExpr(d));
    });
  });
  if (!fixed) {
    operands.push_back(tensor::EmptyOp::create(b, loc, reduced, result.getElementType()));
    all.insert(all.end() - 1, AffineMap::get(loops, 0, window, b.getContext()));
  }
  size_t used = inputs.size();
  return generic(b, loc, filled(b, loc, result, init), operands, all, iterators,
                 [&](OpBuilder &body, Location loc, ValueRange arguments) {
                   SmallVector<Value> visible(arguments.take_front(used));
                   visible.push_back(arguments.back());
                   return payload(body, loc, visible);
                 });
}

Value padded(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
             ArrayRef<int64_t> interior, double value) {
  auto type = typeOf(input);
  SmallVector<int64_t> shape, strides;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    strides.push_back(interior[d] + 1);
    shape.push_back(low[d] + high[d] + (type.getDimSize(d) - 1) * strides[d] + 1);
  }
  if (ArrayRef<int64_t>(shape) == type.getShape()) {
    return input;
  }
  Value target =
      elementwise(b, loc, type.clone(shape), {}, [&](OpBuilder &body, Location loc, ValueRange) {
        return scalar(body, loc, type.getElementType(), value);
      });
  SmallVector<OpFoldResult> offsets = getAsIndexOpFoldResult(b.getContext(), low);
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), type.getShape());
  SmallVector<OpFoldResult> steps = getAsIndexOpFoldResult(b.getContext(), strides);
  return tensor::InsertSliceOp::create(b, loc, input, target, offsets, sizes, steps);
}

TransposedWindows::TransposedWindows(const ir::nn::Windows &windows, ArrayRef<int64_t> inputSizes,
                                     ArrayRef<int64_t> windowCounts)
    : dilations(windows.dilations) {
  for (size_t d = 0; d < windows.rank(); ++d) {
    low.push_back(std::max<int64_t>(0, windows.span(d) - 1 - windows.padsLow[d]));
    shift.push_back(windows.padsLow[d] + low[d]);
    interior.push_back(windows.strides[d] - 1);
    int64_t spread = (windowCounts[d] - 1) * windows.strides[d] + 1;
    high.push_back(std::max<int64_t>(0, inputSizes[d] + windows.padsLow[d] - spread));
  }
}

SmallVector<AffineExpr> TransposedWindows::coordinates(ArrayRef<AffineExpr> position,
                                                       ArrayRef<AffineExpr> offset) const {
  SmallVector<AffineExpr> result;
  for (size_t d = 0; d < shift.size(); ++d) {
    result.push_back(position[d] - offset[d] * dilations[d] + shift[d]);
  }
  return result;
}

namespace {

struct LowerToLinalg : impl::LowerToLinalgBase<LowerToLinalg> {
  void runOnOperation() override {
    // Contractions first, while the casts that widen their operands are operations of nn.
    RewritePatternSet contractions(&getContext());
    populateContractionLowering(contractions);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(contractions), localRewritesOnly()))) {
      return signalPassFailure();
    }
    RewritePatternSet patterns(&getContext());
    populateElementwiseLowering(patterns);
    populateReductionLowering(patterns);
    populatePoolingLowering(patterns);
    populateShapeLowering(patterns);
    populateRandomLowering(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), localRewritesOnly()))) {
      return signalPassFailure();
    }
    getOperation()->walk([&](Operation *op) {
      if (isa<ir::nn::NnDialect>(op->getDialect()) && !isa<ir::nn::ReshapeOp>(op)) {
        op->emitError("has no lowering to linalg; was the program decomposed?");
        signalPassFailure();
      }
    });
  }
};

} // namespace
} // namespace ntc::fuse
