// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that move elements without picking single ones: reshaping, permuting, joining, cutting,
// padding, repeating; and constants.
#include "frontend/import/EntryBuilder.h"
#include "frontend/import/OpTable.h"

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

/// The output under `shape`; a constant stays one.
void outReshaped(NodeContext &c, ArrayRef<int64_t> shape) {
  Entity &input = c.inputs[0];
  RankedTensorType type = input.type().clone(shape);
  if (input.constant && input.constant.getNumElements() == type.getNumElements()) {
    c.out(Entity::of(input.constant.reshape(type)));
  } else if (c.type(shape, type.getElementType())) {
    c.out(c.e.reshape(c.in(0), shape));
  }
}

void emitReshape(NodeContext &c) {
  if (!c.in(0)) {
    return;
  }
  SmallVector<int64_t> shape = c.constantInts(1, "a shape");
  bool zeroIsZero = c.intAttribute("allowzero", 0) != 0;
  if (c.bad()) {
    return;
  }
  RankedTensorType type = c.inputs[0].type();
  int64_t known = 1, open = -1;
  for (auto [d, size] : llvm::enumerate(shape)) {
    if (size == 0 && !zeroIsZero) {
      size = static_cast<int64_t>(d) < type.getRank() ? type.getDimSize(d) : -2;
    }
    if (size == -1 && open < 0) {
      open = static_cast<int64_t>(d);
    } else if (size < 0 || (size != 0 && known > kMaxElements / size)) {
      c.invalid("cannot reshape " + typeText(type) + " to " + shapeText(shape));
      return;
    } else {
      known *= size;
    }
  }
  if (open >= 0) {
    shape[open] = known == 0 ? 0 : type.getNumElements() / known;
    known *= shape[open];
  }
  if (known != type.getNumElements()) {
    c.invalid("cannot reshape " + typeText(type) + " to " + shapeText(shape) +
              ", which has another number of elements");
    return;
  }
  outReshaped(c, shape);
}

void emitFlatten(NodeContext &c) {
  Value x = c.in(0);
  int64_t given = c.intAttribute("axis", 1);
  if (c.bad()) {
    return;
  }
  int64_t rank = Emitter::typeOf(x).getRank();
  int64_t axis = given == rank ? rank : c.axis(given, std::max<int64_t>(rank, 1));
  if (c.bad()) {
    return;
  }
  SmallVector<int64_t> shape = {1, 1};
  for (auto [d, size] : llvm::enumerate(Emitter::shapeOf(x))) {
    shape[static_cast<int64_t>(d) < axis ? 0 : 1] *= size;
  }
  outReshaped(c, shape);
}

void emitSqueeze(NodeContext &c) {
  if (!c.in(0)) {
    return;
  }
  ArrayRef<int64_t> old = c.inputs[0].type().getShape();
  SmallVector<int64_t> axes;
  if (c.has(1)) {
    axes = c.axes(c.constantInts(1, "a list of axes"), static_cast<int64_t>(old.size()));
  } else {
    for (auto [d, size] : llvm::enumerate(old)) {
      if (size == 1) {
        axes.push_back(static_cast<int64_t>(d));
      }
    }
  }
  SmallVector<int64_t> shape;
  for (auto [d, size] : llvm::enumerate(old)) {
    bool dropped = llvm::is_contained(axes, static_cast<int64_t>(d));
    if (dropped && size != 1 && !c.bad()) {
      c.invalid("cannot squeeze dimension " + Twine(d) + " of " + shapeText(old));
    }
    if (!dropped) {
      shape.push_back(size);
    }
  }
  if (!c.bad()) {
    outReshaped(c, shape);
  }
}

void emitUnsqueeze(NodeContext &c) {
  if (!c.in(0)) {
    return;
  }
  ArrayRef<int64_t> old = c.inputs[0].type().getShape();
  SmallVector<int64_t> given = c.constantInts(1, "a list of axes");
  if (given.size() > static_cast<size_t>(kMaxRank)) {
    c.invalid("adds " + Twine(given.size()) + " dimensions");
    return;
  }
  int64_t rank = static_cast<int64_t>(old.size() + given.size());
  SmallVector<int64_t> axes = c.axes(given, rank), shape;
  if (c.bad()) {
    return;
  }
  size_t next = 0;
  for (int64_t d = 0; d < rank; ++d) {
    shape.push_back(llvm::is_contained(axes, d) ? 1 : old[next++]);
  }
  outReshaped(c, shape);
}

