// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exporters compute shapes with operators: Shape, Gather, Concat, Mul and so on. Shapes are static
// here, so these are small integers that are known at import; this computes them. Nothing else is
// folded: weights stay state.
#include "frontend/import/EntryBuilder.h"
#include "frontend/import/OpTable.h"

using namespace mlir;

namespace ntc::importer {
namespace {

/// A small integer or boolean tensor.
struct Ints {
  SmallVector<int64_t> values, shape;
  Type element;

  static std::optional<Ints> of(const Entity &entity) {
    auto values = intsOf(entity.constant);
    if (!values) {
      return std::nullopt;
    }
    RankedTensorType type = entity.type();
    return Ints{*values, SmallVector<int64_t>(type.getShape()), type.getElementType()};
  }
};

bool emit(NodeContext &c, ArrayRef<int64_t> values, ArrayRef<int64_t> shape, Type element) {
  c.out(Entity::of(intsAttribute(values, shape, element)));
  return true;
}

/// The dimensions of input 0, or their product.
bool foldShape(NodeContext &c) {
  ArrayRef<int64_t> shape = c.inputs[0].type().getShape();
  Type i64 = c.e.builder.getI64Type();
  if (c.node.op_type() == "Size") {
    return emit(c, {c.inputs[0].type().getNumElements()}, {}, i64);
  }
  int64_t rank = static_cast<int64_t>(shape.size());
  auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  int64_t start = place(c.intAttribute("start", 0)), end = place(c.intAttribute("end", rank));
  auto part = shape.slice(start, std::max<int64_t>(end - start, 0));
  return emit(c, part, {static_cast<int64_t>(part.size())}, i64);
}

using Arithmetic = std::optional<int64_t> (*)(int64_t, int64_t);

int64_t wrap(uint64_t value) { return static_cast<int64_t>(value); }

/// The function of a binary operator; null for others. Sums and products wrap, as the operators do.
Arithmetic arithmeticOf(StringRef op) {
  return llvm::StringSwitch<Arithmetic>(op)
      .Case("Add",
            [](int64_t a, int64_t b) { return std::optional(wrap(uint64_t(a) + uint64_t(b))); })
      .Case("Sub",
            [](int64_t a, int64_t b) { return std::optional(wrap(uint64_t(a) - uint64_t(b))); })
      .Case("Mul",
            [](int64_t a, int64_t b) { return std::optional(wrap(uint64_t(a) * uint64_t(b))); })
      .Case("Div",
            [](int64_t a, int64_t b) {
              return b == 0 || b == -1 ? std::nullopt : std::optional(a / b);
            })
      .Case("Mod",
            [](int64_t a, int64_t b) {
              return b <= 0 ? std::nullopt : std::optional(((a % b) + b) % b);
            })
      .Case("Min", [](int64_t a, int64_t b) { return std::optional(std::min(a, b)); })
      .Case("Max", [](int64_t a, int64_t b) { return std::optional(std::max(a, b)); })
      .Case("Equal", [](int64_t a, int64_t b) { return std::optional<int64_t>(a == b); })
      .Case("Less", [](int64_t a, int64_t b) { return std::optional<int64_t>(a < b); })
      .Case("Greater", [](int64_t a, int64_t b) { return std::optional<int64_t>(a > b); })
      .Case("LessOrEqual", [](int64_t a, int64_t b) { return std::optional<int64_t>(a <= b); })
      .Case("GreaterOrEqual", [](int64_t a, int64_t b) { return std::optional<int64_t>(a >= b); })
      .Case("And", [](int64_t a, int64_t b) { return std::optional<int64_t>(a && b); })
      .Case("Or", [](int64_t a, int64_t b) { return std::optional<int64_t>(a || b); })
      .Default(nullptr);
}

/// Element i of the broadcast of `x` to `shape`.
int64_t broadcastElement(const Ints &x, ArrayRef<int64_t> shape, int64_t i) {
  int64_t index = 0, stride = 1;
  size_t offset = shape.size() - x.shape.size();
  for (size_t d = shape.size(); d-- > 0;) {
    int64_t at = i % shape[d];
    i /= shape[d];
    if (d >= offset) {
      int64_t size = x.shape[d - offset];
      index += (size == 1 ? 0 : at) * stride;
      stride *= size;
    }
  }
  return x.values[index];
}

/// The common shape of all operands when it is small.
std::optional<SmallVector<int64_t>> commonShape(ArrayRef<Ints> in) {
  SmallVector<int64_t> shape;
  for (const Ints &x : in) {
    auto common = broadcastShapes(shape, x.shape);
    if (!common) {
      return std::nullopt;
    }
    shape = *common;
  }
  std::string why;
  RankedTensorType type = tensorType(shape, in.front().element, why);
  return type && type.getNumElements() <= 4096 ? std::optional(shape) : std::nullopt;
}

bool foldBinary(NodeContext &c, ArrayRef<Ints> in, Arithmetic function) {
  auto shape = in.size() == 2 && in[0].element == in[1].element ? commonShape(in) : std::nullopt;
  if (!shape) {
    return false;
  }
  bool isNumeric =
      llvm::is_contained({"Add", "Sub", "Mul", "Div", "Mod", "Min", "Max"}, c.node.op_type());
  int64_t count = 1;
  for (int64_t size : *shape) {
    count *= size;
  }
  SmallVector<int64_t> values;
  for (int64_t i = 0; i < count; ++i) {
    auto value = function(broadcastElement(in[0], *shape, i), broadcastElement(in[1], *shape, i));
    if (!value) {
      return false;
    }
    values.push_back(*value);
  }
  if (c.node.op_type() == "Mod" && c.intAttribute("fmod", 0) != 0) {
    return false;
  }
  return emit(c, values, *shape, isNumeric ? in[0].element : Type(c.e.builder.getI1Type()));
}

bool foldWhere(NodeContext &c, ArrayRef<Ints> in) {
  auto shape = in.size() == 3 && in[1].element == in[2].element ? commonShape(in) : std::nullopt;
  if (!shape) {
    return false;
  }
  int64_t count = 1;
  for (int64_t size : *shape) {
    count *= size;
  }
  SmallVector<int64_t> values;
  for (int64_t i = 0; i < count; ++i) {
    bool condition = broadcastElement(in[0], *shape, i) != 0;
    values.push_back(broadcastElement(in[condition ? 1 : 2], *shape, i));
  }
  return emit(c, values, *shape, in[1].element);
}

/// Of a list, by a scalar or a list of indices.
bool foldGather(NodeContext &c, ArrayRef<Ints> in) {
  if (in.size() != 2 || in[0].shape.size() != 1) {
    return false;
  }
  SmallVector<int64_t> values;
  int64_t size = in[0].shape[0];
  for (int64_t index : in[1].values) {
    if (index < -size || index >= size) {
      c.invalid("index " + Twine(index) + " is outside of a list of " + Twine(size));
      return false;
    }
    values.push_back(in[0].values[index < 0 ? index + size : index]);
  }
  c.axis(c.intAttribute("axis", 0), 1);
  return !c.bad() && emit(c, values, in[1].shape, in[0].element);
}

bool foldConcat(NodeContext &c, ArrayRef<Ints> in) {
  SmallVector<int64_t> values;
  for (const Ints &part : in) {
    if (part.shape.size() != 1 || part.element != in[0].element || values.size() > 4096) {
      return false;
    }
    values.append(part.values);
  }
  c.axis(c.intAttribute("axis", 0), 1);
  return !c.bad() && emit(c, values, {static_cast<int64_t>(values.size())}, in[0].element);
}

bool foldSlice(NodeContext &c, ArrayRef<Ints> in) {
  bool isList = in.size() >= 3 && in[0].shape.size() == 1 && in[1].values.size() == 1 &&
                in[2].values.size() == 1;
  int64_t step = in.size() > 4 && in[4].values.size() == 1 ? in[4].values[0] : 1;
  if (!isList || step != 1) {
    return false;
  }
  int64_t size = in[0].shape[0];
  auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
  int64_t start = place(in[1].values[0]), end = std::max(start, place(in[2].values[0]));
  return emit(c, ArrayRef(in[0].values).slice(start, end - start), {end - start}, in[0].element);
}

bool foldRange(NodeContext &c, ArrayRef<Ints> in) {
  for (const Ints &x : in) {
    if (x.values.size() != 1) {
      return false;
    }
  }
  if (in.size() != 3 || in[2].values[0] == 0) {
    return false;
  }
  SmallVector<int64_t> values;
  int64_t limit = in[1].values[0], step = in[2].values[0];
  for (int64_t at = in[0].values[0];
       (step > 0 ? at < limit : at > limit) && values.size() <= 4096;) {
    values.push_back(at);
    if (__builtin_add_overflow(at, step, &at)) {
      break;
    }
  }
  return values.size() <= 4096 &&
         emit(c, values, {static_cast<int64_t>(values.size())}, in[0].element);
}

bool foldProduct(NodeContext &c, const Ints &x) {
  bool keep = c.intAttribute("keepdims", 1) != 0;
  c.intAttribute("noop_with_empty_axes", 0);
  if (x.shape.size() != 1 ||
      c.intsAttributeOf("axes").value_or(SmallVector<int64_t>{0}).size() != 1) {
    return false;
  }
  uint64_t product = 1;
  for (int64_t value : x.values) {
    product *= static_cast<uint64_t>(value);
  }
  return emit(c, {wrap(product)}, keep ? ArrayRef<int64_t>{1} : ArrayRef<int64_t>(), x.element);
}

/// A conversion of a constant whose elements are all equal, of any type: ratios, limits, epsilons.
bool foldCast(NodeContext &c) {
  DenseElementsAttr value = c.inputs[0].constant;
  Type element;
  if (c.node.op_type() == "CastLike" && c.has(1)) {
    element = c.inputs[1].type().getElementType();
  } else if (c.node.op_type() == "Cast") {
    auto to = static_cast<int32_t>(c.intAttribute("to", 0));
    element = elementTypeOf(to, c.entry.model.options.f64, &c.entry.model.context);
  }
  if (!element || element.isInteger(1)) {
    return false;
  }
  c.intAttribute("saturate", 1);
  c.stringAttribute("round_mode", "up");
  if (auto ints = intsOf(value); ints && isa<IntegerType>(element)) {
    return emit(c, *ints, c.inputs[0].type().getShape(), element);
  }
  if (!value.isSplat() || value.getElementType().isInteger(1)) {
    return false;
  }
  auto number = scalarOf(value.resizeSplat(RankedTensorType::get({}, value.getElementType())));
  if (isa<IntegerType>(element) && !(*number > -9e15 && *number < 9e15)) {
    return false;
  }
  c.out(Entity::of(splatAttribute(c.inputs[0].type().clone(element), *number)));
  return true;
}

} // namespace

bool foldShapeComputation(NodeContext &c) {
  StringRef op = c.node.op_type();
  if (!canonicalDomain(c.node.domain()).empty() || c.inputs.empty() || !c.has(0)) {
    return false;
  }
  if (op == "Shape" || op == "Size") {
    return foldShape(c);
  }
  if (!c.inputs[0].constant) {
    return false;
  }
  if (op == "Cast" || op == "CastLike") {
    return foldCast(c);
  }
  SmallVector<Ints> in;
  for (const Entity &input : c.inputs) {
    if (op == "ReduceProd" && !in.empty()) {
      break;
    }
    auto ints = input.constant ? Ints::of(input) : std::nullopt;
    if (!ints) {
      return false;
    }
    in.push_back(*ints);
  }
  if (Arithmetic function = arithmeticOf(op)) {
    return foldBinary(c, in, function);
  }
  if (op == "Where") {
    return foldWhere(c, in);
  }
  if (op == "Gather") {
    return foldGather(c, in);
  }
  if (op == "Concat") {
    return foldConcat(c, in);
  }
  if (op == "Slice") {
    return foldSlice(c, in);
  }
  if (op == "Range") {
    return foldRange(c, in);
  }
  return op == "ReduceProd" && foldProduct(c, in[0]);
}

} // namespace ntc::importer
