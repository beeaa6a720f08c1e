// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the operations of a kernel share loops and where its inner tensors live. Memory planning
// needs the workspace that follows, a back end the whole: both ask this pure function, so that they
// cannot disagree.
#pragma once

#include "compiler/fuse/IterationSpace.h"
#include "dialects/plan/Plan.h"

namespace ntc::schedule {

/// Where a tensor of a kernel lives.
struct BufferPlace {
  enum class Kind {
    Operand,   ///< an argument or result of the kernel: operand number `index`
    Constant,  ///< a dense constant of the kernel: the defining operation
    Stack,     ///< private to one group: only the group's tile, row-major
    Workspace, ///< in the kernel's workspace at `offset` bytes, whole and row-major
    Register,  ///< passed within one loop body; no memory
  };
  Kind kind = Kind::Register;
  int64_t index = 0;
  int64_t offset = 0;
  /// Stack: sizes of the tile per dimension. Otherwise the tensor's shape.
  llvm::SmallVector<int64_t> shape;
};

class KernelLayout {
public:
  explicit KernelLayout(ir::plan::KernelOp kernel);

  const fuse::IterationSpace &space() const { return space_; }
  /// Per label the tile size, 0 for all.
  llvm::ArrayRef<int64_t> tile() const { return tile_; }
  /// Runs of nest numbers that share one loop nest, in order.
  const std::vector<llvm::SmallVector<size_t>> &loopGroups() const { return loopGroups_; }
  /// The place of `tensor`: of a reshape, that of its source; of an insertion's destination, that
  /// of its result.
  const BufferPlace &placeOf(mlir::Value tensor) const {
    return places_.find(rootOf(tensor))->second;
  }
  bool hasPlace(mlir::Value tensor) const { return places_.count(rootOf(tensor)) != 0; }
  /// Bytes of the kernel's workspace operand, the last one; 0: there is none.
  int64_t workspaceBytes() const { return workspaceBytes_; }

private:
  ir::plan::KernelOp kernel_;
  llvm::SmallVector<int64_t> tile_;
  fuse::IterationSpace space_;
  std::vector<llvm::SmallVector<size_t>> loopGroups_;
  llvm::DenseMap<mlir::Value, mlir::Value> roots_;
  llvm::DenseMap<mlir::Value, BufferPlace> places_;
  int64_t workspaceBytes_ = 0;

  mlir::Value rootOf(mlir::Value tensor) const;
  void groupLoops();
  void placeTensors();
  bool mayShareLoops(llvm::ArrayRef<size_t> group, size_t nest) const;
  bool staysInRegister(size_t group, mlir::Value tensor) const;
};

/// Does `nest` only move the elements of one tensor to other places? It then has loops of its own.
bool isTransposingCopy(const fuse::Nest &nest);

/// The operations of a kernel's or dispatch's body but its terminator.
llvm::SmallVector<mlir::Operation *> bodyOps(mlir::Block &body);

} // namespace ntc::schedule
