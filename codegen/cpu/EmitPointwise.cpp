// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops over elements: runs of linalg operations without reductions that share one loop nest, and
// insertions. The innermost loop runs in vectors; neighbouring loops that are contiguous for every
// access become one first.

#include "codegen/cpu/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

class PointwiseEmitter {
public:
  PointwiseEmitter(KernelBuilder &k, ArrayRef<size_t> group) : k(k), group(group) {
    const fuse::Nest &first = nest(group.front());
    for (size_t d = 0; d < first.extents.size(); ++d) {
      extents.push_back(first.extents[d]);
      ranges.push_back(k.rangeOf(group.front(), d));
      original.push_back(d);
    }
    collectAccesses();
    collapse();
    lanes = chooseLanes();
  }

  void emit() {
    SmallVector<Value> ivs(ranges.size());
    emitLoops(0, ivs);
  }

private:
  /// One access of the group with its address function; `value` is set where it does not change in
  /// the vector loop.
  struct Stream {
    LinearAccess access;
    Value hoisted;
  };

  KernelBuilder &k;
  ArrayRef<size_t> group;
  SmallVector<int64_t> extents;
  SmallVector<Range> ranges;
  SmallVector<size_t> original; ///< the nests' loop number of each loop that is left
  DenseMap<std::pair<Value, AffineMap>, Stream> reads;
  DenseMap<Value, Stream> writes;
  Lanes lanes = 0;

  const fuse::Nest &nest(size_t n) const { return k.layout.space().nests()[n]; }

  bool isRegister(Value tensor) const {
    return k.layout.placeOf(tensor).kind == schedule::BufferPlace::Kind::Register;
  }

  /// Is the read served by a value computed in this group?
  bool isForwarded(size_t reader, Value tensor) const {
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
  ArrayRef<fuse::Access> readsOf(const fuse::Nest &nest) const {
    ArrayRef<fuse::Access> all = nest.reads;
    return isa<tensor::InsertSliceOp>(nest.op) ? all.take_front(1) : all;
  }

  void collectAccesses() {
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

  bool usesIndex(size_t loop) const {
    return llvm::any_of(group, [&](size_t n) {
      return nest(n)
          .op
          ->walk([&](linalg::IndexOp index) {
            return index.getDim() == loop ? WalkResult::interrupt() : WalkResult::advance();
          })
          .wasInterrupted();
    });
  }

  bool contiguous(size_t outer) const {
    auto follows = [&](const Stream &stream) {
      return stream.access.strides[outer] == stream.access.strides[outer + 1] * extents[outer + 1];
    };
    return llvm::all_of(reads, [&](auto &entry) { return follows(entry.second); }) &&
           llvm::all_of(writes, [&](auto &entry) { return follows(entry.second); });
  }

  /// Joins loop d with the whole loop d + 1 where memory runs on.
  void collapse() {
    for (size_t d = ranges.size(); d-- > 1;) {
      size_t outer = d - 1;
      if (!ranges[d].isWhole || usesIndex(original[outer]) || usesIndex(original[d]) ||
          !contiguous(outer)) {
        continue;
      }
      int64_t inner = extents[d];
      Range &range = ranges[outer];
      range.lower = k.mul(range.lower, inner);
      range.upper = k.mul(range.upper, inner);
      range.size = range.size < 0 ? -1 : range.size * inner;
      range.multipleOf *= inner;
      extents[outer] *= inner;
      ranges.erase(ranges.begin() + d);
      extents.erase(extents.begin() + d);
      original.erase(original.begin() + d);
      auto join = [&](Stream &stream) {
        stream.access.strides.erase(stream.access.strides.begin() + outer);
      };
      for (auto &entry : reads) {
        join(entry.second);
      }
      for (auto &entry : writes) {
        join(entry.second);
      }
    }
  }

  /// Vectors of the widest floating-point type that is touched; scalars where there is no loop to
  /// run along.
  Lanes chooseLanes() {
    if (extents.empty() || extents.back() == 1) {
      return 0;
    }
    Lanes fewest = k.lanesOf(k.b.getF32Type());
    auto consider = [&](Type element) {
      fewest = isa<FloatType>(element) ? std::min(fewest, k.lanesOf(element)) : fewest;
    };
    for (size_t n : group) {
      nest(n).op->walk([&](Operation *op) {
        for (Type type : op->getResultTypes()) {
          consider(getElementTypeOrSelf(type));
        }
      });
    }
    for (auto &entry : reads) {
      consider(entry.second.access.buffer.element);
    }
    return fewest;
  }

  void emitLoops(size_t depth, SmallVector<Value> &ivs) {
    if (depth + 1 >= ranges.size()) {
      return lanes == 0 ? emitScalarLoop(depth, ivs) : emitVectorLoop(depth, ivs);
    }
    k.loop(ranges[depth], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      ivs[depth] = iv;
      emitLoops(depth + 1, ivs);
      return {};
    });
  }

  void emitScalarLoop(size_t depth, SmallVector<Value> &ivs) {
    if (depth >= ranges.size()) {
      return emitBody(ivs, {});
    }
    k.loop(ranges[depth], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      ivs[depth] = iv;
      emitBody(ivs, {});
      return {};
    });
  }

