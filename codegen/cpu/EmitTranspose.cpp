// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies that read along one dimension and write along another: square blocks of 8 x 8 elements
// (less where a vector has fewer lanes) are loaded row by row, transposed in registers by log2(8)
// rounds of shuffles, and stored row by row. Where few elements lie side by side in the result,
// vectors are scattered instead.

#include "codegen/cpu/Choose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

class TransposeEmitter {
public:
  TransposeEmitter(KernelBuilder &k, size_t n) : k(k), nest(k.layout.space().nests()[n]) {
    for (size_t d = 0; d < nest.extents.size(); ++d) {
      ranges.push_back(k.rangeOf(n, d));
    }
    input = k.linearize(nest.reads[0]);
    output = k.linearize(nest.writes[0]);
    if (input.buffer.element.isInteger(1)) {
      // Bytes that hold booleans move as they are.
      input.buffer.element = output.buffer.element = k.b.getI8Type();
    }
    size = std::min<Lanes>(8, k.lanesOf(output.buffer.element));
    for (size_t d = 0; d < ranges.size(); ++d) {
      if (nest.extents[d] > 1) {
        readLoop = input.strides[d] == 1 ? static_cast<int>(d) : readLoop;
        writeLoop = output.strides[d] == 1 ? static_cast<int>(d) : writeLoop;
      }
    }
  }

  /// Is there a loop worth running along?
  bool applies() const {
    StringRef whyNot;
    if (readLoop < 0 || writeLoop < 0) {
      whyNot = "no loop runs along memory on each side";
    } else if (readLoop == writeLoop) {
      whyNot = "it reads and writes along the same loop";
    } else if (nest.extents[readLoop] < size / 2) {
      whyNot = "too few elements lie side by side in what is read";
    }
    return chooseUnless(k, KernelChoice::TransposeBlocks, whyNot, [&] {
      return scatters() ? std::string("vectors of what is read are scattered")
                        : llvm::formatv("squares of {0} x {0} pass through registers", size).str();
    });
  }

  void emit() {
    SmallVector<Value> ivs(ranges.size());
    emitOuter(0, ivs);
  }

private:
  KernelBuilder &k;
  const fuse::Nest &nest;
  SmallVector<Range> ranges;
  LinearAccess input, output;
  int readLoop = -1, writeLoop = -1;
  Lanes size = 0;

  /// Do few elements lie side by side in the result?
  bool scatters() const { return nest.extents[writeLoop] < 3; }

  void emitOuter(size_t depth, SmallVector<Value> &ivs) {
    if (depth == ranges.size()) {
      return emitBlocks(ivs);
    }
    if (static_cast<int>(depth) == readLoop || static_cast<int>(depth) == writeLoop) {
      return emitOuter(depth + 1, ivs);
    }
    k.loop(ranges[depth], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      ivs[depth] = iv;
      emitOuter(depth + 1, ivs);
      return {};
    });
  }

  /// Where few elements lie side by side in the result: vectors are read and scattered.
  void emitScatter(SmallVector<Value> &ivs) {
    Lanes lanes = k.lanesOf(output.buffer.element);
    k.loop(ranges[writeLoop], 1, {}, [&](Value place, ValueRange) -> SmallVector<Value> {
      ivs[writeLoop] = place;
      k.strips(ranges[readLoop], lanes, {},
               [&](Value iv, Value mask, ValueRange) -> SmallVector<Value> {
                 ivs[readLoop] = iv;
                 Value row = k.load(input.buffer, k.addressAt(input, ivs), 1, lanes, mask);
                 k.store(output.buffer, row, k.addressAt(output, ivs), output.strides[readLoop],
                         lanes, mask);
                 return {};
               });
      return {};
    });
    ivs[writeLoop] = ivs[readLoop] = {};
  }

  void emitBlocks(SmallVector<Value> &ivs) {
    if (scatters()) {
      return emitScatter(ivs);
    }
    k.strips(ranges[writeLoop], size, {},
             [&](Value row, Value rowMask, ValueRange) -> SmallVector<Value> {
               ivs[writeLoop] = row;
               k.strips(ranges[readLoop], size, {},
                        [&](Value column, Value columnMask, ValueRange) -> SmallVector<Value> {
                          ivs[readLoop] = column;
                          emitBlock(ivs, rowMask, columnMask);
                          return {};
                        });
               return {};
             });
    ivs[writeLoop] = ivs[readLoop] = {};
  }

  /// `mask` where lane i of `rows` is on, else no lane at all; null: no mask.
  Value maskOfRow(Value mask, Value rows, int64_t i) {
    if (!rows) {
      return mask;
    }
    Value on = vector::ExtractOp::create(k.b, k.loc, rows, ArrayRef<int64_t>{i});
    Value all = k.splat(on, size);
    return mask ? arith::AndIOp::create(k.b, k.loc, all, mask).getResult() : all;
  }

  /// Rows or columns of a block, where there are fewer of them than it has at all times.
  int64_t countOf(int loop) const {
    const Range &range = ranges[loop];
    return range.size > 0 && range.size < size ? range.size : size;
  }

  void emitBlock(ArrayRef<Value> ivs, Value rowMask, Value columnMask) {
    Value from = k.addressAt(input, ivs), to = k.addressAt(output, ivs);
    int64_t rowCount = countOf(writeLoop), columnCount = countOf(readLoop);
    SmallVector<Value> rows;
    for (int64_t i = 0; i < size; ++i) {
      if (i >= rowCount) {
        rows.push_back(k.constant(input.buffer.element, 0, size));
        continue;
      }
      rows.push_back(k.load(input.buffer, k.add(from, k.index(i * input.strides[writeLoop])), 1,
                            size, maskOfRow(columnMask, rowCount < size ? Value() : rowMask, i)));
    }
    transposeSquare(k, rows);
    for (int64_t i = 0; i < columnCount; ++i) {
      k.store(output.buffer, rows[i], k.add(to, k.index(i * output.strides[readLoop])), 1, size,
              maskOfRow(rowMask, columnCount < size ? Value() : columnMask, i));
    }
  }
};

} // namespace

// Exchanges the off-diagonal quarters of ever smaller squares.
void transposeSquare(KernelBuilder &k, SmallVector<Value> &rows) {
  int64_t size = rows.size();
  for (int64_t half = size / 2; half >= 1; half /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < size; ++lane) {
      bool upper = (lane & half) != 0;
      low.push_back(upper ? size + lane - half : lane);
      high.push_back(upper ? size + lane : lane + half);
    }
    for (int64_t i = 0; i < size; ++i) {
      if ((i & half) == 0) {
        Value a = rows[i], b = rows[i + half];
        rows[i] = vector::ShuffleOp::create(k.b, k.loc, a, b, low);
        rows[i + half] = vector::ShuffleOp::create(k.b, k.loc, a, b, high);
      }
    }
  }
}

bool emitTranspose(KernelBuilder &k, size_t nest) {
  TransposeEmitter emitter(k, nest);
  if (!emitter.applies()) {
    return false;
  }
  emitter.emit();
  return true;
}

} // namespace ntc::codegen::cpu
