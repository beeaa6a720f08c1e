// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Classes by union-find; the choice by descent over classes on the lanes that convolutions and
// pools keep busy.

#include "compiler/fuse/LayoutClasses.h"

#include "compiler/fuse/ContractionForm.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;

namespace ntc::fuse {

/// Lanes of the vectors that layouts are judged by: f32 in 64 bytes. Fewer lanes prefer the same
/// layouts.
static constexpr int64_t kLanes = 16;
/// What reading an element at a time costs against a vector of them.
static constexpr double kGather = 8.0;
/// What is left of a rate where vectors run along positions: those of a window begin anywhere, and
/// most lie in two lines of the cache.
static constexpr double kShifted = 0.9;
/// The same where single elements of many channels are read that lie an image apart, not side by
/// side in a line.
static constexpr double kApart = 0.95;

static double busyLanes(int64_t extent) {
  return static_cast<double>(extent) / llvm::alignTo(extent, kLanes);
}

static int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

/// Does dimension d of an operand follow dimension d of the result, for every d: is there a
/// parallel loop along both?
static bool corresponds(linalg::GenericOp op, OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand), result = op.getIndexingMapsArray().back();
  if (map.getNumResults() != result.getNumResults() || map.getNumResults() < 3) {
    return false;
  }
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  return llvm::all_of(llvm::zip(map.getResults(), result.getResults()), [&](auto pair) {
    return llvm::any_of(llvm::seq<unsigned>(0, kinds.size()), [&](unsigned loop) {
      return kinds[loop] == utils::IteratorType::parallel &&
             std::get<0>(pair).isFunctionOfDim(loop) && std::get<1>(pair).isFunctionOfDim(loop);
    });
  });
}

/// Values whose layout is free: computed here by loops.
static bool isFree(Value value) {
  Operation *def = value.getDefiningOp();
  return def && isNest(def) && rankOf(value) >= 3;
}

/// Sums over winners have channels innermost in any case: a copy for users that want them otherwise
/// is little against the sum.
static bool isWinnerSum(Value value) { return winnerForm(value.getDefiningOp()).has_value(); }

LayoutClasses::LayoutClasses(Block &block) {
  for (Operation &op : block) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      collect(generic);
    } else if (isa<tensor::InsertSliceOp, tensor::ExtractSliceOp>(op)) {
      for (Value operand : op.getOperands()) {
        if (isFree(operand)) {
          ties_.unionSets(operand, op.getResult(0));
        }
      }
      leaderOf(op.getResult(0));
    }
  }
  for (const Convolution &convolution : convolutions_) {
    wantChannel(convolution.nest.reads[convolution.roles.windowed].tensor,
                convolution.roles.windowedChannel);
    wantChannel(positionsOf(convolution), convolution.roles.positionChannel);
  }
  choose();
}

void LayoutClasses::collect(linalg::GenericOp op) {
  Nest nest = describeNest(op);
  if (isContraction(op)) {
    if (auto roles = convolutionRoles(nest)) {
      convolutions_.push_back({std::move(nest), *roles});
    }
    return;
  }
  if (auto form = winnerForm(op)) {
    return collectWinnerSum(std::move(nest), *form);
  }
  Value result = op.getResult(0);
  for (Value other : op.getResults().drop_front()) {
    ties_.unionSets(result, other);
  }
  bool windows = false;
  for (OpOperand &operand : op->getOpOperands().take_front(op.getNumDpsInputs())) {
    if (corresponds(op, operand)) {
      windows |= !op.getMatchingIndexingMap(&operand).isProjectedPermutation();
      if (isFree(operand.get()) && !isWinnerSum(operand.get())) {
        ties_.unionSets(operand.get(), result);
      }
    }
  }
  if (windows && op.getNumReductionLoops() != 0) {
    auto shape = cast<RankedTensorType>(result.getType()).getShape();
    double lanes = busyLanes(shape.back());
    for (const Access &read : nest.reads) {
      auto type = cast<RankedTensorType>(read.tensor.getType());
      unsigned last = shape.size() - 1;
      if (addressStride(read.map, type.getShape(), last) != 1) {
        lanes = std::min(lanes, 1 / kGather);
      }
    }
    poolings_.push_back({result, nest.points(), lanes});
  }
}