  void emitVectorLoop(size_t depth, SmallVector<Value> &ivs) {
    hoistInvariantReads(depth, ivs);
    k.strips(ranges[depth], lanes, {}, [&](Value iv, Value mask, ValueRange) -> SmallVector<Value> {
      ivs[depth] = iv;
      emitBody(ivs, mask);
      return {};
    });
    ivs[depth] = {};
  }

  /// Elements that the vector loop repeats are loaded before it, unless this group may write them.
  void hoistInvariantReads(size_t depth, ArrayRef<Value> ivs) {
    for (size_t n : group) {
      for (const fuse::Access &read : readsOf(nest(n))) {
        auto found = reads.find({read.tensor, read.map});
        if (found == reads.end() || found->second.access.strides[depth] != 0) {
          continue;
        }
        const LinearAccess &access = found->second.access;
        found->second.hoisted = k.load(access.buffer, k.addressAt(access, ivs), 0, lanes);
      }
    }
  }

  Value indexVector(unsigned loop, ArrayRef<Value> ivs) {
    size_t depth = llvm::find(original, loop) - original.begin();
    Value scalar = k.splat(ivs[depth], lanes);
    if (lanes == 0 || depth + 1 != ranges.size()) {
      return scalar;
    }
    return arith::AddIOp::create(k.b, k.loc, scalar, k.iota(lanes));
  }

  void emitBody(ArrayRef<Value> ivs, Value mask) {
    DenseMap<Value, Value> computed;
    for (size_t n : group) {
      const fuse::Nest &current = nest(n);
      DenseMap<Value, SmallVector<std::pair<AffineMap, Value>>> loaded;
      for (const fuse::Access &read : readsOf(current)) {
        Value value = computed.lookup(read.tensor);
        if (!value) {
          Stream &stream = reads.find({read.tensor, read.map})->second;
          int64_t stride = ranges.empty() ? 0 : stream.access.strides.back();
          value = stream.hoisted ? stream.hoisted
                                 : k.load(stream.access.buffer, k.addressAt(stream.access, ivs),
                                          stride, lanes, mask);
        }
        loaded[read.tensor].push_back({read.map, value});
      }
      SmallVector<Value> results = compute(current, loaded, ivs);
      for (auto [write, value] : llvm::zip(current.writes, results)) {
        computed[write.tensor] = value;
        auto stream = writes.find(write.tensor);
        if (stream != writes.end()) {
          int64_t stride = ranges.empty() ? 0 : stream->second.access.strides.back();
          k.store(stream->second.access.buffer, value, k.addressAt(stream->second.access, ivs),
                  stride, lanes, mask);
        }
      }
    }
  }

  SmallVector<Value>
  compute(const fuse::Nest &current,
          const DenseMap<Value, SmallVector<std::pair<AffineMap, Value>>> &loaded,
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
};

} // namespace

void emitPointwise(KernelBuilder &k, ArrayRef<size_t> group) { PointwiseEmitter(k, group).emit(); }

} // namespace ntc::codegen::cpu
