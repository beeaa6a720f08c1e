// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The joint iteration space of the operations of a dispatch.
//
// Every operation is a loop nest. Loops of different nests that must run over the same index,
// because one nest writes an element where the other reads it, share a label. A label is *tileable*
// when every nest has exactly one parallel loop with it and every tensor that passes between nests
// is indexed by it plainly: then the dispatch may be cut along the label into work groups that are
// independent of each other.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

#include <vector>

namespace ntc::fuse {

/// One tensor access of a nest: element `map(loops)`.
struct Access {
  mlir::Value tensor;
  mlir::AffineMap map;
};

/// One operation of a dispatch as a loop nest.
struct Nest {
  mlir::Operation *op = nullptr;
  llvm::SmallVector<int64_t> extents;
  llvm::SmallVector<bool> isReduction;
  llvm::SmallVector<Access> reads;  ///< inputs; for a reduction also the initial values
  llvm::SmallVector<Access> writes; ///< one per result

  /// Number of executions of the body.
  int64_t points() const;
};

/// Is `op` a loop nest: a linalg operation (but a fill), an insertion into a destination or an
/// extraction from a source?
bool isNest(mlir::Operation *op);

/// Is `op` something that a dispatch clones for itself: a constant, an empty tensor, or the fill
/// that a reduction begins with?
bool isMaterial(mlir::Operation *op);

/// The nest of `op`, for which `isNest` holds.
Nest describeNest(mlir::Operation *op);

/// A sum of products of two operands, with a loop over which it sums.
bool isContraction(mlir::Operation *op);

/// Floating-point operations of `nest`, counting one per arithmetic operation of the body and at
/// least one per point.
int64_t countFlops(const Nest &nest);

/// A tileable label: a loop index that all nests share.
struct Label {
  int64_t extent = 0;
  /// Smallest number of indices worth giving to one work group (register tiles of contractions).
  int64_t grain = 1;
};

class IterationSpace {
public:
  /// Analyzes nests in program order. Operations that are no nests (constants, empty tensors,
  /// reshapes) are skipped; a reshape's result has no labels.
  explicit IterationSpace(llvm::ArrayRef<mlir::Operation *> ops);

  const std::vector<Nest> &nests() const { return nests_; }
  const llvm::SmallVector<Label> &labels() const { return labels_; }
  /// Index into labels() of loop `loop` of nest `nest`, or -1.
  int labelOf(size_t nest, size_t loop) const { return loopLabels_[nest][loop]; }
  /// For a tensor written by a nest: per dimension the label index or -1. Empty for other tensors.
  llvm::ArrayRef<int> labelsOf(mlir::Value tensor) const;
  /// Sum of countFlops over the nests.
  int64_t flops() const;
  /// The same in flops of sums of products that take as long: others reach a fraction of their
  /// rate.
  int64_t work() const;
  /// Product over labels of extent / grain, rounded up: how many groups may be made of it sensibly.
  int64_t parallelism() const;

private:
  std::vector<Nest> nests_;
  llvm::SmallVector<Label> labels_;
  llvm::SmallVector<llvm::SmallVector<int>> loopLabels_;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<int>> tensorLabels_;
};

} // namespace ntc::fuse
