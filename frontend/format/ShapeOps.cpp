// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that give the elements of one value another shape or order, or repeat them.
#include "frontend/format/ShapeInference.h"

#include <set>

namespace ntc::format {
namespace {

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

void expand(OpContext &c) {
  c.set(0, c.type(0).dtype, std::nullopt);
  auto target = c.shapeFrom(1);
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
  auto repeats = c.shapeFrom(1);
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
  auto sizes = c.shapeFrom(3);
  if (x && sizes && sizes->size() == x->size()) {
    c.set(0, c.type(0).dtype, sizes);
  } else {
    c.set(0, c.type(0).dtype, x ? std::optional(Shape(x->size())) : std::nullopt);
  }
}

} // namespace

std::span<const OpSchema> shapeOps() {
  static const OpSchema table[] = {
      {"Reshape", 2, 2, 1, 1, 5, "allowzero:i", reshape},
      {"Flatten", 1, 1, 1, 1, 1, "axis:i", flatten},
      {"Transpose", 1, 1, 1, 1, 1, "perm:I", transpose},
      {"Squeeze", 1, 2, 1, 1, 1, "axes:I", squeeze},
      {"Unsqueeze", 1, 2, 1, 1, 1, "axes:I", unsqueeze},
      {"Expand", 2, 2, 1, 1, 8, "", expand},
      {"Tile", 2, 2, 1, 1, 6, "", tile},
      {"DepthToSpace", 1, 1, 1, 1, 1, "blocksize:i mode:s", depthSpace},
      {"SpaceToDepth", 1, 1, 1, 1, 1, "blocksize:i", depthSpace},
      {"Resize", 1, 4, 1, 1, 11,
       "antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i "
       "extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s",
       resize},
  };
  return table;
}

} // namespace ntc::format
