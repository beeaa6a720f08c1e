// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognition of combiners by the operation that yields the next accumulator.

#include "codegen/cpu/Combine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

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

} // namespace ntc::codegen::cpu
