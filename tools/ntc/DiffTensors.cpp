// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element by element.
#include "tools/ntc/DiffTensors.h"

#include "runtime/base/FloatConversion.h"
#include "tools/ntc/TextTable.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace ntc::driver {
namespace {

using rt::DType;

template <typename T> std::vector<double> widen(std::span<const uint8_t> bytes) {
  std::vector<double> out(bytes.size() / sizeof(T));
  for (size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<double>(value);
  }
  return out;
}

std::vector<int64_t> indexOf(int64_t position, std::span<const int64_t> shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = shape[d] > 0 ? position % shape[d] : 0;
    position = shape[d] > 0 ? position / shape[d] : 0;
  }
  return index;
}

constexpr std::string_view kShapes = "the shapes are ";

std::string number(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof(buffer), "%.9g", value);
  return buffer;
}

} // namespace

std::vector<double> asDoubles(DType dtype, std::span<const uint8_t> bytes) {
  switch (dtype) {
  case DType::F32:
    return widen<float>(bytes);
  case DType::F64:
    return widen<double>(bytes);
  case DType::I64:
    return widen<int64_t>(bytes);
  case DType::I32:
    return widen<int32_t>(bytes);
  case DType::F16:
  case DType::BF16: {
    std::vector<double> out(bytes.size() / 2);
    for (size_t i = 0; i < out.size(); ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, bytes.data() + 2 * i, sizeof(bits));
      out[i] = dtype == DType::F16 ? rt::f16ToFloat(bits) : rt::bf16ToFloat(bits);
    }
    return out;
  }
  default:
    return widen<uint8_t>(bytes);
  }
}

void DiffReport::compare(const std::string &where, std::span<const NamedTensor> a,
                         std::span<const NamedTensor> b) {
  auto find = [](std::span<const NamedTensor> tensors, const std::string &name) {
    return std::ranges::find(tensors, name, &NamedTensor::name);
  };
  auto full = [&](const std::string &name) { return where.empty() ? name : where + ": " + name; };
  for (const NamedTensor &each : a) {
    auto other = find(b, each.name);
    if (other == b.end()) {
      differences_.push_back({full(each.name), "only the first has it"});
    } else {
      compareOne(full(each.name), each, *other);
    }
  }
  for (const NamedTensor &each : b) {
    if (find(a, each.name) == a.end()) {
      differences_.push_back({full(each.name), "only the second has it"});
    }
  }
}

void DiffReport::compareOne(const std::string &name, const NamedTensor &a, const NamedTensor &b) {
  ++compared_;
  if (a.shape != b.shape || a.values.size() != b.values.size()) {
    differences_.push_back(
        {name, concat(kShapes, rt::shapeText(a.shape), " and ", rt::shapeText(b.shape))});
    return;
  }
  Difference found{name};
  found.elements = static_cast<int64_t>(a.values.size());
  int64_t greatestAt = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    double x = a.values[i], y = b.values[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) {
      continue;
    }
    double distance = std::abs(x - y);
    if (distance <= tolerance_ * std::max({1.0, std::abs(x), std::abs(y)})) {
      continue;
    }
    if (found.differing++ == 0) {
      found.firstIndex = indexOf(static_cast<int64_t>(i), a.shape);
      found.firstA = x;
      found.firstB = y;
      found.greatest = distance;
      greatestAt = static_cast<int64_t>(i);
    }
    if (distance > found.greatest || (std::isnan(distance) && !std::isnan(found.greatest))) {
      found.greatest = distance;
      greatestAt = static_cast<int64_t>(i);
    }
  }
  if (found.differing > 0) {
    found.greatestIndex = indexOf(greatestAt, a.shape);
    differences_.push_back(std::move(found));
  }
}

std::string DiffReport::text(size_t rows) const {
  if (differences_.empty()) {
    return concat(compared_, " values agree", tolerance_ > 0 ? " within the tolerance" : "", "\n");
  }
  const Difference &first = differences_.front();
  std::string out = "first difference: " + first.name;
  out += first.problem.empty() ? concat(" at ", rt::shapeText(first.firstIndex), ": ",
                                        number(first.firstA), " and ", number(first.firstB), "\n\n")
                               : ": " + first.problem + "\n\n";
  const auto problems = static_cast<size_t>(std::ranges::count_if(
      differences_, [](const Difference &each) { return !each.problem.empty(); }));
  const auto misshapen = static_cast<size_t>(std::ranges::count_if(
      differences_, [](const Difference &each) { return each.problem.starts_with(kShapes); }));
  out += table(rows) + this->problems(rows);
  const size_t differing = differences_.size() - problems + misshapen;
  out += concat(differing, " of ", compared_, " values that both have differ");
  const size_t lacking = problems - misshapen;
  return out + (lacking == 0 ? "\n" : concat("; ", lacking, " more are in one only\n"));
}

std::string DiffReport::table(size_t rows) const {
  TextTable table({"value", "elements", "differing", "max |a - b|", "at"});
  size_t left = 0;
  for (const Difference &each : differences_) {
    if (!each.problem.empty()) {
      continue;
    }
    if (table.rows.size() == rows) {
      ++left;
      continue;
    }
    char greatest[40];
    std::snprintf(greatest, sizeof(greatest), "%.6g", each.greatest);
    table.rows.push_back({each.name, std::to_string(each.elements), std::to_string(each.differing),
                          greatest, rt::shapeText(each.greatestIndex)});
  }
  if (table.rows.empty()) {
    return "";
  }
  return table.text() + (left > 0 ? concat("and ", left, " more\n") : "");
}

std::string DiffReport::problems(size_t rows) const {
  std::string out;
  size_t count = 0;
  for (const Difference &each : differences_) {
    if (!each.problem.empty() && ++count <= rows) {
      out += concat("  ", each.name, ": ", each.problem, "\n");
    }
  }
  if (count > rows) {
    out += concat("  and ", count - rows, " more\n");
  }
  return count == 0 ? "" : "\nnot compared:\n" + out + "\n";
}

std::string DiffReport::json() const {
  rt::format::JsonWriter json;
  auto index = [&](std::string_view key, const std::vector<int64_t> &values) {
    json.key(key);
    json.beginArray();
    for (int64_t value : values) {
      json.integer(value);
    }
    json.endArray();
  };
  json.beginObject();
  json.member("equal", isEqual());
  json.member("compared", compared_);
  json.key("differences");
  json.beginArray();
  for (const Difference &each : differences_) {
    json.beginObject();
    json.member("name", each.name);
    if (!each.problem.empty()) {
      json.member("problem", each.problem);
    } else {
      json.member("elements", each.elements);
      json.member("differing", each.differing);
      index("first_index", each.firstIndex);
      json.member("first_a", each.firstA);
      json.member("first_b", each.firstB);
      json.member("greatest", each.greatest);
      index("greatest_index", each.greatestIndex);
    }
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

} // namespace ntc::driver
