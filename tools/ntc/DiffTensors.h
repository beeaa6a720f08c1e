// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comparing named tensors, and saying where the first difference is.
#pragma once

#include "runtime/base/DType.h"
#include "runtime/format/Json.h"
#include "tools/ntc/Verb.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ntc::driver {

/// One value on one side.
struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<double> values;
};

/// Elements of any type as double. Integers beyond 2^53 lose digits.
std::vector<double> asDoubles(rt::DType dtype, std::span<const uint8_t> bytes);

/// How one value differs.
struct Difference {
  std::string name;
  std::string problem{}; ///< shapes that differ, or a side that lacks the value; else empty
  int64_t elements = 0;
  int64_t differing = 0;
  std::vector<int64_t> firstIndex{};
  double firstA = 0, firstB = 0;
  double greatest = 0; ///< |a - b|
  std::vector<int64_t> greatestIndex{};
};

/// Compares value after value; the order of calls is the order of the program.
class DiffReport {
public:
  /// Values differ where |a - b| > tolerance * max(1, |a|, |b|); NaN equals NaN.
  explicit DiffReport(double tolerance) : tolerance_(tolerance) {}
  void setTolerance(double tolerance) { tolerance_ = tolerance; }

  /// Compares the tensors of `a` with those of `b` of the same names; `where` goes in front of
  /// every name ("after step 3").
  void compare(const std::string &where, std::span<const NamedTensor> a,
               std::span<const NamedTensor> b);
  bool isEqual() const { return differences_.empty(); }
  /// The first difference in a sentence, a table of the first `rows` values that both sides have in
  /// the same shape, and what one side lacks or has in another shape.
  std::string text(size_t rows) const;
  std::string json() const;

private:
  std::string table(size_t rows) const;
  std::string problems(size_t rows) const;
  void compareOne(const std::string &name, const NamedTensor &a, const NamedTensor &b);

  double tolerance_;
  int64_t compared_ = 0; ///< values that both sides have
  std::vector<Difference> differences_;
};

} // namespace ntc::driver
