// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of products with register tiles. Two forms (compiler/fuse/ContractionForm.h):
//
// * Outer: `rows` x `columns` vectors of results stay in registers over all reduction loops; each
//   step broadcasts one lhs element per row and loads one rhs vector per column.
// * Dot: `rows` x `columns` accumulators run along the reduction; each step loads one vector per
//   row and one per column, and the lanes of each accumulator are added by halves at the end.
//
// Every result has one owner and one order of summation, which depends on the vector length only.

#include "codegen/cpu/Combine.h"
#include "codegen/cpu/KernelBuilder.h"
#include "compiler/fuse/ContractionForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

class ContractionEmitter {
public:
  ContractionEmitter(KernelBuilder &k, size_t n, fuse::ContractionForm form)
      : k(k), nest(k.layout.space().nests()[n]), form(std::move(form)) {
    for (size_t d = 0; d < nest.extents.size(); ++d) {
      ranges.push_back(k.rangeOf(n, d));
    }
    lhs = k.linearize(nest.reads[this->form.lhs]);
    rhs = k.linearize(nest.reads[this->form.rhs]);
    output = k.linearize(nest.writes[0]);
    lanes = k.lanesOf(output.buffer.element);
    rowLoop = this->form.rowLoops.empty() ? -1 : static_cast<int>(this->form.rowLoops.back());
    columnLoop =
        this->form.columnLoops.empty() ? -1 : static_cast<int>(this->form.columnLoops.back());
  }

  void emit() {
    for (unsigned d = 0; d < ranges.size(); ++d) {
      if (nest.isReduction[d]) {
        if (d != form.vectorLoop) {
          reduced.push_back(d);
        }
      } else if (static_cast<int>(d) != rowLoop && static_cast<int>(d) != columnLoop &&
                 d != form.vectorLoop) {
        outer.push_back(d);
      }
    }
    SmallVector<Value> ivs(ranges.size());
    emitOuter(outer, ivs);
  }

private:
  KernelBuilder &k;
  const fuse::Nest &nest;
  fuse::ContractionForm form;
  SmallVector<Range> ranges;
  LinearAccess lhs, rhs, output;
  Lanes lanes;
  int rowLoop, columnLoop;
  SmallVector<unsigned> outer, reduced;

  bool isDot() const { return form.kind == fuse::ContractionForm::Kind::Dot; }

