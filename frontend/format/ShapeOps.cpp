// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that move, join or describe values, and those that make values from nothing. Shape
// computations (Shape, Gather, Concat, …) are followed element by element, so that Reshape sees
// through exporters' chains.
#include "frontend/format/ShapeInference.h"

#include <algorithm>
#include <set>

namespace ntc::format {
namespace {

std::vector<Dim> elementsOf(std::span<const int64_t> values) {
  std::vector<Dim> elements;
  for (int64_t value : values) {
    elements.push_back(elementOf(value));
  }
  return elements;
}

void constant(OpContext &c) {
  if (c.node.attribute_size() != 1) {
    c.fail("expected exactly one value attribute, found ", c.node.attribute_size());
    return;
  }
  const onnx::AttributeProto &a = c.node.attribute(0);
  if (a.name() == "value") {
    c.outputs[0] = valueOf(a.t());
  } else if (a.name() == "value_int") {
    c.set(0, onnx::TensorProto::INT64, Shape{});
    c.outputs[0].elements = {elementOf(a.i())};
  } else if (a.name() == "value_ints") {
    c.set(0, onnx::TensorProto::INT64, Shape{Dim(a.ints_size())});
    c.outputs[0].elements = elementsOf({a.ints().data(), static_cast<size_t>(a.ints_size())});
  } else if (a.name() == "value_float") {
    c.set(0, onnx::TensorProto::FLOAT, Shape{});
  } else if (a.name() == "value_floats") {
    c.set(0, onnx::TensorProto::FLOAT, Shape{Dim(a.floats_size())});
  } else {
    c.fail("attribute ", rt::quoted(a.name()), " is not supported");
  }
}

/// Elements of input i as a shape; unknown elements become unknown dimensions, a negative one
/// fails.
std::optional<Shape> shapeFrom(OpContext &c, size_t i) {
  if (!c.has(i) || !c.inputs[i]->elements) {
    return std::nullopt;
  }
  for (const Dim &dim : *c.inputs[i]->elements) {
    if (dim.symbol == "-") {
      c.fail("a dimension is negative");
      return std::nullopt;
    }
  }
  return *c.inputs[i]->elements;
}

void constantOfShape(OpContext &c) {
  const auto *value = c.attribute("value");
  int32_t dtype = value ? value->t().data_type() : static_cast<int32_t>(onnx::TensorProto::FLOAT);
  c.set(0, dtype, shapeFrom(c, 0));
}

void random(OpContext &c) {
  auto dims = c.intsAttribute("shape").value_or(std::vector<int64_t>{});
  if (std::any_of(dims.begin(), dims.end(), [](int64_t dim) { return dim < 0; })) {
    c.fail("a dimension of attribute shape is negative");
    return;
  }
  c.set(0, static_cast<int32_t>(c.intAttribute("dtype", onnx::TensorProto::FLOAT)),
        Shape(dims.begin(), dims.end()));
}

void shapeOf(OpContext &c) {
  const Shape *x = c.shape(0);
  c.set(0, onnx::TensorProto::INT64, std::nullopt);
  if (!x) {
    return;
  }
  auto clamp = [&](int64_t at) {
    auto rank = static_cast<int64_t>(x->size());
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t first = clamp(c.intAttribute("start", 0));
  int64_t last =
      c.attribute("end") ? clamp(c.intAttribute("end", 0)) : static_cast<int64_t>(x->size());
  Shape part(x->begin() + first, x->begin() + std::max(first, last));
  c.set(0, onnx::TensorProto::INT64, Shape{Dim(static_cast<int64_t>(part.size()))});
  c.outputs[0].elements = part;
}

void size(OpContext &c) {
  c.set(0, onnx::TensorProto::INT64, Shape{});
  if (const Shape *x = c.shape(0)) {
    c.outputs[0].elements = {product(*x)};
  }
}

/// The dimension that -1 stands for: elements of x over the product of the others.
void reshape(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  if (!c.inputs[1]->elements) {
    return;
  }
  const Shape *x = c.shape(0);
  Shape result;
  std::optional<size_t> free;
  for (const Dim &element : *c.inputs[1]->elements) {
    bool copies = element == Dim(0) && c.intAttribute("allowzero", 0) == 0;
    if (element == elementOf(-1)) {
      if (free) {
        c.fail("the target shape has more than one -1");
        return;
      }
      free = result.size();
      result.push_back(Dim(1));
    } else if (element.symbol == "-") {
      c.fail("the target shape has the negative dimension -", element.factor);
      return;
    } else if (copies && (!x || result.size() >= x->size())) {
      if (x) {
        c.fail("0 in the target shape stands for a dimension that ", str(*x), " does not have");
      }
      return;
    } else {
      result.push_back(copies ? (*x)[result.size()] : element);
    }
  }
  if (x) {
    Dim total = product(*x);
    Dim others = product(result);
    bool isEmpty = total == Dim(0) || others == Dim(0);
    if (free && !isEmpty) {
      auto quotient = divide(total, others);
      bool numbers = total.isNumber() && others.isNumber();
      bool sameSymbol = !total.isUnknown() && !others.isUnknown() && total.symbol == others.symbol;
      if (!quotient && (numbers || sameSymbol)) {
        c.fail(str(*x), " has ", str(total), " elements, which ", str(others), " does not divide");
        return;
      }
      result[*free] = quotient.value_or(Dim());
    } else if (free) {
      result[*free] = Dim();
    } else if (!mayEqual(total, others)) {
      c.fail(str(*x), " has ", str(total), " elements, the target shape ", str(result), " has ",
             str(others));
      return;
    }
  } else if (free) {
    result[*free] = Dim();
  }
  c.set(0, c.type(0).dtype, result);
}

void flatten(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  const Shape *x = c.shape(0);
  if (!x) {
    return;
  }
  int64_t rank = static_cast<int64_t>(x->size());
  int64_t axis = c.intAttribute("axis", 1);
  if (axis < -rank || axis > rank) {
    c.fail("axis ", axis, " is outside a value of rank ", rank);
    return;
  }
  auto at = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  c.set(0, c.type(0).dtype,
        Shape{product(std::span(*x).first(at)), product(std::span(*x).subspan(at))});
}

void transpose(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  const Shape *x = c.shape(0);
  if (!x) {
    return;
  }
  std::vector<int64_t> order;
  for (size_t i = x->size(); i > 0; --i) {
    order.push_back(static_cast<int64_t>(i - 1));
  }
  order = c.intsAttribute("perm").value_or(order);
  std::set<int64_t> seen(order.begin(), order.end());
  bool isPermutation = order.size() == x->size() && seen.size() == x->size() &&
                       (seen.empty() || (*seen.begin() == 0 &&
                                         *seen.rbegin() + 1 == static_cast<int64_t>(x->size())));
  if (!isPermutation) {
    c.fail("perm ", rt::shapeText(order), " is no permutation of the axes of ", str(*x));
    return;
  }
  Shape result;
  for (int64_t from : order) {
    result.push_back((*x)[static_cast<size_t>(from)]);
  }
  c.set(0, c.type(0).dtype, result);
}

Dim addDims(const Dim &a, const Dim &b) {
  int64_t sum = 0;
  bool addable = !a.isUnknown() && !b.isUnknown() && a.symbol == b.symbol;
  return addable && !__builtin_add_overflow(a.factor, b.factor, &sum) ? Dim(sum, a.symbol) : Dim();
}

void concat(OpContext &c) {
  std::optional<Shape> result = c.shape(0) ? std::optional(*c.shape(0)) : std::nullopt;
  auto axis = result ? c.axis(c.intAttribute("axis", 0), result->size()) : std::nullopt;
  bool integers = c.inputs[0]->elements.has_value();
  std::vector<Dim> elements = integers ? *c.inputs[0]->elements : std::vector<Dim>{};
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    c.sameType(0, i);
    integers &= c.inputs[i]->elements.has_value();
    if (integers) {
      elements.insert(elements.end(), c.inputs[i]->elements->begin(), c.inputs[i]->elements->end());
    }
    const Shape *next = c.shape(i);
    if (!result || !next || !axis) {
      result.reset();
      continue;
    }
    Shape aligned = *next;
    if (aligned.size() == result->size()) {
      aligned[*axis] = (*result)[*axis];
    }
    if (!mayEqual(aligned, *result)) {
      c.fail("cannot join ", str(*c.shape(0)), " and ", str(*next), " along axis ", *axis);
      return;
    }
    (*result)[*axis] = addDims((*result)[*axis], (*next)[*axis]);
  }
  c.set(0, c.type(0).dtype, result);
  if (integers && elements.size() <= 64) {
    c.outputs[0].elements = std::move(elements);
  }
}

/// Elements that a slice of one axis takes, as [first, first + count * step).
struct Range {
  int64_t first = 0, count = 0, step = 1;
};
Range sliceRange(int64_t start, int64_t end, int64_t step, int64_t size) {
  auto place = [&](int64_t at, int64_t low, int64_t high) {
    return std::clamp(at < 0 ? at + size : at, low, high);
  };
  if (step > 0) {
    start = place(start, 0, size);
    end = place(end, 0, size);
    return {start, end > start ? (end - start - 1) / step + 1 : 0, step};
  }
  start = place(start, -1, size - 1);
  // Far below zero means "through element 0".
  end = end < 0 && end < -size ? -1 : place(end, -1, size - 1);
  return {start, start > end ? (start - end - 1) / -step + 1 : 0, step};
}

void slice(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  const Shape *x = c.shape(0);
  auto starts = c.integers("starts", 1);
  auto ends = c.integers("ends", 2);
  auto axes = c.integers("axes", 3);
  auto steps = c.integers("steps", 4);
  if (!x || !starts || !ends || (c.has(3) && !axes) || (c.has(4) && !steps)) {
    return;
  }
  bool counts = starts->size() == ends->size() && (!axes || axes->size() == starts->size()) &&
                (!steps || steps->size() == starts->size());
  if (!counts || (!axes && starts->size() > x->size())) {
    c.fail("starts, ends, axes and steps have different lengths or more entries than ", str(*x),
           " has axes");
    return;
  }
  Shape result = *x;
  for (size_t i = 0; i < starts->size(); ++i) {
    auto axis = c.axis(axes ? (*axes)[i] : static_cast<int64_t>(i), x->size());
    int64_t step = steps ? (*steps)[i] : 1;
    if (!axis || step == 0 || step < -(int64_t{1} << 48)) {
      c.fail("step ", step, " of axis ", i, " is not usable");
      return;
    }
    const Dim &size = (*x)[*axis];
    constexpr int64_t farAway = int64_t{1} << 30;
    if (size.isNumber()) {
      Range range = sliceRange((*starts)[i], (*ends)[i], step, size.factor);
      result[*axis] = Dim(range.count);
      const auto &elements = c.inputs[0]->elements;
      bool follows =
          elements && x->size() == 1 && static_cast<int64_t>(elements->size()) == size.factor;
      if (follows) {
        std::vector<Dim> taken;
        for (int64_t k = 0; k < range.count; ++k) {
          taken.push_back((*elements)[static_cast<size_t>(range.first + k * range.step)]);
        }
        c.outputs[0].elements = std::move(taken);
      }
    } else if ((*starts)[i] != 0 || (*ends)[i] < farAway || step != 1) {
      result[*axis] = Dim();
    }
  }
  c.outputs[0].type = {c.type(0).dtype, result};
}

void squeeze(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  c.outputs[0].elements = c.inputs[0]->elements;
  const Shape *x = c.shape(0);
  auto axes = c.integers("axes", 1);
  if (!x || (c.has(1) && !axes)) {
    return;
  }
  std::set<size_t> removed;
  for (int64_t each : axes.value_or(std::vector<int64_t>{})) {
    auto axis = c.axis(each, x->size());
    if (!axis) {
      return;
    }
    if (!mayEqual((*x)[*axis], Dim(1))) {
      c.fail("axis ", each, " of ", str(*x), " is not 1");
      return;
    }
    removed.insert(*axis);
  }
  Shape result;
  for (size_t i = 0; i < x->size(); ++i) {
    bool drop = axes ? removed.contains(i) : (*x)[i] == Dim(1);
    if (!drop) {
      result.push_back((*x)[i]);
    }
  }
  c.outputs[0].type.shape = result;
}

void unsqueeze(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  c.outputs[0].elements = c.inputs[0]->elements;
  const Shape *x = c.shape(0);
  auto axes = c.integers("axes", 1);
  if (!x || !axes) {
    return;
  }
  size_t rank = x->size() + axes->size();
  std::set<size_t> added;
  for (int64_t each : *axes) {
    auto axis = c.axis(each, rank);
    if (!axis || !added.insert(*axis).second) {
      c.fail("axis ", each, " is given twice");
      return;
    }
  }
  Shape result;
  for (size_t i = 0, from = 0; i < rank; ++i) {
    result.push_back(added.contains(i) ? Dim(1) : (*x)[from++]);
  }
  if (rank > 1) {
    c.outputs[0].elements.reset();
  }
  c.outputs[0].type.shape = result;
}

void split(OpContext &c) {
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    c.set(i, c.type(0).dtype, std::nullopt);
  }
  const Shape *x = c.shape(0);
  auto sizes = c.integers("split", 1);
  auto axis = x ? c.axis(c.intAttribute("axis", 0), x->size()) : std::nullopt;
  if (!axis || (c.has(1) && !sizes)) {
    return;
  }
  const Dim &whole = (*x)[*axis];
  auto parts = static_cast<int64_t>(c.outputs.size());
  if (!sizes && whole.isNumber() && whole.factor < (int64_t{1} << 48)) {
    int64_t each = (whole.factor + parts - 1) / parts;
    sizes.emplace(c.outputs.size(), each);
    sizes->back() = whole.factor - each * (parts - 1);
  }
  if (!sizes) {
    return;
  }
  Dim total(0);
  bool negative = false;
  for (int64_t each : *sizes) {
    negative |= each < 0;
    total = addDims(total, Dim(std::max<int64_t>(each, 0)));
  }
  if (negative || sizes->size() != c.outputs.size() || !mayEqual(total, whole)) {
    c.fail("cannot split axis ", *axis, " of ", str(*x), " into ", rt::shapeText(*sizes));
    return;
  }
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    Shape part = *x;
    part[*axis] = Dim((*sizes)[i]);
    c.set(i, c.type(0).dtype, part);
  }
}

