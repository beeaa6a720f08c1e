// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses, vectors, loops and bodies for the emitters.

#include "codegen/cpu/KernelBuilder.h"

#include "compiler/fuse/ContractionForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

#include <numeric>

using namespace mlir;

namespace ntc::codegen::cpu {

Value KernelBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

Value KernelBuilder::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }

Value KernelBuilder::mul(Value x, int64_t factor) {
  return factor == 1 ? x : b.createOrFold<arith::MulIOp>(loc, x, index(factor));
}

Range KernelBuilder::rangeOf(size_t nest, size_t loop) {
  int label = layout.space().labelOf(nest, loop);
  if (label >= 0 && layout.tile()[label] != 0) {
    return labelRanges[label];
  }
  int64_t extent = layout.space().nests()[nest].extents[loop];
  return {index(0), index(extent), extent, extent, true};
}

LinearAccess KernelBuilder::linearize(const fuse::Access &access) {
  LinearAccess linear{buffers.lookup(access.tensor), {}, {}};
  // The address for the buffer's own strides: constant part by evaluating the map at 0.
  SmallVector<int64_t> zeros(access.map.getNumDims(), 0);
  int64_t constant = 0;
  Value base;
  for (auto [d, value] : llvm::enumerate(access.map.compose(zeros))) {
    constant += value * linear.buffer.strides[d];
    if (Value origin = linear.buffer.origins[d]) {
      Value shift = mul(origin, -linear.buffer.strides[d]);
      base = base ? add(base, shift) : shift;
    }
  }
  linear.base = base ? add(base, index(constant)) : index(constant);
  for (unsigned loop = 0; loop < access.map.getNumDims(); ++loop) {
    SmallVector<int64_t> unit(zeros);
    unit[loop] = 1;
    int64_t stride = -constant;
    for (auto [d, value] : llvm::enumerate(access.map.compose(unit))) {
      stride += value * linear.buffer.strides[d];
    }
    linear.strides.push_back(stride);
  }
  return linear;
}

Value KernelBuilder::addressAt(const LinearAccess &access, ArrayRef<Value> ivs) {
  Value address = access.base;
  for (auto [stride, iv] : llvm::zip(access.strides, ivs)) {
    if (iv && stride != 0) {
      address = add(address, mul(iv, stride));
    }
  }
  return address;
}

Lanes KernelBuilder::lanesOf(Type element) const {
  return target.vectorBytes / std::max<int64_t>(4, ir::plan::elementBytes(element));
}

Type KernelBuilder::vectorType(Type element, Lanes lanes) const {
  return lanes == 0 ? element : VectorType::get({lanes}, element);
}

Value KernelBuilder::splat(Value scalar, Lanes lanes) {
  return lanes == 0 ? scalar
                    : vector::BroadcastOp::create(
                          b, loc, VectorType::get({lanes}, scalar.getType()), scalar)
                          .getResult();
}

Value KernelBuilder::constant(Type element, double value, Lanes lanes) {
  TypedAttr scalar = isa<FloatType>(element)
                         ? TypedAttr(b.getFloatAttr(element, value))
                         : TypedAttr(b.getIntegerAttr(element, static_cast<int64_t>(value)));
  if (lanes == 0) {
    return arith::ConstantOp::create(b, loc, scalar);
  }
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(VectorType::get({lanes}, element), Attribute(scalar)));
}

Value KernelBuilder::iota(Lanes lanes) {
  return vector::StepOp::create(b, loc, VectorType::get({lanes}, b.getIndexType()));
}

