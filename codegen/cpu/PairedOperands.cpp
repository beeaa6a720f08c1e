// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of pairs: rows interleaved, or squares of pairs transposed in registers.

#include "codegen/cpu/PairedOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <tuple>

using namespace mlir;

namespace ntc::codegen::cpu {

PairedOperands::PairedOperands(KernelBuilder &k, size_t n, fuse::ContractionForm form)
    : k(k), nest(k.layout.space().nests()[n]), form(std::move(form)) {
  for (size_t d = 0; d < nest.extents.size(); ++d) {
    ranges.push_back(k.rangeOf(n, d));
    if (nest.isReduction[d]) {
      reduced.push_back(d);
    }
  }
  lhs = k.linearize(nest.reads[this->form.lhs]);
  rhs = k.linearize(nest.reads[this->form.rhs]);
  output = k.linearize(nest.writes[0]);
  lanes = k.lanesOf(output.buffer.element);
  vectorLoop = this->form.vectorLoop;
  rowLoop = this->form.rowLoops.empty() ? -1 : static_cast<int>(this->form.rowLoops.back());
  choosePairLoop();
}

int64_t PairedOperands::sizeOf(unsigned loop) const {
  return ranges[loop].size >= 0 ? ranges[loop].size : nest.extents[loop];
}

void PairedOperands::choosePairLoop() {
  auto rank = [&](unsigned loop) {
    bool even = nest.extents[loop] % 2 == 0;
    return std::tuple(even && lhs.strides[loop] == 1, even, !even && lhs.strides[loop] == 1,
                      even ? 0 : nest.extents[loop], loop);
  };
  for (unsigned loop : reduced) {
    if (loop == reduced.front() || rank(loop) > rank(pairLoop)) {
      pairLoop = loop;
    }
  }
}

bool PairedOperands::isOdd() const { return nest.extents[pairLoop] % 2 != 0; }

bool PairedOperands::readsLhsInPlace() const {
  return lhs.strides[pairLoop] == 1 && lhs.buffer.element.isBF16();
}

bool PairedOperands::transposesRhs() const {
  return rhs.strides[vectorLoop] != 1 && rhs.strides[pairLoop] == 1 &&
         k.choices.has(pipelines::KernelChoice::TransposeBlocks);
}

SmallVector<Value>
PairedOperands::forPairs(ValueRange carried, SmallVector<Value> &ivs,
                         llvm::function_ref<SmallVector<Value>(ValueRange, bool hasSecond)> body) {
  Range range = ranges[pairLoop];
  auto at = [&](Value iv, ValueRange now, bool hasSecond) {
    ivs[pairLoop] = iv;
    return body(now, hasSecond);
  };
  SmallVector<Value> values(carried);
  Value last;
  if (isOdd()) {
    last = k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, k.index(1));
    range.upper = last;
    range.size -= 1;
  }
  if (range.size != 0) {
    values = k.loop(range, 2, values, [&](Value iv, ValueRange now) { return at(iv, now, true); });
  }
  return isOdd() ? at(last, values, false) : values;
}

Type PairedOperands::pairType() { return VectorType::get({lanes}, k.b.getI32Type()); }

Value PairedOperands::loadBits(const LinearAccess &source, Value address, int64_t stride,
                               Lanes count, Value mask) {
  Value elements = k.load(source.buffer, address, stride, count, mask);
  if (source.buffer.element.isF32()) {
    elements =
        arith::TruncFOp::create(k.b, k.loc, k.vectorType(k.b.getBF16Type(), count), elements);
  }
  return arith::BitcastOp::create(k.b, k.loc, k.vectorType(k.b.getI16Type(), count), elements);
}

Value PairedOperands::roundTogether(Value lower, Value upper) {
  auto name = k.b.getStringAttr("llvm.x86.avx512bf16.cvtne2ps2bf16.512");
  Type type = VectorType::get({2 * lanes}, k.b.getBF16Type());
  return LLVM::CallIntrinsicOp::create(k.b, k.loc, type, name, ValueRange{upper, lower})
      .getResult(0);
}

bool PairedOperands::roundsTogether(const LinearAccess &source) const {
  return k.target.hasBf16Dot && source.buffer.element.isF32();
}