void expand(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  auto target = shapeFrom(c, 1);
  if (!target || !c.shape(0)) {
    return;
  }
  auto joined = broadcast(*c.shape(0), *target);
  if (!joined) {
    c.fail(joined.status().message());
    return;
  }
  c.set(0, c.type(0).dtype, *joined);
}

void tile(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  const Shape *x = c.shape(0);
  auto repeats = shapeFrom(c, 1);
  if (!x || !repeats) {
    return;
  }
  if (repeats->size() != x->size()) {
    c.fail("expected ", x->size(), " repeats, found ", repeats->size());
    return;
  }
  Shape result;
  for (size_t i = 0; i < x->size(); ++i) {
    result.push_back(multiply((*x)[i], (*repeats)[i]));
  }
  c.set(0, c.type(0).dtype, result);
}

void pad(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  const Shape *x = c.shape(0);
  auto pads = c.integers("pads", 1);
  auto axes = c.integers("axes", 3);
  if (!x || !pads || (c.has(3) && !axes)) {
    return;
  }
  size_t count = axes ? axes->size() : x->size();
  if (pads->size() != 2 * count) {
    c.fail("expected ", 2 * count, " pads for ", str(*x), ", found ", pads->size());
    return;
  }
  Shape result = *x;
  for (size_t i = 0; i < count; ++i) {
    auto axis = c.axis(axes ? (*axes)[i] : static_cast<int64_t>(i), x->size());
    int64_t added = 0;
    if (!axis || __builtin_add_overflow((*pads)[i], (*pads)[i + count], &added)) {
      c.fail("pads of axis ", i, " are not usable");
      return;
    }
    Dim &dim = result[*axis];
    int64_t size = 0;
    if (!dim.isNumber()) {
      dim = added == 0 ? dim : Dim();
    } else if (__builtin_add_overflow(dim.factor, added, &size) || size < 0) {
      c.fail("pads of axis ", i, " leave ", size, " elements");
      return;
    } else {
      dim = Dim(size);
    }
  }
  c.set(0, c.type(0).dtype, result);
}

