// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One description of each differentiable operation in use, for every harness that checks
// derivatives.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace ntc::autodiff::test {

/// Where the elements of an argument lie. Within a case all elements of one argument differ by far
/// more than a finite difference's step, so that maxima have no ties, and none lies at a kink.
struct Domain {
  double low = -1.9;
  double high = 2.1;
};

inline constexpr Domain kAny{};
inline constexpr Domain kPositive{0.3, 2.5};

/// A program of a few operations, one of which is under test.
struct OpCase {
  std::string name;
  /// The operation under test, such as "nn.mul".
  std::string op;
  /// Arguments as in IR: "%a: tensor<2xf64>, %b: tensor<2xf64>".
  std::string arguments;
  /// Operations as in IR; the floating-point results of the last one are the outputs.
  std::string body;
  /// One for each argument; `kAny` for those that are left out.
  std::vector<Domain> domains = {};

  friend void PrintTo(const OpCase &opCase, std::ostream *stream) { *stream << opCase.name; }
};

/// Every differentiable operation with every attribute, shapes of several ranks, in f64.
const std::vector<OpCase> &opCases();

/// A case at a kink or a tie, where a finite difference has no meaning: the elements, row-major, of
/// the arguments, the seeds of the outputs, and the derivatives of `sum of output * seed` by each
/// argument.
struct KinkCase {
  OpCase program;
  std::vector<std::vector<double>> arguments;
  std::vector<std::vector<double>> seeds;
  std::vector<std::vector<double>> expected;
};

const std::vector<KinkCase> &kinkCases();

/// An operation of the dialect without a derivative, and why.
struct Exempt {
  std::string op;
  std::string reason;
};

const std::vector<Exempt> &exemptOps();

} // namespace ntc::autodiff::test