Value KernelBuilder::loadEverySecond(const Buffer &buffer, Value address, Lanes lanes, Value mask,
                                     Value zero) {
  // Lanes between the wanted ones are off, so that nothing beyond the last is touched.
  SmallVector<Value> halves;
  for (int64_t half = 0; half < 2; ++half) {
    SmallVector<bool> even;
    SmallVector<int64_t> spread;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      even.push_back(lane % 2 == 0);
      spread.push_back(lane % 2 == 0 ? half * lanes / 2 + lane / 2 : lanes);
    }
    auto flags = VectorType::get({lanes}, b.getI1Type());
    Value on = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(flags, even));
    if (mask) {
      on = vector::ShuffleOp::create(b, loc, mask, constant(b.getI1Type(), 0, lanes), spread);
    }
    halves.push_back(vector::MaskedLoadOp::create(b, loc, zero.getType(), buffer.memref,
                                                  ValueRange{add(address, index(half * lanes))}, on,
                                                  zero));
  }
  SmallVector<int64_t> second;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    second.push_back(2 * lane);
  }
  return vector::ShuffleOp::create(b, loc, halves[0], halves[1], second);
}

Value KernelBuilder::load(const Buffer &buffer, Value address, int64_t stride, Lanes lanes,
                          Value mask) {
  Type stored = cast<MemRefType>(buffer.memref.getType()).getElementType();
  Value value;
  if (lanes == 0 || stride == 0) {
    value = memref::LoadOp::create(b, loc, buffer.memref, address);
  } else {
    auto type = VectorType::get({lanes}, stored);
    Value zero = mask || stride != 1 ? constant(stored, 0, lanes) : Value();
    if (stride == 2) {
      value = loadEverySecond(buffer, address, lanes, mask, zero);
    } else if (stride != 1) {
      Value all = mask ? mask : constant(b.getI1Type(), 1, lanes);
      Value offsets = arith::MulIOp::create(b, loc, iota(lanes), splat(index(stride), lanes));
      value = vector::GatherOp::create(b, loc, type, buffer.memref, ValueRange{address}, offsets,
                                       all, zero);
    } else if (mask) {
      value = vector::MaskedLoadOp::create(b, loc, type, buffer.memref, ValueRange{address}, mask,
                                           zero);
    } else {
      value = vector::LoadOp::create(b, loc, type, buffer.memref, ValueRange{address});
    }
  }
  Lanes have = lanes == 0 || stride == 0 ? 0 : lanes;
  if (buffer.element.isInteger(1)) {
    value =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, constant(stored, 0, have));
  }
  if (isa<FloatType>(buffer.element) && stored != buffer.element) {
    value = arith::BitcastOp::create(b, loc, vectorType(buffer.element, have), value);
  }
  return lanes != 0 && stride == 0 ? splat(value, lanes) : value;
}

void KernelBuilder::store(const Buffer &buffer, Value value, Value address, int64_t stride,
                          Lanes lanes, Value mask) {
  if (buffer.element.isInteger(1)) {
    value = arith::ExtUIOp::create(b, loc, vectorType(b.getI8Type(), lanes), value);
  }
  Type stored = cast<MemRefType>(buffer.memref.getType()).getElementType();
  if (isa<FloatType>(buffer.element) && stored != buffer.element) {
    value = arith::BitcastOp::create(b, loc, vectorType(stored, lanes), value);
  }
  if (lanes == 0) {
    memref::StoreOp::create(b, loc, value, buffer.memref, address);
  } else if (stride != 1) {
    Value all = mask ? mask : constant(b.getI1Type(), 1, lanes);
    Value offsets = arith::MulIOp::create(b, loc, iota(lanes), splat(index(stride), lanes));
    vector::ScatterOp::create(b, loc, Type(), buffer.memref, ValueRange{address}, offsets, all,
                              value);
  } else if (mask) {
    vector::MaskedStoreOp::create(b, loc, buffer.memref, ValueRange{address}, mask, value);
  } else {
    vector::StoreOp::create(b, loc, value, buffer.memref, ValueRange{address});
  }
}

Value KernelBuilder::multiplyAdd(Value x, Value y, Value z) {
  if (target.hasFma) {
    return math::FmaOp::create(b, loc, x, y, z);
  }
  return arith::AddFOp::create(b, loc, arith::MulFOp::create(b, loc, x, y), z);
}