/// Vectors run along a dimension that rhs and result share, and the values have not.
void LayoutClasses::collectWinnerSum(Nest nest, WinnerForm form) {
  AffineMap value = nest.reads[form.value].map, rhs = nest.reads[form.rhs].map,
            result = nest.writes[0].map;
  for (auto [r, expr] : llvm::enumerate(rhs.getResults())) {
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop || value.isFunctionOfDim(loop.getPosition())) {
      continue;
    }
    for (auto [d, other] : llvm::enumerate(result.getResults())) {
      if (other == expr) {
        WinnerSum sum;
        sum.rhsChannel = r;
        sum.resultChannel = d;
        sum.form = std::move(form);
        sum.nest = std::move(nest);
        winnerSums_.push_back(std::move(sum));
        return;
      }
    }
  }
}

/// All dimensions in order, `last` behind them.
static SmallVector<int64_t> orderWithLast(int64_t rank, int64_t last) {
  SmallVector<int64_t> order;
  for (int64_t d = 0; d < rank; ++d) {
    if (d != last) {
      order.push_back(d);
    }
  }
  order.push_back(last);
  return order;
}

Value LayoutClasses::leaderOf(Value value) const {
  auto found = ties_.findLeader(value);
  return found == ties_.member_end() ? value : *found;
}

void LayoutClasses::wantChannel(Value value, unsigned dim) {
  Value leader = leaderOf(value);
  auto [known, isNew] = channels_.try_emplace(leader, dim);
  if (!isNew && known->second != dim) {
    fixed_.insert(leader);
  }
}

bool LayoutClasses::hasInnermostChannels(Value value) const {
  return innermost_.contains(leaderOf(value));
}

Value LayoutClasses::positionsOf(const Convolution &convolution) const {
  return convolution.roles.sumsPositions ? convolution.nest.reads[convolution.roles.other].tensor
                                         : convolution.nest.writes[0].tensor;
}

/// The loops of the weight in the order of its memory: vectors run along the last. Empty: as it is.
SmallVector<unsigned> LayoutClasses::weightLoops(const Convolution &convolution) const {
  const ConvolutionRoles &roles = convolution.roles;
  bool positions = hasInnermostChannels(positionsOf(convolution)),
       windows = hasInnermostChannels(convolution.nest.reads[roles.windowed].tensor);
  SmallVector<unsigned> loops;
  if (!positions && !(roles.sumsPositions && windows)) {
    return loops;
  }
  ArrayRef<int64_t> extents = convolution.nest.extents;
  bool alongChannels =
      roles.sumsPositions && windows &&
      (!positions || busyLanes(extents[roles.channelLoop]) >= busyLanes(extents[roles.filterLoop]));
  if (roles.runLoop) {
    loops.push_back(*roles.runLoop);
  }
  if (alongChannels) {
    loops.push_back(roles.filterLoop);
  } else if (!windows) {
    loops.push_back(roles.channelLoop);
  }
  loops.append(roles.offsetLoops);
  if (windows) {
    loops.push_back(roles.channelLoop);
  }
  if (!alongChannels) {
    loops.push_back(roles.filterLoop);
  }
  return loops;
}

double LayoutClasses::costOf(const Convolution &convolution) const {
  const ConvolutionRoles &roles = convolution.roles;
  ArrayRef<int64_t> extents = convolution.nest.extents;
  SmallVector<unsigned> loops = weightLoops(convolution);
  bool windows = hasInnermostChannels(convolution.nest.reads[roles.windowed].tensor),
       positions = hasInnermostChannels(positionsOf(convolution));
  double lanes = 1 / kGather;
  if (!loops.empty()) {
    bool apart = (!windows && extents[roles.channelLoop] >= kLanes) ||
                 (!positions && extents[roles.filterLoop] >= kLanes);
    lanes = busyLanes(extents[loops.back()]) * (apart ? kApart : 1);
  } else if (roles.isDense && !windows) {
    lanes = busyLanes(extents[roles.lastPosition]) * kShifted;
  }
  return static_cast<double>(convolution.nest.points()) / lanes;
}

double LayoutClasses::cost() const {
  double total = 0;
  for (const Convolution &convolution : convolutions_) {
    total += costOf(convolution);
  }
  for (const Pooling &pooling : poolings_) {
    double lanes = pooling.rowMajorLanes;
    if (hasInnermostChannels(pooling.output)) {
      auto type = cast<RankedTensorType>(pooling.output.getType());
      lanes = busyLanes(type.getDimSize(channels_.lookup(leaderOf(pooling.output))));
    }
    total += static_cast<double>(pooling.points) / lanes;
  }
  return total;
}

