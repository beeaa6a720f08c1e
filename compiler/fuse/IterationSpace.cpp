// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Labels by union-find over (nest, loop) pairs; what breaks a label is collected in a second walk.

#include "compiler/fuse/IterationSpace.h"

#include "compiler/fuse/ContractionForm.h"
#include "compiler/fuse/WinnerForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace ntc::fuse {

int64_t Nest::points() const {
  int64_t product = 1;
  for (int64_t extent : extents) {
    product *= extent;
  }
  return product;
}

bool isNest(Operation *op) {
  return isa<linalg::LinalgOp, tensor::InsertSliceOp, tensor::ExtractSliceOp>(op) &&
         !isa<linalg::FillOp>(op);
}

bool isMaterial(Operation *op) {
  return isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp>(op);
}

/// A nest that copies the elements of a tensor of `shape`.
static Nest copyOf(Operation *op, ArrayRef<int64_t> shape) {
  Nest nest;
  nest.op = op;
  nest.extents.assign(shape.begin(), shape.end());
  nest.isReduction.assign(shape.size(), false);
  return nest;
}

/// Element `offset + stride * loop` per dimension of the large tensor.
static AffineMap sliceMap(OffsetSizeAndStrideOpInterface op) {
  SmallVector<AffineExpr> exprs;
  for (auto [d, offset, stride] : llvm::enumerate(op.getStaticOffsets(), op.getStaticStrides())) {
    exprs.push_back(getAffineDimExpr(d, op.getContext()) * stride + offset);
  }
  return AffineMap::get(exprs.size(), 0, exprs, op.getContext());
}

/// An insertion copies its source to a slice of the destination.
static Nest describeInsert(tensor::InsertSliceOp op) {
  Nest nest = copyOf(op, op.getSourceType().getShape());
  AffineMap small = AffineMap::getMultiDimIdentityMap(nest.extents.size(), op.getContext());
  AffineMap large = sliceMap(op);
  nest.reads.push_back({op.getSource(), small});
  nest.reads.push_back({op.getDest(), large});
  nest.writes.push_back({op.getResult(), large});
  return nest;
}

/// An extraction copies a slice of its source.
static Nest describeExtract(tensor::ExtractSliceOp op) {
  Nest nest = copyOf(op, op.getType().getShape());
  AffineMap small = AffineMap::getMultiDimIdentityMap(nest.extents.size(), op.getContext());
  nest.reads.push_back({op.getSource(), sliceMap(op)});
  nest.writes.push_back({op.getResult(), small});
  return nest;
}

Nest describeNest(Operation *op) {
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    return describeInsert(insert);
  }
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
    return describeExtract(extract);
  }
  auto linalgOp = cast<linalg::LinalgOp>(op);
  Nest nest;
  nest.op = op;
  nest.extents = linalgOp.getStaticLoopRanges();
  for (utils::IteratorType iterator : linalgOp.getIteratorTypesArray()) {
    nest.isReduction.push_back(iterator == utils::IteratorType::reduction);
  }
  for (OpOperand *input : linalgOp.getDpsInputOperands()) {
    if (isa<RankedTensorType>(input->get().getType()) &&
        linalgOp.payloadUsesValueFromOperand(input)) {
      nest.reads.push_back({input->get(), linalgOp.getMatchingIndexingMap(input)});
    }
  }
  for (OpOperand &init : linalgOp.getDpsInitsMutable()) {
    AffineMap map = linalgOp.getMatchingIndexingMap(&init);
    if (linalgOp.payloadUsesValueFromOperand(&init)) {
      nest.reads.push_back({init.get(), map});
    }
    nest.writes.push_back({linalgOp.getTiedOpResult(&init), map});
  }
  return nest;
}

int64_t countFlops(const Nest &nest) {
  if (auto form = winnerForm(nest.op)) {
    return 2 * nest.points() / offsetCount(nest, *form);
  }
  int64_t perPoint = 0;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(nest.op)) {
    for (Operation &op : linalgOp->getRegion(0).front()) {
      perPoint += isa<arith::ArithDialect, math::MathDialect>(op.getDialect()) &&
                  !isa<arith::ConstantOp, arith::ExtFOp, arith::TruncFOp>(op);
    }
  }
  return nest.points() * std::max<int64_t>(perPoint, 1);
}

