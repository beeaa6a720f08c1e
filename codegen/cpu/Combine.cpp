// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognition of combiners by the operation that yields the next accumulator.

#include "codegen/cpu/Combine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace ntc::codegen::cpu {

Value Combiner::combine(OpBuilder &b, Location loc, Value x, Value y) const {
  OperationState state(loc, operation);
  state.addOperands({x, y});
  state.addTypes(x.getType());
  return b.create(state)->getResult(0);
}

std::optional<Combiner> combinerOf(linalg::LinalgOp op) {
  Block &body = op->getRegion(0).front();
  Value accumulator = body.getArguments().back();
  Operation *last = body.getTerminator()->getOperand(0).getDefiningOp();
  if (body.getTerminator()->getNumOperands() != 1 || !last || !accumulator.hasOneUse() ||
      *accumulator.user_begin() != last) {
    return std::nullopt;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  auto neutral =
      TypeSwitch<Operation *, std::optional<double>>(last)
          .Case<arith::AddFOp, arith::AddIOp, arith::OrIOp>([](auto) { return 0.0; })
          .Case<arith::MulFOp, arith::MulIOp>([](auto) { return 1.0; })
          .Case<arith::AndIOp>([](auto) { return -1.0; }) // all bits
          .Case<arith::MaximumFOp>([&](auto) { return -kInfinity; })
          .Case<arith::MinimumFOp>([&](auto) { return kInfinity; })
          // Exact in a double only up to 32 bits; wider ones stay scalar.
          .Case<arith::MaxSIOp, arith::MinSIOp>([&](auto minMax) -> std::optional<double> {
            unsigned width = minMax.getType().getIntOrFloatBitWidth();
            double bound = std::ldexp(1.0, width - 1);
            if (width > 32) {
              return std::nullopt;
            }
            return isa<arith::MaxSIOp>(minMax.getOperation()) ? -bound : bound - 1;
          })
          .Default([](Operation *) { return std::nullopt; });
  if (!neutral) {
    return std::nullopt;
  }
  return Combiner{last->getName().getStringRef(), *neutral};
}

Value combineLanes(KernelBuilder &k, const Combiner &combiner, Value vector, Lanes lanes) {
  while (lanes > 1) {
    int64_t half = lanes / 2;
    Value low = vector::ExtractStridedSliceOp::create(
        k.b, k.loc, vector, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    Value high = vector::ExtractStridedSliceOp::create(
        k.b, k.loc, vector, ArrayRef<int64_t>{half}, ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    vector = combiner.combine(k.b, k.loc, low, high);
    lanes = half;
  }
  return vector::ExtractOp::create(k.b, k.loc, vector, ArrayRef<int64_t>{0});
}

namespace {

/// One of two vectors' lanes: those of the lower or the upper half of what each result still has.
struct Fold {
  SmallVector<int64_t> low, high;
  SmallVector<size_t> order; ///< the result that each place holds
};

} // namespace

/// Folds vectors whose results, `order` of the first and `second` of the other, have `width` lanes
/// each. Results keep to their 16 bytes as soon as they fit, where shuffles are cheapest.
static Fold foldOf(ArrayRef<size_t> first, ArrayRef<size_t> second, Lanes width, Lanes lanes,
                   Lanes chunk) {
  Fold fold;
  Lanes part = width > chunk ? lanes : chunk;
  for (Lanes begin = 0; begin < lanes; begin += part) {
    for (int64_t number : {0, 1}) {
      ArrayRef<size_t> order = number == 0 ? first : second;
      for (Lanes result = begin; result < begin + part; result += width) {
        for (Lanes lane = 0; lane < width / 2; ++lane) {
          fold.low.push_back(number * lanes + result + lane);
          fold.high.push_back(number * lanes + result + width / 2 + lane);
        }
        fold.order.push_back(order[result / width]);
      }
    }
  }
  return fold;
}

Value combineLanesOfEach(KernelBuilder &k, const Combiner &combiner, SmallVector<Value> vectors,
                         Lanes lanes) {
  constexpr int64_t kChunkBits = 128;
  Type element = cast<VectorType>(vectors.front().getType()).getElementType();
  Lanes chunk = std::min<Lanes>(lanes, kChunkBits / element.getIntOrFloatBitWidth());
  std::vector<SmallVector<size_t>> orders;
  for (size_t i = 0; i < vectors.size(); ++i) {
    orders.push_back({i});
  }
  for (Lanes width = lanes; width > 1; width /= 2) {
    for (size_t pair = 0; 2 * pair < vectors.size(); ++pair) {
      // A vector without a partner is its own.
      size_t first = 2 * pair, second = std::min(first + 1, vectors.size() - 1);
      Fold fold = foldOf(orders[first], orders[second], width, lanes, chunk);
      Value low = vector::ShuffleOp::create(k.b, k.loc, vectors[first], vectors[second], fold.low);
      Value high =
          vector::ShuffleOp::create(k.b, k.loc, vectors[first], vectors[second], fold.high);
      vectors[pair] = combiner.combine(k.b, k.loc, low, high);
      orders[pair] = std::move(fold.order);
    }
    vectors.truncate(llvm::divideCeil(vectors.size(), 2));
    orders.resize(vectors.size());
  }
  SmallVector<int64_t> sorted(lanes, 0);
  for (auto [place, result] : llvm::enumerate(orders.front())) {
    sorted[result] = place;
  }
  return vector::ShuffleOp::create(k.b, k.loc, vectors.front(), vectors.front(), sorted);
}

/// Whole rows, no more results than a vector has lanes, or one row: results `first` and following.
static void storeDotRows(KernelBuilder &k, Operation *op, const DotTile &tile, int64_t first,
                         ArrayRef<Value> sums, bool hasSums, bool continues) {
  Combiner add{arith::AddFOp::getOperationName(), 0.0};
  Lanes lanes = cast<VectorType>(sums.front().getType()).getNumElements();
  Value combined;
  if (hasSums && tile.folds && sums.size() > 1 && static_cast<Lanes>(sums.size()) <= lanes) {
    combined = combineLanesOfEach(k, add, SmallVector<Value>(sums), lanes);
  }
  bool together = combined && tile.columns > 1 && tile.columnStride == 1;
  Lanes width = together ? tile.columns : 0;
  for (int64_t i = 0; i < static_cast<int64_t>(sums.size()); i += std::max<Lanes>(width, 1)) {
    int64_t row = (first + i) / tile.columns, column = (first + i) % tile.columns;
    Value address = k.add(tile.base, k.index(row * tile.rowStride + column * tile.columnStride));
    Value sum = continues ? k.load(tile.output, address, width != 0, width) : k.initial(op, width);
    if (hasSums) {
      Value dot;
      if (together) {
        dot = vector::ExtractStridedSliceOp::create(k.b, k.loc, combined, ArrayRef<int64_t>{i},
                                                    ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1});
      } else if (combined) {
        dot = vector::ExtractOp::create(k.b, k.loc, combined, ArrayRef<int64_t>{i});
      } else {
        dot = combineLanes(k, add, sums[i], lanes);
      }
      sum = add.combine(k.b, k.loc, sum, dot);
    }
    k.store(tile.output, sum, address, width != 0, width);
  }
}

void storeDots(KernelBuilder &k, Operation *op, const DotTile &tile, ArrayRef<Value> sums,
               bool hasSums, bool continues) {
  Lanes lanes = cast<VectorType>(sums.front().getType()).getNumElements();
  int64_t atOnce = std::max<int64_t>(lanes / tile.columns, 1) * tile.columns;
  for (int64_t first = 0; first < static_cast<int64_t>(sums.size()); first += atOnce) {
    storeDotRows(k, op, tile, first,
                 sums.slice(first, std::min<int64_t>(atOnce, sums.size() - first)), hasSums,
                 continues);
  }
}

} // namespace ntc::codegen::cpu