void gather(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  int32_t index = c.type(1).dtype;
  if (index && index != onnx::TensorProto::INT64 && index != onnx::TensorProto::INT32) {
    c.fail("expected indices of type i64 or i32, found ", str(c.type(1)));
  }
  const Shape *x = c.shape(0);
  auto axis = x ? c.axis(c.intAttribute("axis", 0), x->size()) : std::nullopt;
  if (!axis || !c.shape(1)) {
    return;
  }
  Shape result(x->begin(), x->begin() + static_cast<ptrdiff_t>(*axis));
  result.insert(result.end(), c.shape(1)->begin(), c.shape(1)->end());
  result.insert(result.end(), x->begin() + static_cast<ptrdiff_t>(*axis) + 1, x->end());
  c.set(0, c.type(0).dtype, result);
  auto indices = c.integers("", 1);
  const auto &elements = c.inputs[0]->elements;
  if (!elements || !indices) {
    return;
  }
  std::vector<Dim> taken;
  for (int64_t at : *indices) {
    int64_t place = at < 0 ? at + static_cast<int64_t>(elements->size()) : at;
    if (place < 0 || place >= static_cast<int64_t>(elements->size())) {
      c.fail("index ", at, " is outside ", elements->size(), " elements");
      return;
    }
    taken.push_back((*elements)[static_cast<size_t>(place)]);
  }
  c.outputs[0].elements = std::move(taken);
}