void emitTranspose(NodeContext &c) {
  Value x = c.in(0);
  if (!x) {
    return;
  }
  int64_t rank = Emitter::typeOf(x).getRank();
  SmallVector<int64_t> permutation = c.intsAttributeOf("perm").value_or(
      llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank))));
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, rank))) {
    c.invalid("perm " + shapeText(permutation) + " does not name each of the " + Twine(rank) +
              " dimensions once");
  }
  if (!c.bad()) {
    bool identity = llvm::is_sorted(permutation);
    c.out(identity ? x : c.e.transpose(x, permutation));
  }
}

void emitConcat(NodeContext &c) {
  SmallVector<Value> values = c.all();
  int64_t given = c.intAttribute("axis", 0);
  if (c.bad()) {
    return;
  }
  int64_t axis = c.axis(given, Emitter::typeOf(values[0]).getRank());
  if (c.bad()) {
    return;
  }
  if (Operation *op = c.tryMake<ConcatOp>(values, c.e.integer("axis", axis))) {
    c.out(op->getResult(0));
  }
}

/// [start, limit) by stride along the dimensions of `x`.
Value slice(NodeContext &c, Value x, ArrayRef<int64_t> starts, ArrayRef<int64_t> limits,
            ArrayRef<int64_t> strides) {
  if (llvm::all_of(starts, [](int64_t s) { return s == 0; }) && limits == Emitter::shapeOf(x) &&
      llvm::all_of(strides, [](int64_t s) { return s == 1; })) {
    return x;
  }
  Operation *op = c.tryMake<SliceOp>(
      x, {c.e.ints("starts", starts), c.e.ints("limits", limits), c.e.ints("strides", strides)});
  return op ? op->getResult(0) : Value();
}

void emitSlice(NodeContext &c) {
  Value x = c.in(0);
  SmallVector<int64_t> starts = c.constantInts(1, "starts"), ends = c.constantInts(2, "ends");
  if (c.bad()) {
    return;
  }
  int64_t rank = Emitter::typeOf(x).getRank();
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(starts.size())));
  axes = c.has(3) ? c.constantInts(3, "axes") : axes;
  SmallVector<int64_t> steps =
      c.has(4) ? c.constantInts(4, "steps") : SmallVector<int64_t>(starts.size(), 1);
  if (!c.bad() && (ends.size() != starts.size() || axes.size() != starts.size() ||
                   steps.size() != starts.size())) {
    c.invalid("starts, ends, axes and steps have " + Twine(starts.size()) + ", " +
              Twine(ends.size()) + ", " + Twine(axes.size()) + " and " + Twine(steps.size()) +
              " elements");
  }
  SmallVector<int64_t> low(rank, 0), high(Emitter::shapeOf(x)), strides(rank, 1);
  for (size_t i = 0; i < starts.size() && !c.bad(); ++i) {
    int64_t axis = c.axis(axes[i], rank);
    if (c.bad()) {
      return;
    }
    int64_t size = Emitter::shapeOf(x)[axis];
    auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
    if (steps[i] <= 0) {
      c.unsupported("a step of " + Twine(steps[i]) + " is not supported; steps must be positive");
      return;
    }
    low[axis] = place(starts[i]);
    high[axis] = place(ends[i]);
    strides[axis] = std::min(steps[i], size);
    if (low[axis] >= high[axis]) {
      c.unsupported("leaves nothing of dimension " + Twine(axis) + " of " +
                    shapeText(Emitter::shapeOf(x)));
    }
  }
  if (!c.bad()) {
    c.out(slice(c, x, low, high, strides));
  }
}

/// Sizes of the parts of a dimension: given as input 1, or equal parts with a smaller last one.
SmallVector<int64_t> splitSizes(NodeContext &c, int64_t size) {
  if (c.has(1)) {
    return c.constantInts(1, "sizes of the parts");
  }
  int64_t parts =
      c.opset >= 18 ? c.intAttribute("num_outputs", c.node.output_size()) : c.node.output_size();
  if (parts <= 0 || parts > size) {
    c.invalid("cannot split dimension of " + Twine(size) + " into " + Twine(parts) + " parts");
    return {};
  }
  int64_t each = (size + parts - 1) / parts;
  SmallVector<int64_t> sizes(parts, each);
  sizes.back() = size - each * (parts - 1);
  return sizes;
}