/// Descent from all row-major and from all innermost: classes change as long as that is cheaper.
void LayoutClasses::choose() {
  SmallVector<Value> leaders;
  auto consider = [&](Value value) {
    Value leader = leaderOf(value);
    if (!fixed_.contains(leader) && !llvm::is_contained(leaders, leader)) {
      leaders.push_back(leader);
    }
  };
  for (const Convolution &convolution : convolutions_) {
    consider(convolution.nest.reads[convolution.roles.windowed].tensor);
    consider(positionsOf(convolution));
  }
  auto descend = [&](bool begin) {
    innermost_.clear();
    if (begin) {
      innermost_.insert(leaders.begin(), leaders.end());
    }
    double best = cost();
    for (bool changed = true; changed;) {
      changed = false;
      for (Value leader : leaders) {
        bool was = innermost_.erase(leader);
        if (!was) {
          innermost_.insert(leader);
        }
        // A change must pay for the copies at its borders.
        if (double next = cost(); next < best * 0.99) {
          best = next;
          changed = true;
        } else if (was) {
          innermost_.insert(leader);
        } else {
          innermost_.erase(leader);
        }
      }
    }
    return best;
  };
  double fromRowMajor = descend(false);
  auto rowMajor = innermost_;
  if (descend(true) >= fromRowMajor) {
    innermost_ = rowMajor;
  }
}

SmallVector<int64_t> LayoutClasses::orderOf(Value value) const {
  SmallVector<int64_t> order;
  if (isFree(value) && !hasInnermostChannels(value)) {
    // The gradient of a weight is no class of its own: its convolution decides.
    for (const Convolution &convolution : convolutions_) {
      if (convolution.roles.sumsPositions && convolution.nest.writes[0].tensor == value) {
        return weightOrder(convolution);
      }
    }
    for (const WinnerSum &sum : winnerSums_) {
      if (sum.result() == value) {
        return orderWithLast(rankOf(value), sum.resultChannel);
      }
    }
  }
  if (!hasInnermostChannels(value)) {
    return order;
  }
  return orderWithLast(rankOf(value), channels_.lookup(leaderOf(value)));
}

SmallVector<int64_t> LayoutClasses::weightOrder(const Convolution &convolution) const {
  const ConvolutionRoles &roles = convolution.roles;
  AffineMap map = roles.sumsPositions ? convolution.nest.writes[0].map
                                      : convolution.nest.reads[roles.other].map;
  SmallVector<int64_t> order;
  for (unsigned loop : weightLoops(convolution)) {
    for (auto [d, expr] : llvm::enumerate(map.getResults())) {
      if (expr.isFunctionOfDim(loop)) {
        order.push_back(d);
      }
    }
  }
  return order;
}

SmallVector<SmallVector<int64_t>> LayoutClasses::operandOrders(linalg::GenericOp op) const {
  SmallVector<SmallVector<int64_t>> orders(op->getNumOperands());
  for (const Convolution &convolution : convolutions_) {
    if (convolution.nest.op != op) {
      continue;
    }
    const ConvolutionRoles &roles = convolution.roles;
    SmallVector<int64_t> weight = weightOrder(convolution);
    orders[roles.windowed] = orderOf(convolution.nest.reads[roles.windowed].tensor);
    orders[roles.other] = roles.sumsPositions ? orderOf(positionsOf(convolution)) : weight;
    orders.back() = roles.sumsPositions ? weight : orderOf(op.getResult(0));
    return orders;
  }
  for (const WinnerSum &sum : winnerSums_) {
    if (sum.nest.op == op) {
      // Both are read at the same elements, and the form needs them in one order.
      orders[sum.form.value] = orderOf(op->getOperand(sum.form.value));
      orders[sum.form.winner] = orders[sum.form.value];
      orders[sum.form.rhs] = orderWithLast(rankOf(sum.rhs()), sum.rhsChannel);
      orders.back() = orderOf(op.getResult(0));
      return orders;
    }
  }
  SmallVector<int64_t> result = orderOf(op.getResult(0));
  for (OpOperand &operand : op->getOpOperands()) {
    bool isInit = op.isDpsInit(&operand);
    if (isInit) {
      orders[operand.getOperandNumber()] = orderOf(op.getTiedOpResult(&operand));
    } else if (corresponds(op, operand)) {
      orders[operand.getOperandNumber()] = result;
    } else if (isFree(operand.get())) {
      orders[operand.getOperandNumber()] = orderOf(operand.get());
    }
  }
  return orders;
}

} // namespace ntc::fuse
