// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators with indices. Reading shapes is folded at import (ShapeFolding.cpp); what is left here
// works on data.
#include "frontend/import/EntryBuilder.h"
#include "frontend/import/OpTable.h"

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

/// A table of at most this many rows is read through indicators.
constexpr int64_t kMaxIndicatorRows = 4096;

/// One index that is known at import: a slice.
void gatherOne(NodeContext &c, Value data, int64_t axis, int64_t index, bool keep) {
  int64_t size = Emitter::shapeOf(data)[axis];
  if (index < -size || index >= size) {
    c.invalid("index " + Twine(index) + " is outside of dimension " + Twine(axis) + " of " +
              shapeText(Emitter::shapeOf(data)));
    return;
  }
  index = index < 0 ? index + size : index;
  SmallVector<int64_t> starts(Emitter::typeOf(data).getRank(), 0), limits(Emitter::shapeOf(data));
  SmallVector<int64_t> strides(starts.size(), 1), shape(Emitter::shapeOf(data));
  starts[axis] = index;
  limits[axis] = index + 1;
  Operation *op = c.tryMake<SliceOp>(
      data, {c.e.ints("starts", starts), c.e.ints("limits", limits), c.e.ints("strides", strides)});
  if (op) {
    if (keep) {
      shape[axis] = 1;
    } else {
      shape.erase(shape.begin() + axis);
    }
    c.out(c.e.reshape(op->getResult(0), shape));
  }
}

/// Rows of a small table (V) or (V, D) by computed indices: indicators (N, V) times the table.
void gatherRows(NodeContext &c, Value data, Value indices) {
  Emitter &e = c.e;
  int64_t rows = Emitter::shapeOf(data)[0], rank = Emitter::typeOf(data).getRank();
  int64_t count = Emitter::typeOf(indices).getNumElements();
  if (rank > 2 || rows > kMaxIndicatorRows || !isa<FloatType>(Emitter::elementOf(data))) {
    c.unsupported("indices that are computed from data are supported for tables (V) and (V, D) of "
                  "floating point with at "
                  "most " +
                  Twine(kMaxIndicatorRows) + " rows, found " + typeText(data.getType()));
    return;
  }
  SmallVector<int64_t> shape(Emitter::shapeOf(indices));
  shape.append(Emitter::shapeOf(data).drop_front().begin(), Emitter::shapeOf(data).end());
  if (!c.type({count, rows}, Emitter::elementOf(data)) ||
      !c.type(shape, Emitter::elementOf(data))) {
    return;
  }
  RankedTensorType indicators = Emitter::typeOf(data).clone(ArrayRef<int64_t>{count, rows});
  Value hot = e.make<OneHotOp>(indicators, e.reshape(indices, {count}), e.integer("axis", 1));
  Value result;
  if (rank == 1) {
    result = e.sum(e.mul(hot, e.broadcast(data, {count, rows}, {1})), {1});
  } else {
    Operation *product = c.tryMake<MatmulOp>({hot, data}, {});
    result = product ? product->getResult(0) : Value();
  }
  c.out(result ? e.reshape(result, shape) : result);
}

void emitGather(NodeContext &c) {
  Value data = c.in(0), indices = c.in(1);
  int64_t given = c.intAttribute("axis", 0);
  if (c.bad()) {
    return;
  }
  int64_t axis = c.axis(given, Emitter::typeOf(data).getRank());
  auto element = dyn_cast<IntegerType>(Emitter::elementOf(indices));
  if (!c.bad() && (!element || element.getWidth() == 1)) {
    c.invalid("expected integers as indices, found " + typeText(indices.getType()));
  }
  if (c.bad()) {
    return;
  }
  auto known = c.inputs[1].constant ? intsOf(c.inputs[1].constant, 1) : std::nullopt;
  if (known && known->size() == 1 && Emitter::typeOf(indices).getRank() <= 1) {
    gatherOne(c, data, axis, known->front(), Emitter::typeOf(indices).getRank() == 1);
  } else if (axis == 0) {
    gatherRows(c, data, indices);
  } else {
    c.unsupported("several indices along axis " + Twine(axis) +
                  " are not supported; along axis 0 they are");
  }
}

void emitOneHot(NodeContext &c) {
  Value indices = c.in(0);
  double depth = c.constantScalar(1, "a depth");
  Value values = c.in(2);
  int64_t given = c.intAttribute("axis", -1);
  if (c.bad()) {
    return;
  }
  Emitter &e = c.e;
  int64_t rank = Emitter::typeOf(indices).getRank(), axis = c.axis(given, rank + 1);
  auto element = dyn_cast<IntegerType>(Emitter::elementOf(indices));
  if (!c.bad() && (!element || element.getWidth() == 1)) {
    c.unsupported("expected integers as indices, found " + typeText(indices.getType()));
  }
  if (!c.bad() && (!(depth >= 1 && depth <= static_cast<double>(kMaxElements)) ||
                   Emitter::shapeOf(values) != ArrayRef<int64_t>{2})) {
    c.invalid("expected a depth of at least 1 and two values, found " + typeText(values.getType()));
  }
  if (c.bad()) {
    return;
  }
  SmallVector<int64_t> shape(Emitter::shapeOf(indices));
  shape.insert(shape.begin() + axis, static_cast<int64_t>(depth));
  Type valueElement = Emitter::elementOf(values);
  Type hotElement = isa<FloatType>(valueElement) ? valueElement : Type(e.builder.getF32Type());
  RankedTensorType type = c.type(shape, hotElement);
  if (!type) {
    return;
  }
  // Negative indices count from the end.
  Value negative = e.compare(Predicate::lt, indices, e.splatLike(0, indices));
  Value wrapped = e.select(negative, e.add(indices, e.splatLike(depth, indices)), indices);
  Value hot = e.make<OneHotOp>(type, wrapped, e.integer("axis", axis));
  auto pick = [&](int64_t i) {
    Value one =
        e.make<SliceOp>(Emitter::typeOf(values).clone(ArrayRef<int64_t>{1}), values,
                        {e.ints("starts", {i}), e.ints("limits", {i + 1}), e.ints("strides", {1})});
    return e.broadcastTo(e.reshape(one, {}), shape);
  };
  Value isHot = e.compare(Predicate::ne, hot, e.splatLike(0, hot));
  c.out(e.select(isHot, pick(1), pick(0)));
}

} // namespace

void addIndexingOps(OpTable &table) {
  table["Gather"] = {emitGather};
  table["OneHot"] = {emitOneHot};
  // ShapeFolding.cpp computes these, Shape and Size from types alone.
  auto foldedOnly = [](NodeContext &c) {
    c.unsupported("needs inputs that are known when the model is compiled");
  };
  table["Shape"] = {foldedOnly};
  table["Size"] = {foldedOnly};
  table["Range"] = {foldedOnly};
  table["ReduceProd"] = {foldedOnly};
  table["Mod"] = {foldedOnly};
}

} // namespace ntc::importer
