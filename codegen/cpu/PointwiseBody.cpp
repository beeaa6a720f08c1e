// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads, computation and stores of a loop group without reductions.

#include "codegen/cpu/PointwiseBody.h"

#include "codegen/cpu/Choose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

using namespace mlir;

namespace ntc::codegen::cpu {

PointwiseBody::PointwiseBody(KernelBuilder &k, ArrayRef<size_t> group, Value given)
    : k(k), group(group), givenTensor(given) {
  original.resize(nest(group.front()).extents.size());
  std::iota(original.begin(), original.end(), 0);
  collectAccesses();
}

/// Is the read served by a value computed in this group?
bool PointwiseBody::isForwarded(size_t reader, Value tensor) const {
  if (tensor == givenTensor) {
    return true;
  }
  for (size_t n : group) {
    if (n == reader) {
      return false;
    }
    if (llvm::is_contained(nest(n).op->getResults(), tensor)) {
      return true;
    }
  }
  return false;
}

/// What a nest reads: an insertion reads its source only.
ArrayRef<fuse::Access> PointwiseBody::readsOf(const fuse::Nest &nest) const {
  ArrayRef<fuse::Access> all = nest.reads;
  return isa<tensor::InsertSliceOp>(nest.op) ? all.take_front(1) : all;
}

void PointwiseBody::collectAccesses() {
  auto isRegister = [&](Value tensor) {
    return k.layout.placeOf(tensor).kind == schedule::BufferPlace::Kind::Register;
  };
  for (size_t n : group) {
    for (const fuse::Access &read : readsOf(nest(n))) {
      if (!isForwarded(n, read.tensor)) {
        reads.try_emplace({read.tensor, read.map}, Stream{k.linearize(read), {}});
      }
    }
    for (const fuse::Access &write : nest(n).writes) {
      if (!isRegister(write.tensor)) {
        writes.try_emplace(write.tensor, Stream{k.linearize(write), {}});
      }
    }
  }
}

void PointwiseBody::hoist(llvm::function_ref<bool(const LinearAccess &)> fixed,
                          ArrayRef<Value> ivs) {
  auto isFixed = [&](const auto &read) { return fixed(read.second.access); };
  int64_t count = llvm::count_if(reads, isFixed);
  if (!choose(k, KernelChoice::HoistLoads, count > 0, [&] {
        return count > 0 ? llvm::formatv("{0} of {1} operands are read before the loop of vectors",
                                         count, reads.size())
                               .str()
                         : "every operand changes along the vectors";
      })) {
    return;
  }
  // In the order of the nests, which no address decides.
  for (size_t n : group) {
    for (const fuse::Access &read : readsOf(nest(n))) {
      auto found = reads.find({read.tensor, read.map});
      if (found == reads.end() || !fixed(found->second.access)) {
        continue;
      }
      const LinearAccess &access = found->second.access;
      found->second.hoisted = k.load(access.buffer, k.addressAt(access, ivs), 0, lanes);
    }
  }
}

Value PointwiseBody::indexVector(unsigned loop, ArrayRef<Value> ivs) {
  size_t depth = llvm::find(original, loop) - original.begin();
  Value scalar = k.splat(ivs[depth], lanes);
  if (lanes == 0 || depth + 1 != original.size()) {
    return scalar;
  }
  return arith::AddIOp::create(k.b, k.loc, scalar, k.iota(lanes));
}

int64_t PointwiseBody::strideOf(const Stream &stream) const {
  return original.empty() ? 0 : stream.access.strides.back();
}

void PointwiseBody::emit(ArrayRef<Value> ivs, Value mask, Value given) {
  DenseMap<Value, Value> computed;
  if (given) {
    computed[givenTensor] = given;
  }
  for (size_t n : group) {
    const fuse::Nest &current = nest(n);
    Loaded loaded;
    for (const fuse::Access &read : readsOf(current)) {
      Value value = computed.lookup(read.tensor);
      if (!value) {
        Stream &stream = reads.find({read.tensor, read.map})->second;
        value = stream.hoisted ? stream.hoisted
                               : k.load(stream.access.buffer, k.addressAt(stream.access, ivs),
                                        strideOf(stream), lanes, mask);
      }
      loaded[read.tensor].push_back({read.map, value});
    }
    SmallVector<Value> results = compute(current, loaded, ivs);
    for (auto [write, value] : llvm::zip(current.writes, results)) {
      computed[write.tensor] = value;
      auto stream = writes.find(write.tensor);
      if (stream != writes.end()) {
        k.store(stream->second.access.buffer, value, k.addressAt(stream->second.access, ivs),
                strideOf(stream->second), lanes, mask);
      }
    }
  }
}

void PointwiseBody::fetchAhead(ArrayRef<Value> ivs) {
  constexpr unsigned kKeepInAll = 3;
  for (size_t n : group) {
    for (const fuse::Access &read : readsOf(nest(n))) {
      auto found = reads.find({read.tensor, read.map});
      if (found == reads.end() || strideOf(found->second) != 1 || !read.map.isFunctionOfDim(0) ||
          read.map.getNumDims() < 2 ||
          k.layout.placeOf(read.tensor).kind != schedule::BufferPlace::Kind::Operand) {
        continue;
      }
      const LinearAccess &access = found->second.access;
      memref::PrefetchOp::create(k.b, k.loc, access.buffer.memref,
                                 ValueRange{k.addressAt(access, ivs)}, /*isWrite=*/false,
                                 kKeepInAll, /*isDataCache=*/true);
    }
  }
}

SmallVector<Value> PointwiseBody::compute(const fuse::Nest &current, const Loaded &loaded,
                                          ArrayRef<Value> ivs) {
  auto lookup = [&](Value tensor, AffineMap map) {
    for (auto &[readMap, value] : loaded.lookup(tensor)) {
      if (readMap == map) {
        return value;
      }
    }
    return Value();
  };
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(current.op)) {
    return {lookup(insert.getSource(), current.reads[0].map)};
  }
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(current.op)) {
    return {lookup(extract.getSource(), current.reads[0].map)};
  }
  auto linalgOp = cast<linalg::LinalgOp>(current.op);
  SmallVector<Value> arguments;
  for (OpOperand &operand : current.op->getOpOperands()) {
    arguments.push_back(lookup(operand.get(), linalgOp.getMatchingIndexingMap(&operand)));
  }
  return k.payload(current.op, arguments, lanes,
                   [&](unsigned loop) { return indexVector(loop, ivs); });
}

} // namespace ntc::codegen::cpu