void gatherElements(OpContext &c) { c.set(0, c.type(0).dtype, c.type(1).shape); }

/// (B, C, H, W) → (B, C / b², H b, W b), or back.
void depthSpace(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  int64_t block = c.intAttribute("blocksize", 0);
  if (block < 1 || block > 65536) {
    c.fail("expected a blocksize of at least 1, found ", block);
    return;
  }
  if (!c.needRank(0, 4, "(B, C, H, W)")) {
    return;
  }
  const Shape &x = *c.shape(0);
  bool toSpace = c.node.op_type() == "DepthToSpace";
  Dim square(block * block);
  auto channels = toSpace ? divide(x[1], square) : std::optional(multiply(x[1], square));
  auto height = toSpace ? std::optional(multiply(x[2], Dim(block))) : divide(x[2], Dim(block));
  auto width = toSpace ? std::optional(multiply(x[3], Dim(block))) : divide(x[3], Dim(block));
  bool known = !x[1].isUnknown() && !x[2].isUnknown() && !x[3].isUnknown();
  if (known && (!channels || !height || !width)) {
    c.fail("blocksize ", block, " does not divide ", str(x));
    return;
  }
  c.set(0, c.type(0).dtype,
        Shape{x[0], channels.value_or(Dim()), height.value_or(Dim()), width.value_or(Dim())});
}

