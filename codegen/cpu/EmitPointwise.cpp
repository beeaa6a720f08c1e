// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops over elements: runs of linalg operations without reductions that share one loop nest, and
// insertions. The innermost loop runs in vectors; neighbouring loops that are contiguous for every
// access become one first.

#include "codegen/cpu/Choose.h"
#include "codegen/cpu/PointwiseBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

class PointwiseEmitter {
public:
  PointwiseEmitter(KernelBuilder &k, ArrayRef<size_t> group) : k(k), group(group), body(k, group) {
    const fuse::Nest &first = nest(group.front());
    for (size_t d = 0; d < first.extents.size(); ++d) {
      extents.push_back(first.extents[d]);
      ranges.push_back(k.rangeOf(group.front(), d));
    }
    collapse();
    body.lanes = chooseLanes();
  }

  void emit() {
    SmallVector<Value> ivs(ranges.size());
    emitLoops(0, ivs);
  }

private:
  KernelBuilder &k;
  ArrayRef<size_t> group;
  SmallVector<int64_t> extents;
  SmallVector<Range> ranges;
  PointwiseBody body;

  const fuse::Nest &nest(size_t n) const { return k.layout.space().nests()[n]; }

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
    auto follows = [&](const PointwiseBody::Stream &stream) {
      return stream.access.strides[outer] == stream.access.strides[outer + 1] * extents[outer + 1];
    };
    return llvm::all_of(body.reads, [&](auto &entry) { return follows(entry.second); }) &&
           llvm::all_of(body.writes, [&](auto &entry) { return follows(entry.second); });
  }

  /// Why loop `outer` is not joined with the next one; empty: it is.
  StringRef whyNotJoined(size_t outer) const {
    size_t inner = outer + 1;
    if (!ranges[inner].isWhole) {
      return "a group of work covers a part of the inner loop";
    }
    if (usesIndex(body.original[outer]) || usesIndex(body.original[inner])) {
      return "it computes with the indices of the loops";
    }
    return contiguous(outer) ? "" : "memory does not run on from one loop to the next";
  }

  /// Joins loop d with the whole loop d + 1 where memory runs on.
  void collapse() {
    const size_t before = ranges.size();
    StringRef whyNot;
    for (size_t d = k.choices.has(KernelChoice::CollapseLoops) ? before : 0; d-- > 1;) {
      size_t outer = d - 1;
      if (StringRef why = whyNotJoined(outer); !why.empty()) {
        whyNot = why;
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
      body.original.erase(body.original.begin() + d);
      auto join = [&](PointwiseBody::Stream &stream) {
        stream.access.strides.erase(stream.access.strides.begin() + outer);
      };
      for (auto &entry : body.reads) {
        join(entry.second);
      }
      for (auto &entry : body.writes) {
        join(entry.second);
      }
    }
    const size_t joined = before - ranges.size();
    if (before > 1) {
      choose(k, KernelChoice::CollapseLoops, joined > 0, [&] {
        return joined > 0 ? llvm::formatv("{0} loops run as {1}", before, ranges.size()).str()
                          : whyNot.str();
      });
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
    for (auto &entry : body.reads) {
      consider(entry.second.access.buffer.element);
    }
    return fewest;
  }

  void emitLoops(size_t depth, SmallVector<Value> &ivs) {
    if (depth + 1 >= ranges.size()) {
      return body.lanes == 0 ? emitScalarLoop(depth, ivs) : emitVectorLoop(depth, ivs);
    }
    k.loop(ranges[depth], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      ivs[depth] = iv;
      emitLoops(depth + 1, ivs);
      return {};
    });
  }

  void emitScalarLoop(size_t depth, SmallVector<Value> &ivs) {
    if (depth >= ranges.size()) {
      return body.emit(ivs, {});
    }
    k.loop(ranges[depth], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      ivs[depth] = iv;
      body.emit(ivs, {});
      return {};
    });
  }

  void emitVectorLoop(size_t depth, SmallVector<Value> &ivs) {
    // Elements that the vector loop repeats.
    body.hoist([&](const LinearAccess &access) { return access.strides[depth] == 0; }, ivs);
    k.strips(ranges[depth], body.lanes, {},
             [&](Value iv, Value mask, ValueRange) -> SmallVector<Value> {
               ivs[depth] = iv;
               body.emit(ivs, mask);
               return {};
             });
    ivs[depth] = {};
  }
};

} // namespace

void emitPointwise(KernelBuilder &k, ArrayRef<size_t> group) { PointwiseEmitter(k, group).emit(); }

} // namespace ntc::codegen::cpu
