// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses of innermost loops as sums that loops carry. Kernels compute an address as the sum of
// loop counters times strides; what LLVM's search over all ways to write such addresses finds for
// them is this one form, at a third of the time that machine code takes.

#include "codegen/cpu/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace ntc::codegen::cpu {

#define GEN_PASS_DEF_REDUCESTRENGTH
#include "codegen/cpu/Passes.h.inc"

namespace {

/// `counter * stride`, with everything that is added to it wherever it is used.
struct Address {
  int64_t stride = 0;
  SmallVector<Value> bases;   ///< from outside of the loop
  SmallVector<Value> partial; ///< in the loop, from the product to the address itself
};

/// The addition that is the only use of `value` and adds what does not change in `loop`.
arith::AddIOp onlyAddition(Value value, scf::ForOp loop) {
  if (!value.hasOneUse()) {
    return nullptr;
  }
  auto sum = dyn_cast<arith::AddIOp>(*value.user_begin());
  if (!sum) {
    return nullptr;
  }
  Value other = sum.getLhs() == value ? sum.getRhs() : sum.getLhs();
  return loop.isDefinedOutsideOfLoop(other) ? sum : nullptr;
}

SmallVector<Address> findAddresses(scf::ForOp loop) {
  SmallVector<Address> addresses;
  for (Operation *user : loop.getInductionVar().getUsers()) {
    auto product = dyn_cast<arith::MulIOp>(user);
    std::optional<int64_t> stride = product ? getConstantIntValue(product.getRhs()) : std::nullopt;
    if (!stride || product.getLhs() != loop.getInductionVar()) {
      continue;
    }
    Address address{*stride, {}, {product}};
    while (arith::AddIOp sum = onlyAddition(address.partial.back(), loop)) {
      address.bases.push_back(sum.getLhs() == address.partial.back() ? sum.getRhs() : sum.getLhs());
      address.partial.push_back(sum);
    }
    addresses.push_back(std::move(address));
  }
  return addresses;
}

void carry(scf::ForOp loop, ArrayRef<Address> addresses, IRRewriter &rewriter) {
  Location loc = loop.getLoc();
  rewriter.setInsertionPoint(loop);
  SmallVector<Value> starts, steps;
  for (const Address &address : addresses) {
    Value stride = arith::ConstantIndexOp::create(rewriter, loc, address.stride);
    Value start = rewriter.createOrFold<arith::MulIOp>(loc, loop.getLowerBound(), stride);
    for (Value base : address.bases) {
      start = rewriter.createOrFold<arith::AddIOp>(loc, start, base);
    }
    starts.push_back(start);
    steps.push_back(rewriter.createOrFold<arith::MulIOp>(loc, loop.getStep(), stride));
  }
  auto next = [&](OpBuilder &b, Location at, ArrayRef<BlockArgument> carried) {
    SmallVector<Value> sums;
    for (auto [sum, step] : llvm::zip(carried, steps)) {
      sums.push_back(arith::AddIOp::create(b, at, sum, step));
    }
    return sums;
  };
  auto widened = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(rewriter, starts, false, next));
  auto carried = widened.getRegionIterArgs().take_back(addresses.size());
  for (auto [address, sum] : llvm::zip(addresses, carried)) {
    rewriter.replaceAllUsesWith(address.partial.back(), sum);
    for (Value value : llvm::reverse(address.partial)) {
      rewriter.eraseOp(value.getDefiningOp());
    }
  }
}

struct ReduceStrength : impl::ReduceStrengthBase<ReduceStrength> {
  void runOnOperation() override {
    SmallVector<scf::ForOp> innermost;
    getOperation().walk([&](scf::ForOp loop) {
      bool nests = loop.getBody()
                       ->walk([](LoopLikeOpInterface) { return WalkResult::interrupt(); })
                       .wasInterrupted();
      if (!nests) {
        innermost.push_back(loop);
      }
    });
    IRRewriter rewriter(&getContext());
    for (scf::ForOp loop : innermost) {
      SmallVector<Address> addresses = findAddresses(loop);
      if (!addresses.empty()) {
        carry(loop, addresses, rewriter);
      }
    }
  }
};

} // namespace

} // namespace ntc::codegen::cpu
