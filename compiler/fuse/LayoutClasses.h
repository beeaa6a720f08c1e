// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tensors of an entry have their channels innermost. Tensors that pass elements to each other
// one to one form a class with one layout; convolutions say what each layout costs them.
#pragma once

#include "compiler/fuse/ConvolutionRoles.h"
#include "compiler/fuse/WinnerForm.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/EquivalenceClasses.h"

#include <vector>

namespace ntc::fuse {

class LayoutClasses {
public:
  /// Analyzes `block` and chooses.
  explicit LayoutClasses(mlir::Block &block);

  /// The physical order of `value`'s dimensions, outermost first; empty: row-major.
  llvm::SmallVector<int64_t> orderOf(mlir::Value value) const;

  /// The order that `op` wants of each of its operands; of an init, the order of its result.
  llvm::SmallVector<llvm::SmallVector<int64_t>> operandOrders(mlir::linalg::GenericOp op) const;

private:
  struct Convolution {
    Nest nest;
    ConvolutionRoles roles;
  };
  /// A reduction over windows that is no convolution.
  struct Pooling {
    mlir::Value output;
    int64_t points = 0;
    double rowMajorLanes = 1.0; ///< share of lanes at work when vectors run along positions
  };

  /// A sum over the winners of a pooling.
  struct WinnerSum {
    Nest nest;
    WinnerForm form;
    unsigned rhsChannel = 0;    ///< the dimension of rhs that the result has too, plainly
    unsigned resultChannel = 0; ///< the result's dimension for it
    mlir::Value rhs() const { return nest.reads[form.rhs].tensor; }
    mlir::Value result() const { return nest.writes[0].tensor; }
  };

  llvm::EquivalenceClasses<mlir::Value> ties_;
  llvm::DenseMap<mlir::Value, unsigned> channels_; ///< per class leader: the channel dimension
  llvm::DenseSet<mlir::Value> innermost_;          ///< leaders of classes with channels innermost
  llvm::DenseSet<mlir::Value> fixed_;              ///< leaders of classes that must stay row-major
  std::vector<Convolution> convolutions_;
  std::vector<Pooling> poolings_;
  std::vector<WinnerSum> winnerSums_;

  mlir::Value leaderOf(mlir::Value value) const;
  void collect(mlir::linalg::GenericOp op);
  void collectWinnerSum(Nest nest, WinnerForm form);
  void wantChannel(mlir::Value value, unsigned dim);
  void choose();
  double cost() const;
  double costOf(const Convolution &convolution) const;
  bool hasInnermostChannels(mlir::Value value) const;
  mlir::Value positionsOf(const Convolution &convolution) const;
  llvm::SmallVector<unsigned> weightLoops(const Convolution &convolution) const;
  llvm::SmallVector<int64_t> weightOrder(const Convolution &convolution) const;
};

} // namespace ntc::fuse