/// The loop of a plain index expression, or -1.
static int plainLoop(AffineExpr expr) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  return dim ? static_cast<int>(dim.getPosition()) : -1;
}

namespace {

/// Disjoint sets of loops; a loop's number is its nest's first number plus its position.
struct LoopSets {
  SmallVector<int> parent;
  int add() {
    parent.push_back(parent.size());
    return parent.back();
  }
  int find(int loop) {
    while (parent[loop] != loop) {
      loop = parent[loop] = parent[parent[loop]];
    }
    return loop;
  }
  void join(int a, int b) { parent[find(std::max(a, b))] = find(std::min(a, b)); }
};

} // namespace

namespace {

/// The sets of loops that must run together, found in two walks over the nests: joining loops that
/// index one tensor, then collecting what forbids to cut along a set.
class LoopJoiner {
public:
  static constexpr int kNone = -1, kBroken = -2;

  explicit LoopJoiner(const std::vector<Nest> &nests, const DenseSet<Value> &opaque)
      : nests(nests), opaque(opaque) {
    for (const Nest &nest : nests) {
      addNest(nest);
    }
    for (size_t n = 0; n < nests.size(); ++n) {
      noteLoops(n);
    }
    for (size_t n = 0; n < nests.size(); ++n) {
      noteAccesses(n);
    }
  }

  int setOf(size_t nest, size_t loop) { return sets.find(firstLoop[nest] + loop); }

  /// May the nests be cut along `set`: one parallel loop of one extent in every nest, and only
  /// plain accesses?
  bool isTileable(int set) {
    const auto &loops = loopsBySet[set];
    if (broken.contains(set) || llvm::any_of(loops, [](int loop) { return loop < 0; })) {
      return false;
    }
    int64_t extent = nests.front().extents[loops.front()];
    return llvm::all_of(llvm::zip(nests, loops), [&](auto pair) {
      return std::get<0>(pair).extents[std::get<1>(pair)] == extent;
    });
  }

  /// Per written tensor and dimension the set that indexes it, or kNone.
  DenseMap<Value, SmallVector<int>> tensorSets() {
    DenseMap<Value, SmallVector<int>> result;
    for (auto &[tensor, loops] : tensorLoops) {
      for (int loop : loops) {
        result[tensor].push_back(loop < 0 ? kNone : sets.find(loop));
      }
    }
    return result;
  }

private:
  const std::vector<Nest> &nests;
  const DenseSet<Value> &opaque; ///< produced among the nests, but not by one
  LoopSets sets;
  SmallVector<int> firstLoop;
  DenseMap<Value, SmallVector<int>> tensorLoops; ///< per dimension: loop number or kNone
  DenseMap<int, SmallVector<int>> loopsBySet; ///< per nest: its loop in the set, kNone or kBroken
  DenseSet<int> broken;

  /// Calls `visit(loop, producer's loop)` for every dimension of a tensor that an earlier nest
  /// wrote and `nest` reads.
  template <typename Visit> void forEachPassedDimension(const Nest &nest, Visit visit) {
    for (const Access &read : nest.reads) {
      auto produced = tensorLoops.find(read.tensor);
      if (produced == tensorLoops.end()) {
        continue;
      }
      for (auto [dim, expr] : llvm::enumerate(read.map.getResults())) {
        visit(plainLoop(expr), produced->second[dim]);
      }
    }
  }

  void addNest(const Nest &nest) {
    int first = sets.parent.size();
    firstLoop.push_back(first);
    for (size_t d = 0; d < nest.extents.size(); ++d) {
      sets.add();
    }
    forEachPassedDimension(nest, [&](int loop, int source) {
      if (loop >= 0 && source >= 0) {
        sets.join(source, first + loop);
      }
    });
    for (const Access &write : nest.writes) {
      auto &loops = tensorLoops[write.tensor];
      for (AffineExpr expr : write.map.getResults()) {
        int loop = plainLoop(expr);
        loops.push_back(loop < 0 ? kNone : first + loop);
      }
    }
  }

  void noteLoops(size_t n) {
    for (size_t d = 0; d < nests[n].extents.size(); ++d) {
      auto &loops = loopsBySet[setOf(n, d)];
      loops.resize(nests.size(), kNone);
      loops[n] = loops[n] == kNone && !nests[n].isReduction[d] ? static_cast<int>(d) : kBroken;
    }
  }