  void emitOuter(ArrayRef<unsigned> loops, SmallVector<Value> &ivs) {
    if (loops.empty()) {
      return isDot() ? emitDotBlocks(ivs) : emitColumnBlocks(ivs);
    }
    k.loop(ranges[loops.front()], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      ivs[loops.front()] = iv;
      emitOuter(loops.drop_front(), ivs);
      return {};
    });
  }

  /// Cuts `range` into blocks of `size` indices and single ones, or, if the range is short and
  /// known, one block.
  void blocks(int loop, int64_t size, llvm::function_ref<void(Value, int64_t)> body) {
    if (loop < 0) {
      return body({}, 1);
    }
    const Range &range = ranges[loop];
    if (range.size >= 0) {
      // Balanced: q + 1 or q indices each, so that no block is much smaller than the others.
      int64_t count = (range.size + size - 1) / size, q = range.size / count,
              larger = range.size % count;
      Value split = k.add(range.lower, k.index(larger * (q + 1)));
      if (larger > 0) {
        k.loop(Range{range.lower, split, larger * (q + 1), q + 1}, q + 1, {},
               [&](Value iv, ValueRange) -> SmallVector<Value> {
                 return body(iv, q + 1), SmallVector<Value>();
               });
      }
      k.loop(Range{split, range.upper, (count - larger) * q, q}, q, {},
             [&](Value iv, ValueRange) -> SmallVector<Value> {
               return body(iv, q), SmallVector<Value>();
             });
      return;
    }
    Value total = k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, range.lower);
    Value full = k.mul(k.b.createOrFold<arith::DivUIOp>(k.loc, total, k.index(size)), size);
    Value split = k.add(range.lower, full);
    k.loop(range.lower, split, size, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      return body(iv, size), SmallVector<Value>();
    });
    k.loop(split, range.upper, 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      return body(iv, 1), SmallVector<Value>();
    });
  }

  // --- Outer
  // ---------------------------------------------------------------------------------------------------------

  /// Vectors per row block, and rows, that fit the registers with one register for a broadcast and
  /// one per rhs vector.
  std::pair<int64_t, int64_t> outerTile(int64_t vectors) const {
    int64_t columns = vectors <= 3 ? vectors : vectors % 4 == 0 ? 4 : vectors % 3 == 0 ? 3 : 2;
    if (k.target.registers < 32) {
      columns = std::min<int64_t>(columns, 2);
    }
    int64_t rows = (k.target.registers - 2 - columns) / columns;
    return {columns, std::min<int64_t>(rows, 14)};
  }

  void emitColumnBlocks(SmallVector<Value> &ivs) {
    const Range &range = ranges[form.vectorLoop];
    int64_t extent = range.size >= 0 ? range.size : nest.extents[form.vectorLoop];
    auto [columns, rows] = outerTile((extent + lanes - 1) / lanes);
    auto emitRows = [&](Value column, int64_t vectors, Value mask) {
      ivs[form.vectorLoop] = column;
      blocks(rowLoop, rows, [&](Value row, int64_t count) {
        if (rowLoop >= 0) {
          ivs[rowLoop] = row;
        }
        emitOuterTile(ivs, count, vectors, mask);
      });
      ivs[form.vectorLoop] = {};
    };
    int64_t step = columns * lanes;
    if (range.size >= 0) {
      int64_t whole = range.size / step * step, rest = range.size - whole;
      Value split = k.add(range.lower, k.index(whole));
      if (whole > 0) {
        k.loop(Range{range.lower, split, whole, step}, step, {},
               [&](Value iv, ValueRange) -> SmallVector<Value> {
                 emitRows(iv, columns, {});
                 return {};
               });
      }
      if (rest > 0) {
        int64_t vectors = (rest + lanes - 1) / lanes, last = rest - (vectors - 1) * lanes;
        emitRows(split, vectors, last == lanes ? Value() : maskOf(k.index(last)));
      }
      return;
    }
    Value total = k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, range.lower);
    Value split = k.add(range.lower,
                        k.mul(k.b.createOrFold<arith::DivUIOp>(k.loc, total, k.index(step)), step));
    k.loop(range.lower, split, step, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      emitRows(iv, columns, {});
      return {};
    });
    k.loop(split, range.upper, lanes, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      emitRows(iv, 1, maskOf(k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, iv)));
      return {};
    });
  }

  Value maskOf(Value count) {
    return vector::CreateMaskOp::create(k.b, k.loc, VectorType::get({lanes}, k.b.getI1Type()),
                                        count);
  }

  /// `rows` x `vectors` results from (ivs of row loop and vector loop) on; `mask` is for the last
  /// vector.
  void emitOuterTile(SmallVector<Value> &ivs, int64_t rows, int64_t vectors, Value mask) {
    Value zero = initial(lanes);
    SmallVector<Value> sums(rows * vectors, zero);
    sums = emitReduced(reduced, ivs, sums, [&](ValueRange now) -> SmallVector<Value> {
      Value lhsBase = k.addressAt(lhs, ivs), rhsBase = k.addressAt(rhs, ivs);
      SmallVector<Value> columns, next(now);
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t stride = rhs.strides[form.vectorLoop];
        Value address = k.add(rhsBase, k.index(v * lanes * stride));
        columns.push_back(
            k.load(rhs.buffer, address, stride, lanes, v + 1 == vectors ? mask : Value()));
      }
      for (int64_t r = 0; r < rows; ++r) {
        int64_t stride = rowLoop < 0 ? 0 : lhs.strides[rowLoop];
        Value broadcast = k.load(lhs.buffer, k.add(lhsBase, k.index(r * stride)), 0, lanes);
        for (int64_t v = 0; v < vectors; ++v) {
          Value &sum = next[r * vectors + v];
          sum = k.multiplyAdd(broadcast, columns[v], sum);
        }
      }
      return next;
    });
    Value base = k.addressAt(output, ivs);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t offset = (rowLoop < 0 ? 0 : r * output.strides[rowLoop]) +
                         v * lanes * output.strides[form.vectorLoop];
        k.store(output.buffer, sums[r * vectors + v], k.add(base, k.index(offset)),
                output.strides[form.vectorLoop], lanes, v + 1 == vectors ? mask : Value());
      }
    }
  }

  /// The value that sums begin with; the fill of the destination, which lowering always writes as a
  /// constant.
  Value initial(Lanes width) {
    auto generic = cast<linalg::GenericOp>(nest.op);
    auto fill = generic.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    return k.splat(k.b.clone(*fill.getInputs()[0].getDefiningOp())->getResult(0), width);
  }

  SmallVector<Value> emitReduced(ArrayRef<unsigned> loops, SmallVector<Value> &ivs,
                                 ValueRange carried,
                                 llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
    if (loops.empty()) {
      return body(carried);
    }
    return k.loop(ranges[loops.front()], 1, carried,
                  [&](Value iv, ValueRange now) -> SmallVector<Value> {
                    ivs[loops.front()] = iv;
                    return emitReduced(loops.drop_front(), ivs, now, body);
                  });
  }

  // --- Dot
  // -----------------------------------------------------------------------------------------------------------

  void emitDotBlocks(SmallVector<Value> &ivs) {
    auto sizeOf = [&](int loop) {
      return loop < 0 ? 1 : ranges[loop].size >= 0 ? ranges[loop].size : nest.extents[loop];
    };
    // Of a pair of sides that fills the registers with accumulators, one vector per column and one
    // for a row: the columns, balanced, then as many rows as fit.
    int64_t columns = k.target.registers >= 32 ? 6 : 3, rows = sizeOf(rowLoop);
    if (rows < columns - 1) {
      columns = (k.target.registers - 1) / (rows + 1);
    }
    columns = llvm::divideCeil(sizeOf(columnLoop), llvm::divideCeil(sizeOf(columnLoop), columns));
    rows = std::min(rows, (k.target.registers - 1 - columns) / columns);
    blocks(columnLoop, columns, [&](Value column, int64_t columnCount) {
      if (columnLoop >= 0) {
        ivs[columnLoop] = column;
      }
      blocks(rowLoop, rows, [&](Value row, int64_t rowCount) {
        if (rowLoop >= 0) {
          ivs[rowLoop] = row;
        }
        emitDotTile(ivs, rowCount, columnCount);
      });
    });
  }

  void emitDotTile(SmallVector<Value> &ivs, int64_t rows, int64_t columns) {
    SmallVector<Value> sums(rows * columns, k.constant(output.buffer.element, 0.0, lanes));
    sums = emitReduced(reduced, ivs, sums, [&](ValueRange carried) {
      auto result = k.strips(ranges[form.vectorLoop], lanes, carried,
                             [&](Value iv, Value mask, ValueRange now) {
                               ivs[form.vectorLoop] = iv;
                               return dotStep(ivs, rows, columns, now, mask);
                             });
      ivs[form.vectorLoop] = {};
      return result;
    });
    Combiner add{arith::AddFOp::getOperationName(), 0.0};
    Value base = k.addressAt(output, ivs);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        Value sum =
            add.combine(k.b, k.loc, initial(0), combineLanes(k, add, sums[r * columns + c], lanes));
        int64_t offset = (rowLoop < 0 ? 0 : r * output.strides[rowLoop]) +
                         (columnLoop < 0 ? 0 : c * output.strides[columnLoop]);
        k.store(output.buffer, sum, k.add(base, k.index(offset)), 0, 0);
      }
    }
  }

  SmallVector<Value> dotStep(ArrayRef<Value> ivs, int64_t rows, int64_t columns, ValueRange now,
                             Value mask) {
    Value lhsBase = k.addressAt(lhs, ivs), rhsBase = k.addressAt(rhs, ivs);
    SmallVector<Value> next(now), columnValues;
    for (int64_t c = 0; c < columns; ++c) {
      int64_t offset = columnLoop < 0 ? 0 : c * rhs.strides[columnLoop];
      columnValues.push_back(k.load(rhs.buffer, k.add(rhsBase, k.index(offset)), 1, lanes, mask));
    }
    for (int64_t r = 0; r < rows; ++r) {
      int64_t offset = rowLoop < 0 ? 0 : r * lhs.strides[rowLoop];
      Value rowValue = k.load(lhs.buffer, k.add(lhsBase, k.index(offset)), 1, lanes, mask);
      for (int64_t c = 0; c < columns; ++c) {
        Value &sum = next[r * columns + c];
        sum = k.multiplyAdd(rowValue, columnValues[c], sum);
      }
    }
    return next;
  }
};

} // namespace

void emitContraction(KernelBuilder &k, size_t nest) {
  fuse::ContractionForm form = *fuse::contractionForm(k.layout.space().nests()[nest].op);
  ContractionEmitter(k, nest, std::move(form)).emit();
}

} // namespace ntc::codegen::cpu