Value PairedOperands::loadPairs(const LinearAccess &source, Value address, int64_t stride,
                                Value mask, bool hasSecond, int64_t apart) {
  Value next = hasSecond ? k.add(address, k.index(apart)) : Value();
  if (roundsTogether(source) && hasSecond) {
    Value rounded = roundTogether(k.load(source.buffer, address, stride, lanes, mask),
                                  k.load(source.buffer, next, stride, lanes, mask));
    Value bits = vector::BitCastOp::create(k.b, k.loc,
                                           VectorType::get({2 * lanes}, k.b.getI16Type()), rounded);
    SmallVector<int64_t> interleaved;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      interleaved.append({lane, lanes + lane});
    }
    bits = vector::ShuffleOp::create(k.b, k.loc, bits, bits, interleaved);
    return vector::BitCastOp::create(k.b, k.loc, pairType(), bits);
  }
  auto wide = [&](Value bits) -> Value {
    return arith::ExtUIOp::create(k.b, k.loc, pairType(), bits);
  };
  Value lower = wide(loadBits(source, address, stride, lanes, mask));
  if (!hasSecond) {
    return lower;
  }
  Value upper = wide(loadBits(source, next, stride, lanes, mask));
  upper = arith::ShLIOp::create(k.b, k.loc, upper, k.constant(k.b.getI32Type(), 16, lanes));
  return arith::OrIOp::create(k.b, k.loc, lower, upper);
}

Value PairedOperands::loadNeighbours(const LinearAccess &source, Value address, Value mask) {
  Value bits;
  if (roundsTogether(source)) {
    SmallVector<Value> halves;
    for (int64_t half = 0; half < 2; ++half) {
      Value on = mask;
      if (mask) {
        on =
            vector::ExtractStridedSliceOp::create(k.b, k.loc, mask, ArrayRef<int64_t>{half * lanes},
                                                  ArrayRef<int64_t>{lanes}, ArrayRef<int64_t>{1});
      }
      halves.push_back(k.load(source.buffer, k.add(address, k.index(half * lanes)), 1, lanes, on));
    }
    bits = roundTogether(halves[0], halves[1]);
  } else {
    bits = loadBits(source, address, 1, 2 * lanes, mask);
  }
  return vector::BitCastOp::create(k.b, k.loc, pairType(), bits);
}

int64_t PairedOperands::layOut(LinearAccess &copy, const LinearAccess &source, int64_t width,
                               int64_t grain) {
  copy.strides.assign(ranges.size(), 0);
  copy.base = k.index(0);
  int64_t unit = 2 * width;
  for (unsigned loop : llvm::reverse(reduced)) {
    if (source.strides[loop] == 0 && loop != pairLoop) {
      continue;
    }
    bool isPair = loop == pairLoop;
    copy.strides[loop] = isPair ? unit / 2 : unit;
    copy.base = k.add(copy.base, k.mul(ranges[loop].lower, -copy.strides[loop]));
    int64_t depth = depthOf(loop);
    unit *= isPair ? static_cast<int64_t>(llvm::alignTo(depth, grain)) / 2 : depth;
  }
  return unit;
}

void PairedOperands::bind(LinearAccess &copy, Value &memory, int64_t elements) {
  if (!memory) {
    OpBuilder::InsertionGuard guard(k.b);
    auto function = k.b.getInsertionBlock()->getParentOp()->getParentOfType<func::FuncOp>();
    k.b.setInsertionPointToStart(&function.getBody().front());
    memory = memref::AllocaOp::create(k.b, k.loc, MemRefType::get({elements}, k.b.getI16Type()),
                                      k.b.getI64IntegerAttr(64));
  }
  copy.buffer = {memory, k.b.getI16Type(), {1}, {Value()}};
}

void PairedOperands::storePairs(const LinearAccess &copy, Value pairs, Value address) {
  auto type = VectorType::get({2 * lanes}, k.b.getI16Type());
  Value halves = vector::BitCastOp::create(k.b, k.loc, type, pairs);
  k.store(copy.buffer, halves, address, 1, 2 * lanes);
}

void PairedOperands::forReduced(ArrayRef<unsigned> loops, const LinearAccess &source,
                                SmallVector<Value> &ivs, llvm::function_ref<void()> body) {
  if (loops.empty()) {
    return body();
  }
  unsigned loop = loops.front();
  if (loop == pairLoop || source.strides[loop] == 0) {
    return forReduced(loops.drop_front(), source, ivs, body);
  }
  k.loop(ranges[loop], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
    ivs[loop] = iv;
    forReduced(loops.drop_front(), source, ivs, body);
    return {};
  });
  ivs[loop] = {};
}

