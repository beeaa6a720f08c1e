// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Access to a node's parts, and the categories joined into one table.
#include "frontend/format/OpTable.h"

#include <algorithm>

namespace ntc::format {

const onnx::AttributeProto *OpContext::attribute(std::string_view name) const {
  for (const onnx::AttributeProto &each : node.attribute()) {
    if (each.name() == name) {
      return &each;
    }
  }
  return nullptr;
}

int64_t OpContext::intAttribute(std::string_view name, int64_t byDefault) const {
  const auto *found = attribute(name);
  return found ? found->i() : byDefault;
}

std::string OpContext::stringAttribute(std::string_view name, std::string_view byDefault) const {
  const auto *found = attribute(name);
  return found ? found->s() : std::string(byDefault);
}

std::optional<std::vector<int64_t>> OpContext::intsAttribute(std::string_view name) const {
  const auto *found = attribute(name);
  if (!found) {
    return std::nullopt;
  }
  return std::vector<int64_t>(found->ints().begin(), found->ints().end());
}

std::optional<std::vector<int64_t>> OpContext::integers(std::string_view name, size_t i) const {
  if (auto values = intsAttribute(name)) {
    return values;
  }
  if (!has(i) || !inputs[i]->elements) {
    return std::nullopt;
  }
  std::vector<int64_t> values;
  for (const Dim &element : *inputs[i]->elements) {
    auto value = integerOf(element);
    if (!value) {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

std::optional<Shape> OpContext::shapeFrom(size_t i) {
  if (!has(i) || !inputs[i]->elements) {
    return std::nullopt;
  }
  for (const Dim &dim : *inputs[i]->elements) {
    if (dim.symbol == "-") {
      fail("a dimension is negative");
      return std::nullopt;
    }
  }
  return *inputs[i]->elements;
}

bool OpContext::sameType(size_t i, size_t j) {
  if (!has(i) || !has(j) || !type(i).dtype || !type(j).dtype || type(i).dtype == type(j).dtype) {
    return true;
  }
  fail("inputs ", i, " and ", j, " have different element types, ", dtypeName(type(i).dtype),
       " and ", dtypeName(type(j).dtype));
  return false;
}

bool OpContext::needFloat(size_t i) {
  if (!has(i) || !type(i).dtype || isFloat(type(i).dtype)) {
    return true;
  }
  fail("expected a floating-point input ", i, ", found ", str(type(i)));
  return false;
}

bool OpContext::needRank(size_t i, size_t rank, std::string_view form) {
  const Shape *found = shape(i);
  if (!found) {
    return false;
  }
  if (found->size() != rank) {
    fail("expected input ", i, " of shape ", form, ", found ", str(*found));
    return false;
  }
  return true;
}

std::optional<size_t> OpContext::axis(int64_t axis, size_t rank) {
  auto signedRank = static_cast<int64_t>(rank);
  if (axis < -signedRank || axis >= signedRank) {
    fail("axis ", axis, " is outside a value of rank ", rank);
    return std::nullopt;
  }
  return static_cast<size_t>(axis < 0 ? axis + signedRank : axis);
}

std::span<const OpSchema> opSchemas() {
  static const std::vector<OpSchema> all = [] {
    std::vector<OpSchema> list;
    for (auto part : {elementwiseOps(), contractionOps(), creationOps(), shapeOps(), selectionOps(),
                      reductionOps()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    std::sort(list.begin(), list.end(),
              [](const OpSchema &a, const OpSchema &b) { return a.name < b.name; });
    return list;
  }();
  return all;
}

const OpSchema *findOp(std::string_view name) {
  auto all = opSchemas();
  auto found = std::lower_bound(
      all.begin(), all.end(), name,
      [](const OpSchema &schema, std::string_view key) { return schema.name < key; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

} // namespace ntc::format