Value KernelBuilder::multiplyAddPairs(Value x, Value y, Value z) {
  auto type = cast<VectorType>(z.getType());
  if (target.hasBf16Dot) {
    auto pairs = VectorType::get({2 * type.getNumElements()}, b.getBF16Type());
    Value xs = vector::BitCastOp::create(b, loc, pairs, x);
    Value ys = vector::BitCastOp::create(b, loc, pairs, y);
    auto name = b.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512");
    return LLVM::CallIntrinsicOp::create(b, loc, type, name, ValueRange{z, xs, ys}).getResult(0);
  }
  auto upper = [&](Value pair) -> Value {
    Value bits = arith::AndIOp::create(b, loc, pair,
                                       constant(b.getI32Type(), -65536, type.getNumElements()));
    return arith::BitcastOp::create(b, loc, type, bits);
  };
  auto lower = [&](Value pair) -> Value {
    Value bits =
        arith::ShLIOp::create(b, loc, pair, constant(b.getI32Type(), 16, type.getNumElements()));
    return arith::BitcastOp::create(b, loc, type, bits);
  };
  return multiplyAdd(lower(x), lower(y), multiplyAdd(upper(x), upper(y), z));
}

void KernelBuilder::blocks(const Range &range, int64_t size,
                           llvm::function_ref<void(Value, int64_t)> body) {
  auto run = [&](const Range &part, int64_t count) {
    loop(part, count, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      return body(iv, count), SmallVector<Value>();
    });
  };
  if (range.size == 0) {
    return;
  }
  if (range.size > 0) {
    // q + 1 or q indices each, so that no block is much smaller than the others.
    int64_t count = (range.size + size - 1) / size, q = range.size / count,
            larger = range.size % count;
    Value split = add(range.lower, index(larger * (q + 1)));
    if (larger > 0) {
      run(Range{range.lower, split, larger * (q + 1), q + 1}, q + 1);
    }
    return run(Range{split, range.upper, (count - larger) * q, q}, q);
  }
  Value total = b.createOrFold<arith::SubIOp>(loc, range.upper, range.lower);
  Value full = mul(b.createOrFold<arith::DivUIOp>(loc, total, index(size)), size);
  Value split = add(range.lower, full);
  run(Range{range.lower, split}, size);
  run(Range{split, range.upper}, 1);
}

Value KernelBuilder::initial(Operation *op, Lanes lanes) {
  auto fill = cast<linalg::GenericOp>(op).getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  return splat(b.clone(*fill.getInputs()[0].getDefiningOp())->getResult(0), lanes);
}

void KernelBuilder::loops(ArrayRef<unsigned> loops, ArrayRef<Range> ranges, SmallVector<Value> &ivs,
                          llvm::function_ref<void()> body) {
  if (loops.empty()) {
    return body();
  }
  unsigned outermost = loops.front();
  loop(ranges[outermost], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
    ivs[outermost] = iv;
    this->loops(loops.drop_front(), ranges, ivs, body);
    return {};
  });
  ivs[outermost] = {};
}

void KernelBuilder::cut(ArrayRef<std::pair<unsigned, int64_t>> cuts, SmallVector<Range> &ranges,
                        llvm::function_ref<void()> body) {
  if (cuts.empty()) {
    return body();
  }
  auto [outermost, size] = cuts.front();
  Range whole = ranges[outermost];
  loop(whole.lower, whole.upper, size, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
    Range &part = ranges[outermost];
    part = {iv, add(iv, index(size)), size, size, false};
    if (whole.size % size != 0) {
      part.upper = arith::MinUIOp::create(b, loc, part.upper, whole.upper);
      part.size = -1;
      part.multipleOf = std::gcd(size, whole.size);
    }
    cut(cuts.drop_front(), ranges, body);
    return {};
  });
  ranges[outermost] = whole;
}

void KernelBuilder::cutSums(ArrayRef<std::pair<unsigned, int64_t>> cuts, SmallVector<Range> &ranges,
                            SumPart &part, llvm::function_ref<void()> body) {
  if (!cuts.empty()) {
    part = SumPart::Begin;
    body();
    part = SumPart::Continue;
  }
  cut(cuts, ranges, body);
}