void emitSplit(NodeContext &c) {
  Value x = c.in(0);
  int64_t given = c.intAttribute("axis", 0);
  if (c.bad()) {
    return;
  }
  int64_t axis = c.axis(given, Emitter::typeOf(x).getRank());
  if (c.bad()) {
    return;
  }
  int64_t size = Emitter::shapeOf(x)[axis], from = 0;
  SmallVector<int64_t> sizes = splitSizes(c, size);
  if (!c.bad() && static_cast<int>(sizes.size()) != c.node.output_size()) {
    c.invalid("has " + Twine(c.node.output_size()) + " outputs and " + Twine(sizes.size()) +
              " parts");
  }
  for (auto [i, part] : llvm::enumerate(sizes)) {
    if (c.bad()) {
      return;
    }
    if (part <= 0 || part > size - from) {
      c.invalid("parts " + shapeText(sizes) + " do not fit a dimension of " + Twine(size));
      return;
    }
    SmallVector<int64_t> low(Emitter::typeOf(x).getRank(), 0), high(Emitter::shapeOf(x)),
        strides(low.size(), 1);
    low[axis] = from;
    high[axis] = from += part;
    c.out(slice(c, x, low, high, strides), i);
  }
  if (!c.bad() && from != size) {
    c.invalid("parts " + shapeText(sizes) + " do not add up to a dimension of " + Twine(size));
  }
}

void emitExpand(NodeContext &c) {
  Value x = c.in(0);
  SmallVector<int64_t> shape = c.constantInts(1, "a shape");
  if (c.bad()) {
    return;
  }
  auto common = broadcastShapes(Emitter::shapeOf(x), shape);
  if (!common) {
    c.invalid("shapes " + shapeText(Emitter::shapeOf(x)) + " and " + shapeText(shape) +
              " do not broadcast");
  } else if (c.type(*common, Emitter::elementOf(x))) {
    c.out(c.e.broadcastTo(x, *common));
  }
}

/// Each dimension n repeated r times is (1, n) broadcast to (r, n).
void emitTile(NodeContext &c) {
  Value x = c.in(0);
  SmallVector<int64_t> repeats = c.constantInts(1, "repeats");
  if (c.bad()) {
    return;
  }
  RankedTensorType type = Emitter::typeOf(x);
  if (static_cast<int64_t>(repeats.size()) != type.getRank()) {
    c.invalid("expected one repeat for each of the " + Twine(type.getRank()) +
              " dimensions, found " + shapeText(repeats));
    return;
  }
  SmallVector<int64_t> wide, dims, result;
  for (auto [d, size] : llvm::enumerate(type.getShape())) {
    if (repeats[d] <= 0 || repeats[d] > kMaxElements / size) {
      c.unsupported("repeats must be positive and of moderate size, found " + shapeText(repeats));
      return;
    }
    wide.append({repeats[d], size});
    dims.push_back(static_cast<int64_t>(2 * d + 1));
    result.push_back(repeats[d] * size);
  }
  if (c.type(wide, type.getElementType())) {
    c.out(c.e.reshape(c.e.broadcast(x, wide, dims), result));
  }
}

void emitPad(NodeContext &c) {
  Value x = c.in(0);
  SmallVector<int64_t> pads = c.constantInts(1, "pads");
  double value = c.has(2) ? c.constantScalar(2, "a padding value") : 0.0;
  std::string mode = c.stringAttribute("mode", "constant");
  if (mode != "constant") {
    c.unsupported("mode '" + mode + "' is not supported; constant is");
  }
  if (c.bad()) {
    return;
  }
  int64_t rank = Emitter::typeOf(x).getRank();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (c.has(3)) {
    axes = c.constantInts(3, "axes");
  }
  if (pads.size() != 2 * axes.size()) {
    c.invalid("expected two pads for each of " + Twine(axes.size()) + " axes, found " +
              Twine(pads.size()));
  }
  if (c.bad()) {
    return;
  }
  SmallVector<int64_t> low(rank, 0), high(rank, 0), starts(rank, 0), limits(Emitter::shapeOf(x));
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = c.axis(axes[i], rank), before = pads[i], after = pads[axes.size() + i];
    if (std::min(before, after) < -kMaxElements || std::max(before, after) > kMaxElements) {
      c.invalid("pads " + shapeText(pads) + " are out of range");
    }
    if (c.bad()) {
      return;
    }
    low[axis] = std::max<int64_t>(before, 0);
    high[axis] = std::max<int64_t>(after, 0);
    starts[axis] = std::max<int64_t>(-before, 0);
    limits[axis] += std::min<int64_t>(after, 0);
    if (starts[axis] >= limits[axis]) {
      c.unsupported("negative pads leave nothing of dimension " + Twine(axis));
      return;
    }
  }
  SmallVector<int64_t> ones(rank, 1), zeros(rank, 0);
  x = slice(c, x, starts, limits, ones);
  if (!x || (low == zeros && high == zeros)) {
    c.out(x);
    return;
  }
  if (Operation *op = c.tryMake<PadOp>(
          x, {c.e.ints("low", low), c.e.ints("high", high), c.e.ints("interior", zeros),
              c.e.builder.getNamedAttr("value", c.e.builder.getF64FloatAttr(value))})) {
    c.out(op->getResult(0));
  }
}