  /// An access that is not plain, or to a tensor of unknown labels, forbids to cut.
  void noteAccesses(size_t n) {
    if (llvm::any_of(nests[n].reads,
                     [&](const Access &read) { return opaque.contains(read.tensor); })) {
      for (auto &entry : loopsBySet) {
        broken.insert(entry.first);
      }
    }
    forEachPassedDimension(nests[n], [&](int loop, int source) {
      if (source >= 0 && (loop < 0 || sets.find(source) != setOf(n, loop))) {
        broken.insert(sets.find(source));
      }
    });
  }
};

} // namespace

/// Cutting a dimension whose elements are neighbours in memory: pieces of a cache line of f32 or,
/// of elements of 16 bits, of their own, so that vectors stay full and no line has two owners.
static int64_t contiguousGrain(RankedTensorType type) {
  return type.getElementTypeBitWidth() == 16 ? 32 : 16;
}

/// Raises the grain of loops that run along memory in an access of `nest`, but for the values and
/// winners of `form`, which are read one by one.
static void raiseContiguousGrains(const Nest &nest, const std::optional<WinnerForm> &form,
                                  MutableArrayRef<int64_t> grains) {
  SmallVector<Access> accesses(nest.writes);
  for (auto [i, read] : llvm::enumerate(nest.reads)) {
    if (!form || (i != form->value && i != form->winner)) {
      accesses.push_back(read);
    }
  }
  for (const Access &access : accesses) {
    auto type = cast<RankedTensorType>(access.tensor.getType());
    if (type.getRank() < 2) {
      continue;
    }
    int loop = plainLoop(access.map.getResults().back());
    if (loop >= 0) {
      grains[loop] = std::max(grains[loop], std::min(contiguousGrain(type), nest.extents[loop]));
    }
  }
}

IterationSpace::IterationSpace(ArrayRef<Operation *> ops) {
  DenseSet<Value> opaque;
  for (Operation *op : ops) {
    if (isNest(op)) {
      nests_.push_back(describeNest(op));
    } else if (!isMaterial(op)) {
      opaque.insert(op->getResults().begin(), op->getResults().end());
    }
  }
  LoopJoiner joiner(nests_, opaque);
  DenseMap<int, int> labelOfSet;
  auto labelOf = [&](int set) {
    auto found = labelOfSet.find(set);
    return found == labelOfSet.end() ? -1 : found->second;
  };
  for (auto [n, nest] : llvm::enumerate(nests_)) {
    auto &labels = loopLabels_.emplace_back();
    auto winner = winnerForm(nest.op);
    auto grains = winner ? winnerGrains(nest, *winner) : contractionGrains(nest);
    if (!contractionForm(nest.op)) {
      raiseContiguousGrains(nest, winner, grains);
    }
    for (size_t d = 0; d < nest.extents.size(); ++d) {
      int set = joiner.setOf(n, d);
      if (n == 0 && nest.extents[d] > 1 && joiner.isTileable(set)) {
        labelOfSet.try_emplace(set, labels_.size());
        labels_.push_back({nest.extents[d], 1});
      }
      labels.push_back(labelOf(set));
      if (labels.back() >= 0) {
        int64_t &grain = labels_[labels.back()].grain;
        grain = std::max(grain, grains[d]);
      }
    }
  }
  for (auto &[tensor, sets] : joiner.tensorSets()) {
    for (int set : sets) {
      tensorLabels_[tensor].push_back(labelOf(set));
    }
  }
}

ArrayRef<int> IterationSpace::labelsOf(Value tensor) const {
  auto found = tensorLabels_.find(tensor);
  return found == tensorLabels_.end() ? ArrayRef<int>() : ArrayRef<int>(found->second);
}

int64_t IterationSpace::flops() const {
  int64_t sum = 0;
  for (const Nest &nest : nests_) {
    sum += countFlops(nest);
  }
  return sum;
}

int64_t IterationSpace::work() const {
  constexpr int64_t kOther = 4, kWinners = 2;
  int64_t sum = 0;
  for (const Nest &nest : nests_) {
    sum += countFlops(nest) * (isContraction(nest.op) ? 1
                               : winnerForm(nest.op)  ? kWinners
                                                      : kOther);
  }
  return sum;
}

int64_t IterationSpace::parallelism() const {
  int64_t product = 1;
  for (const Label &label : labels_) {
    product *= (label.extent + label.grain - 1) / label.grain;
  }
  return product;
}

} // namespace ntc::fuse