void resize(OpContext &c) {
  const Shape *x = c.shape(0);
  auto sizes = shapeFrom(c, 3);
  if (x && sizes && sizes->size() == x->size()) {
    c.set(0, c.type(0).dtype, sizes);
  } else {
    c.set(0, c.type(0).dtype, x ? std::optional(Shape(x->size())) : std::nullopt);
  }
}

void range(OpContext &c) { c.set(0, c.type(0).dtype, Shape{Dim()}); }

} // namespace

std::span<const OpSchema> shapeOps() {
  static const OpSchema table[] = {
      {"Constant", 0, 0, 1, 1, 1, "value:t value_int:i value_ints:I value_float:f value_floats:F",
       constant},
      {"ConstantOfShape", 1, 1, 1, 1, 9, "value:t", constantOfShape},
      {"RandomUniform", 0, 0, 1, 1, 1, "dtype:i high:f low:f seed:f shape:I", random},
      {"RandomNormal", 0, 0, 1, 1, 1, "dtype:i mean:f scale:f seed:f shape:I", random},
      {"Shape", 1, 1, 1, 1, 1, "start:i end:i", shapeOf},
      {"Size", 1, 1, 1, 1, 1, "", size},
      {"Reshape", 2, 2, 1, 1, 5, "allowzero:i", reshape},
      {"Flatten", 1, 1, 1, 1, 1, "axis:i", flatten},
      {"Transpose", 1, 1, 1, 1, 1, "perm:I", transpose},
      {"Concat", 1, -1, 1, 1, 4, "axis:i", concat},
      {"Slice", 3, 5, 1, 1, 10, "", slice},
      {"Squeeze", 1, 2, 1, 1, 1, "axes:I", squeeze},
      {"Unsqueeze", 1, 2, 1, 1, 1, "axes:I", unsqueeze},
      {"Split", 1, 2, 1, -1, 2, "axis:i split:I num_outputs:i", split},
      {"Expand", 2, 2, 1, 1, 8, "", expand},
      {"Tile", 2, 2, 1, 1, 6, "", tile},
      {"Pad", 2, 4, 1, 1, 11, "mode:s", pad},
      {"Gather", 2, 2, 1, 1, 1, "axis:i", gather},
      {"GatherElements", 2, 2, 1, 1, 11, "axis:i", gatherElements},
      {"DepthToSpace", 1, 1, 1, 1, 1, "blocksize:i mode:s", depthSpace},
      {"SpaceToDepth", 1, 1, 1, 1, 1, "blocksize:i", depthSpace},
      {"Resize", 1, 4, 1, 1, 11,
       "antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i "
       "extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s",
       resize},
      {"Range", 3, 3, 1, 1, 11, "", range},
  };
  return table;
}

} // namespace ntc::format