void emitIdentity(NodeContext &c) {
  if (c.in(0)) {
    c.out(c.inputs[0]);
  }
}

void emitConstant(NodeContext &c) {
  bool f64 = c.entry.model.options.f64;
  MLIRContext *context = &c.entry.model.context;
  Builder builder(context);
  if (const onnx::TensorProto *tensor = c.tensorAttribute("value")) {
    std::string why;
    if (auto value = decode(*tensor, f64, context, why)) {
      c.out(Entity::of(value->attribute()));
    } else {
      c.unsupported(why);
    }
  } else if (c.hasAttribute("value_int")) {
    c.out(Entity::of(intsAttribute({c.intAttribute("value_int", 0)}, {}, builder.getI64Type())));
  } else if (auto ints = c.intsAttributeOf("value_ints")) {
    c.out(Entity::of(
        intsAttribute(*ints, {static_cast<int64_t>(ints->size())}, builder.getI64Type())));
  } else if (c.hasAttribute("value_float")) {
    Type element = elementTypeOf(onnx::TensorProto::FLOAT, f64, context);
    c.out(Entity::of(
        splatAttribute(RankedTensorType::get({}, element), c.floatAttribute("value_float", 0))));
  } else if (const onnx::AttributeProto *floats = c.find("value_floats")) {
    onnx::TensorProto tensor;
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(floats->floats_size());
    *tensor.mutable_float_data() = floats->floats();
    std::string why;
    c.out(Entity::of(decode(tensor, f64, context, why)->attribute()));
  } else {
    c.unsupported("this form of constant is not supported");
  }
}

void emitConstantOfShape(NodeContext &c) {
  SmallVector<int64_t> shape = c.constantInts(0, "a shape");
  const onnx::TensorProto *fill = c.tensorAttribute("value");
  bool f64 = c.entry.model.options.f64;
  MLIRContext *context = &c.entry.model.context;
  Type element = elementTypeOf(onnx::TensorProto::FLOAT, f64, context);
  std::optional<double> value = 0.0;
  if (fill && !c.bad()) {
    std::string why;
    auto decoded = decode(*fill, f64, context, why);
    value = decoded && decoded->type.getNumElements() == 1 ? scalarOf(decoded->attribute())
                                                           : std::nullopt;
    if (!value) {
      c.invalid("expected one number as value" + (why.empty() ? "" : ": " + why));
      return;
    }
    element = decoded->type.getElementType();
  }
  if (c.bad()) {
    return;
  }
  if (RankedTensorType type = c.type(shape, element)) {
    c.out(Entity::of(splatAttribute(type, *value)));
  }
}

} // namespace

void addShapeOps(OpTable &table) {
  table["Reshape"] = {emitReshape};
  table["Flatten"] = {emitFlatten};
  table["Squeeze"] = {emitSqueeze};
  table["Unsqueeze"] = {emitUnsqueeze};
  table["Transpose"] = {emitTranspose};
  table["Concat"] = {emitConcat};
  table["Slice"] = {emitSlice};
  table["Split"] = {emitSplit};
  table["Expand"] = {emitExpand};
  table["Tile"] = {emitTile};
  table["Pad"] = {emitPad};
  table["Identity"] = {emitIdentity};
  table["Constant"] = {emitConstant};
  table["ConstantOfShape"] = {emitConstantOfShape};
}

} // namespace ntc::importer
