// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The body of a loop group without reductions: what its operations read and write, and their
// vectors of results at given loop indices. Which loops run around it is its users' matter.
#pragma once

#include "codegen/cpu/KernelBuilder.h"

namespace ntc::codegen::cpu {

class PointwiseBody {
public:
  /// One access of the group with its address function; `hoisted` is set where it was loaded
  /// before the loops in which it does not change.
  struct Stream {
    LinearAccess access;
    Value hoisted;
  };

  /// `given`: a tensor whose elements the user hands to emit; null: none.
  PointwiseBody(KernelBuilder &k, mlir::ArrayRef<size_t> group, Value given = {});

  llvm::DenseMap<std::pair<Value, mlir::AffineMap>, Stream> reads;
  llvm::DenseMap<Value, Stream> writes;
  /// The nests' loop number of each loop that is left; the last one runs in vectors.
  SmallVector<size_t> original;
  Lanes lanes = 0; ///< 0: scalars

  const fuse::Nest &nest(size_t n) const { return k.layout.space().nests()[n]; }
  /// Loads, before loops, what `fixed` says is the same in all their iterations. The group never
  /// writes it: what it overwrites in place it reads at the very element that it writes.
  /// Nothing without the choice `hoist-loads`.
  void hoist(llvm::function_ref<bool(const LinearAccess &)> fixed, mlir::ArrayRef<Value> ivs);
  /// Loads, computes and stores `lanes` elements from `ivs` on, or those that `mask` allows.
  void emit(mlir::ArrayRef<Value> ivs, Value mask, Value given = {});
  /// Asks for the cache lines of operands that emit will read in vectors at `ivs`.
  void fetchAhead(mlir::ArrayRef<Value> ivs);

private:
  KernelBuilder &k;
  mlir::ArrayRef<size_t> group;
  Value givenTensor;

  void collectAccesses();
  bool isForwarded(size_t reader, Value tensor) const;
  mlir::ArrayRef<fuse::Access> readsOf(const fuse::Nest &nest) const;
  Value indexVector(unsigned loop, mlir::ArrayRef<Value> ivs);
  int64_t strideOf(const Stream &stream) const;
  using Loaded = llvm::DenseMap<Value, SmallVector<std::pair<mlir::AffineMap, Value>>>;
  SmallVector<Value> compute(const fuse::Nest &current, const Loaded &loaded,
                             mlir::ArrayRef<Value> ivs);
};

} // namespace ntc::codegen::cpu