void PairedOperands::copyPairs(const LinearAccess &source, const LinearAccess &copy, unsigned loop,
                               int64_t vectors, Value mask, SmallVector<Value> &ivs) {
  forPairs({}, ivs, [&](ValueRange, bool hasSecond) -> SmallVector<Value> {
    Value from = k.addressAt(source, ivs), to = k.addressAt(copy, ivs);
    int64_t stride = source.strides[loop];
    for (int64_t v = 0; v < vectors; ++v) {
      Value address = k.add(from, k.index(v * lanes * stride));
      Value pairs = loadPairs(source, address, stride, v + 1 == vectors ? mask : Value(), hasSecond,
                              source.strides[pairLoop]);
      storePairs(copy, pairs, k.add(to, k.index(2 * v * lanes)));
    }
    return {};
  });
  ivs[pairLoop] = {};
}

void PairedOperands::emitPanel(SmallVector<Value> &ivs, int64_t vectors, Value mask) {
  bind(panel, panelMemory, layOut(panel, rhs, columns * lanes, transposesRhs() ? 2 * lanes : 2));
  Value column = ivs[vectorLoop];
  forReduced(reduced, rhs, ivs, [&] {
    if (transposesRhs()) {
      copyTransposed(vectors, mask, ivs);
    } else {
      copyPairs(rhs, panel, vectorLoop, vectors, mask, ivs);
    }
  });
  ivs[vectorLoop] = column;
}

void PairedOperands::copyTransposed(int64_t vectors, Value mask, SmallVector<Value> &ivs) {
  for (int64_t v = 0; v < vectors; ++v) {
    k.strips(ranges[pairLoop], 2 * lanes, {},
             [&](Value iv, Value rest, ValueRange) -> SmallVector<Value> {
               ivs[pairLoop] = iv;
               Value from = k.addressAt(rhs, ivs), to = k.addressAt(panel, ivs);
               SmallVector<Value> block;
               for (int64_t i = 0; i < lanes; ++i) {
                 Value on = v + 1 == vectors ? maskOfColumn(mask, rest, i) : rest;
                 Value address = k.add(from, k.index((v * lanes + i) * rhs.strides[vectorLoop]));
                 block.push_back(loadNeighbours(rhs, address, on));
               }
               transposeSquare(k, block);
               for (int64_t i = 0; i < lanes; ++i) {
                 int64_t offset = 2 * (i * panel.strides[pairLoop] + v * lanes);
                 storePairs(panel, block[i], k.add(to, k.index(offset)));
               }
               return {};
             });
  }
  ivs[pairLoop] = {};
}

Value PairedOperands::maskOfColumn(Value columnMask, Value rest, int64_t i) {
  if (!columnMask) {
    return rest;
  }
  Value on = vector::ExtractOp::create(k.b, k.loc, columnMask, ArrayRef<int64_t>{i});
  Value all = k.splat(on, 2 * lanes);
  return rest ? arith::AndIOp::create(k.b, k.loc, all, rest).getResult() : all;
}

void PairedOperands::emitLhsCopy(SmallVector<Value> &ivs) {
  int64_t count = rowLoop < 0 ? 1 : depthOf(rowLoop), width = llvm::alignTo(count, lanes);
  bind(lhsCopy, lhsMemory, layOut(lhsCopy, lhs, width, 2));
  if (rowLoop >= 0) {
    lhsCopy.strides[rowLoop] = 2;
    lhsCopy.base = k.add(lhsCopy.base, k.mul(ranges[rowLoop].lower, -2));
  }
  forReduced(reduced, lhs, ivs, [&] {
    if (rowLoop < 0) {
      return copyPairs(lhs, lhsCopy, pairLoop, 1, maskOf(k.index(1)), ivs);
    }
    k.strips(ranges[rowLoop], lanes, {},
             [&](Value iv, Value mask, ValueRange) -> SmallVector<Value> {
               ivs[rowLoop] = iv;
               copyPairs(lhs, lhsCopy, rowLoop, 1, mask, ivs);
               return {};
             });
    ivs[rowLoop] = {};
  });
}

int64_t PairedOperands::depthOf(unsigned loop) const {
  auto found = blockSizes.find(loop);
  return found == blockSizes.end() ? sizeOf(loop) : found->second;
}

Value PairedOperands::maskOf(Value count) {
  return vector::CreateMaskOp::create(k.b, k.loc, VectorType::get({lanes}, k.b.getI1Type()), count);
}

} // namespace ntc::codegen::cpu