SmallVector<Value> KernelBuilder::loop(Value lower, Value upper, int64_t step, ValueRange carried,
                                       LoopBody body) {
  auto op = scf::ForOp::create(b, loc, lower, upper, index(step), carried,
                               [&](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  // Without carried values the builder has made the terminator.
  if (op.getBody()->empty() || !op.getBody()->back().hasTrait<OpTrait::IsTerminator>()) {
    scf::YieldOp::create(b, loc, next);
  }
  return SmallVector<Value>(op.getResults());
}

SmallVector<Value> KernelBuilder::loop(const Range &range, int64_t step, ValueRange carried,
                                       LoopBody body) {
  if (range.size > 0 && range.size <= step) {
    return body(range.lower, carried);
  }
  return loop(range.lower, range.upper, step, carried, body);
}

SmallVector<Value> KernelBuilder::strips(const Range &range, Lanes lanes, ValueRange carried,
                                         StripBody body) {
  SmallVector<Value> values(carried);
  if (range.multipleOf % lanes == 0) {
    return loop(range, lanes, values, [&](Value iv, ValueRange now) { return body(iv, {}, now); });
  }
  if (range.size >= 0 && range.size < lanes) {
    Value mask = vector::CreateMaskOp::create(b, loc, VectorType::get({lanes}, b.getI1Type()),
                                              index(range.size));
    return body(range.lower, mask, values);
  }
  Value size = b.createOrFold<arith::SubIOp>(loc, range.upper, range.lower);
  Value full = b.createOrFold<arith::MulIOp>(
      loc, b.createOrFold<arith::DivUIOp>(loc, size, index(lanes)), index(lanes));
  Value split = add(range.lower, full);
  values = loop(range.lower, split, lanes, values,
                [&](Value iv, ValueRange now) { return body(iv, {}, now); });
  Value rest = b.createOrFold<arith::SubIOp>(loc, range.upper, split);
  Value mask = vector::CreateMaskOp::create(b, loc, VectorType::get({lanes}, b.getI1Type()), rest);
  return body(split, mask, values);
}

SmallVector<Value> KernelBuilder::payload(Operation *op, ValueRange arguments, Lanes lanes,
                                          llvm::function_ref<Value(unsigned)> indexOf) {
  Block &body = op->getRegion(0).front();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(body.getArguments(), arguments)) {
    if (value) {
      mapping.map(argument, value);
    }
  }
  // Scalar constants may stand outside of the body.
  auto lookup = [&](Value value) {
    if (Value mapped = mapping.lookupOrNull(value)) {
      return mapped;
    }
    Value scalar = b.clone(*value.getDefiningOp<arith::ConstantOp>())->getResult(0);
    mapping.map(value, splat(scalar, lanes));
    return mapping.lookup(value);
  };
  for (Operation &inner : body.without_terminator()) {
    if (auto constantOp = dyn_cast<arith::ConstantOp>(inner)) {
      TypedAttr value = constantOp.getValue();
      if (lanes != 0) {
        value = DenseElementsAttr::get(VectorType::get({lanes}, value.getType()), Attribute(value));
      }
      mapping.map(constantOp.getResult(), arith::ConstantOp::create(b, loc, value).getResult());
      continue;
    }
    if (auto indexOp = dyn_cast<linalg::IndexOp>(inner)) {
      mapping.map(indexOp.getResult(), indexOf(indexOp.getDim()));
      continue;
    }
    SmallVector<Value> operands;
    for (Value operand : inner.getOperands()) {
      operands.push_back(lookup(operand));
    }
    SmallVector<Type> types;
    for (Type type : inner.getResultTypes()) {
      types.push_back(vectorType(type, lanes));
    }
    OperationState state(loc, inner.getName());
    state.addOperands(operands);
    state.addTypes(types);
    state.addAttributes(inner.getAttrs());
    Operation *clone = b.create(state);
    mapping.map(inner.getResults(), clone->getResults());
  }
  SmallVector<Value> yielded;
  for (Value value : body.getTerminator()->getOperands()) {
    yielded.push_back(lookup(value));
  }
  return yielded;
}

} // namespace ntc::codegen::cpu
