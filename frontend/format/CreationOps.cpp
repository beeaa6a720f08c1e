// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that make values from nothing, or from a shape alone. Shape, Size and constants of
// integers are followed element by element, so that Reshape sees through exporters' chains.
#include "frontend/format/ShapeInference.h"

#include <algorithm>

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

void constantOfShape(OpContext &c) {
  const auto *value = c.attribute("value");
  int32_t dtype = value ? value->t().data_type() : static_cast<int32_t>(onnx::TensorProto::FLOAT);
  c.set(0, dtype, c.shapeFrom(0));
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

void range(OpContext &c) { c.set(0, c.type(0).dtype, Shape{Dim()}); }

} // namespace

std::span<const OpSchema> creationOps() {
  static const OpSchema table[] = {
      {"Constant", 0, 0, 1, 1, 1, "value:t value_int:i value_ints:I value_float:f value_floats:F",
       constant},
      {"ConstantOfShape", 1, 1, 1, 1, 9, "value:t", constantOfShape},
      {"RandomUniform", 0, 0, 1, 1, 1, "dtype:i high:f low:f seed:f shape:I", random},
      {"RandomNormal", 0, 0, 1, 1, 1, "dtype:i mean:f scale:f seed:f shape:I", random},
      {"Shape", 1, 1, 1, 1, 1, "start:i end:i", shapeOf},
      {"Size", 1, 1, 1, 1, 1, "", size},
      {"Range", 3, 3, 1, 1, 11, "", range},
  };
  return table;
}

} // namespace ntc::format
