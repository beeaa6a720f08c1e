// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that join values and take parts of them. Vectors of integers are followed element by
// element (Gather, Slice and Concat of shapes).
#include "frontend/format/ShapeInference.h"

#include <algorithm>

namespace ntc::format {
namespace {

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

} // namespace

std::span<const OpSchema> selectionOps() {
  static const OpSchema table[] = {
      {"Concat", 1, -1, 1, 1, 4, "axis:i", concat},
      {"Slice", 3, 5, 1, 1, 10, "", slice},
      {"Split", 1, 2, 1, -1, 2, "axis:i split:I num_outputs:i", split},
      {"Pad", 2, 4, 1, 1, 11, "mode:s", pad},
      {"Gather", 2, 2, 1, 1, 1, "axis:i", gather},
      {"GatherElements", 2, 2, 1, 1, 11, "axis:i", gatherElements},
  };
  return table;
}

} // namespace ntc::format
