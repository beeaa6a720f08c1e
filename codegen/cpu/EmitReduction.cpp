// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions that are no sums of products of two tensors. Vectors run along the loop for which most
// accesses are contiguous: a parallel loop (one accumulator per lane), or a reduction loop (lanes
// accumulate apart and are combined by halves at the end, in an order that depends on the vector
// length only).

#include "codegen/cpu/Choose.h"
#include "codegen/cpu/Combine.h"
#include "codegen/cpu/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

class ReductionEmitter {
public:
  ReductionEmitter(KernelBuilder &k, size_t n)
      : k(k), nest(k.layout.space().nests()[n]), op(cast<linalg::LinalgOp>(nest.op)) {
    for (size_t d = 0; d < nest.extents.size(); ++d) {
      ranges.push_back(k.rangeOf(n, d));
    }
    for (OpOperand *input : op.getDpsInputOperands()) {
      bool used = op.payloadUsesValueFromOperand(input);
      inputs.push_back(
          used ? std::optional(k.linearize({input->get(), op.getMatchingIndexingMap(input)}))
               : std::nullopt);
    }
    output = k.linearize(nest.writes[0]);
    chooseVectorLoop();
  }

  void emit() {
    SmallVector<unsigned> parallel, reduced;
    for (unsigned d = 0; d < ranges.size(); ++d) {
      if (static_cast<int>(d) != vectorLoop) {
        (nest.isReduction[d] ? reduced : parallel).push_back(d);
      }
    }
    chooseUnrolling(reduced);
    SmallVector<Value> ivs(ranges.size());
    emitParallel(parallel, reduced, ivs);
  }

private:
  KernelBuilder &k;
  const fuse::Nest &nest;
  linalg::LinalgOp op;
  SmallVector<Range> ranges;
  SmallVector<std::optional<LinearAccess>> inputs;
  LinearAccess output;
  int vectorLoop = -1;
  Lanes lanes = 0;
  bool unrolls = false; ///< windows

  Type element() const { return output.buffer.element; }

  /// The cost of running along loop d, in memory accesses per element: gathers weigh most, then
  /// idle lanes.
  double costOf(unsigned d, Lanes width) const {
    double cost = 0;
    for (const auto &input : inputs) {
      if (input) {
        int64_t stride = input->strides[d];
        cost += stride == 0 || stride == 1 ? 1.0 / width : 1.0;
      }
    }
    if (!nest.isReduction[d] && output.strides[d] != 1) {
      cost += 1.0;
    }
    double strips = (nest.extents[d] + width - 1) / width;
    // A horizontal combination costs about two strips.
    double overhead = nest.isReduction[d] ? 2.0 : 0.0;
    return (cost + 1.0 / width) * (strips + overhead) * width / nest.extents[d];
  }

  void chooseVectorLoop() {
    Lanes width = k.lanesOf(k.b.getF32Type());
    auto consider = [&](Type type) {
      width = isa<FloatType>(type) ? std::min(width, k.lanesOf(type)) : width;
    };
    consider(element());
    for (const auto &input : inputs) {
      if (input) {
        consider(input->buffer.element);
      }
    }
    double best = 1.0 + inputs.size(); // the cost of scalars
    bool combinable = combinerOf(op).has_value();
    for (unsigned d = 0; d < ranges.size(); ++d) {
      if (nest.extents[d] == 1 || (nest.isReduction[d] && !combinable)) {
        continue;
      }
      double cost = costOf(d, width);
      if (cost < best) {
        best = cost;
        vectorLoop = d;
        lanes = width;
      }
    }
  }

  void emitParallel(ArrayRef<unsigned> parallel, ArrayRef<unsigned> reduced,
                    SmallVector<Value> &ivs) {
    if (!parallel.empty()) {
      unsigned d = parallel.front();
      k.loop(ranges[d], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
        ivs[d] = iv;
        emitParallel(parallel.drop_front(), reduced, ivs);
        return {};
      });
      return;
    }
    if (vectorLoop < 0) {
      emitAlongParallel(reduced, ivs, {}, {});
    } else if (nest.isReduction[vectorLoop]) {
      emitAlongReduction(reduced, ivs);
    } else {
      emitStrips(reduced, ivs);
    }
  }

  /// A reduction over a few elements, for which a loop costs more than it does.
  bool isWindow(unsigned loop) const {
    constexpr int64_t kFew = 4;
    return ranges[loop].size > 0 && ranges[loop].size <= kFew;
  }

  void chooseUnrolling(ArrayRef<unsigned> reduced) {
    bool has = llvm::any_of(reduced,
                            [&](unsigned loop) { return isWindow(loop) && ranges[loop].size > 1; });
    unrolls = !reduced.empty() && choose(k, KernelChoice::UnrollWindows, has, [&] {
      return has ? "its reductions over a few elements have no loop" : "its reductions are long";
    });
  }

  /// Strips of lanes along a parallel loop; several at once where they lie side by side in what is
  /// read, so that memory is read in long pieces and sums do not wait for each other.
  void emitStrips(ArrayRef<unsigned> reduced, SmallVector<Value> &ivs) {
    constexpr int64_t kMostStrips = 8;
    const Range &range = ranges[vectorLoop];
    int64_t strips = range.size > 0 && range.size % lanes == 0 ? range.size / lanes : 1;
    while (strips > kMostStrips && strips % 2 == 0) {
      strips /= 2;
    }
    StringRef whyNot = reduced.empty()           ? "nothing is reduced beside the vectors"
                       : range.size < 0          ? "groups of work do not all have the same results"
                       : range.size % lanes != 0 ? "its results end in a part of a vector"
                       : strips == 1             ? "there is one vector of results"
                       : strips > kMostStrips    ? "its vectors are odd in number and too many"
                                                 : "";
    if (chooseUnless(k, KernelChoice::WidenReductions, whyNot, [&] {
          return std::to_string(strips) + " vectors are reduced side by side";
        })) {
      k.loop(range, strips * lanes, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
        SmallVector<Value> starts;
        for (int64_t s = 0; s < strips; ++s) {
          starts.push_back(k.add(iv, k.index(s * lanes)));
        }
        emitAlongParallel(reduced, ivs, starts, {});
        return {};
      });
    } else {
      k.strips(range, lanes, {}, [&](Value iv, Value mask, ValueRange) -> SmallVector<Value> {
        emitAlongParallel(reduced, ivs, iv, mask);
        return {};
      });
    }
    ivs[vectorLoop] = {};
  }

  int64_t outputStride() const { return vectorLoop < 0 ? 0 : output.strides[vectorLoop]; }

  /// The reduction's beginning: the constant of a fill, or what the destination holds.
  Value initial(ArrayRef<Value> ivs, Lanes width, int64_t stride, Value mask) {
    Value init = op.getDpsInits()[0];
    if (auto fill = init.getDefiningOp<linalg::FillOp>()) {
      return k.splat(k.b.clone(*fill.getInputs()[0].getDefiningOp())->getResult(0), width);
    }
    LinearAccess access = k.linearize({init, nest.writes[0].map});
    return k.load(access.buffer, k.addressAt(access, ivs), stride, width, mask);
  }

  /// One accumulator per lane of every strip that begins at one of `starts`, or a scalar one.
  void emitAlongParallel(ArrayRef<unsigned> reduced, SmallVector<Value> &ivs, ValueRange starts,
                         Value mask) {
    auto at = [&](size_t strip) {
      if (vectorLoop >= 0) {
        ivs[vectorLoop] = starts[strip];
      }
    };
    SmallVector<Value> sums;
    for (size_t s = 0; s < std::max<size_t>(1, starts.size()); ++s) {
      at(s);
      sums.push_back(initial(ivs, lanes, outputStride(), mask));
    }
    sums = emitReduced(reduced, ivs, sums, [&](ValueRange now) {
      SmallVector<Value> next;
      for (auto [s, sum] : llvm::enumerate(now)) {
        at(s);
        next.push_back(step(ivs, sum, mask));
      }
      return next;
    });
    for (auto [s, sum] : llvm::enumerate(sums)) {
      at(s);
      k.store(output.buffer, sum, k.addressAt(output, ivs), outputStride(), lanes, mask);
    }
  }

  /// Lanes accumulate apart from the combiner's neutral value on; then they are combined with the
  /// beginning.
  void emitAlongReduction(ArrayRef<unsigned> reduced, SmallVector<Value> &ivs) {
    Combiner combiner = *combinerOf(op);
    Value neutral = k.constant(element(), combiner.neutral, lanes);
    Value partial = emitReduced(reduced, ivs, neutral, [&](ValueRange carried) {
      SmallVector<Value> sums = k.strips(
          ranges[vectorLoop], lanes, carried,
          [&](Value iv, Value mask, ValueRange now) -> SmallVector<Value> {
            ivs[vectorLoop] = iv;
            Value next = step(ivs, now[0], mask);
            // Lanes beyond the end computed something from zeros: they keep what they had.
            return {mask ? arith::SelectOp::create(k.b, k.loc, mask, next, now[0]).getResult()
                         : next};
          });
      ivs[vectorLoop] = {};
      return sums;
    })[0];
    Value whole = combineLanes(k, combiner, partial, lanes);
    Value sum = combiner.combine(k.b, k.loc, initial(ivs, 0, 0, {}), whole);
    k.store(output.buffer, sum, k.addressAt(output, ivs), 0, 0);
  }

  using Sums = SmallVector<Value>;

  Sums emitReduced(ArrayRef<unsigned> reduced, SmallVector<Value> &ivs, ValueRange accumulators,
                   llvm::function_ref<Sums(ValueRange)> body) {
    if (reduced.empty()) {
      return body(accumulators);
    }
    unsigned d = reduced.front();
    if (unrolls && isWindow(d)) {
      Sums sums(accumulators);
      for (int64_t i = 0; i < ranges[d].size; ++i) {
        ivs[d] = k.add(ranges[d].lower, k.index(i));
        sums = emitReduced(reduced.drop_front(), ivs, sums, body);
      }
      return sums;
    }
    // Sums of sums: a long chain of additions loses digits.
    constexpr int64_t kLongChain = 16;
    auto combiner = combinerOf(op);
    int64_t inner = 1;
    for (unsigned loop : reduced.drop_front()) {
      inner *= nest.extents[loop];
    }
    bool ownSum = combiner && combiner->operation == arith::AddFOp::getOperationName() &&
                  inner >= kLongChain && !isWindow(d);
    return k.loop(ranges[d], 1, accumulators, [&](Value iv, ValueRange now) -> Sums {
      ivs[d] = iv;
      if (!ownSum) {
        return emitReduced(reduced.drop_front(), ivs, now, body);
      }
      Sums sums(now.size(), k.constant(element(), combiner->neutral, lanes));
      sums = emitReduced(reduced.drop_front(), ivs, sums, body);
      for (auto [sum, before] : llvm::zip(sums, now)) {
        sum = combiner->combine(k.b, k.loc, before, sum);
      }
      return sums;
    });
  }

  /// The accumulator after the body at the current indices.
  Value step(ArrayRef<Value> ivs, Value accumulator, Value mask) {
    SmallVector<Value> arguments;
    for (const auto &input : inputs) {
      if (!input) {
        arguments.push_back({});
        continue;
      }
      int64_t stride = vectorLoop < 0 ? 0 : input->strides[vectorLoop];
      arguments.push_back(k.load(input->buffer, k.addressAt(*input, ivs), stride, lanes, mask));
    }
    arguments.push_back(accumulator);
    return k.payload(op, arguments, lanes, [&](unsigned loop) -> Value {
      Value scalar = k.splat(ivs[loop], lanes);
      return static_cast<int>(loop) == vectorLoop && lanes != 0
                 ? arith::AddIOp::create(k.b, k.loc, scalar, k.iota(lanes)).getResult()
                 : scalar;
    })[0];
  }
};

} // namespace

void emitReduction(KernelBuilder &k, size_t nest) { ReductionEmitter(k, nest).emit(); }

} // namespace ntc::codegen::cpu
