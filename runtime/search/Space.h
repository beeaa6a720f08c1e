// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a search searches: named parameters with their ranges, and trials with what came of them.
#pragma once

#include "runtime/base/Status.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace ntc::rt::search {

enum class Kind : uint8_t { Real, Integer, Choice };

/// One parameter. Its value is a double: a real, a whole number, or the index of a choice.
struct Parameter {
  std::string name{};
  Kind kind = Kind::Real;
  double low = 0, high = 1;           ///< both inclusive
  bool isLog = false;                 ///< uniform in the logarithm; low > 0
  double step = 0;                    ///< of whole numbers, counted from low; at least 1
  std::vector<std::string> choices{}; ///< of Kind::Choice
  /// How many values a grid takes of a real parameter.
  int64_t gridPoints = 5;
};

using Space = std::vector<Parameter>;
/// One value per parameter of the space.
using Point = std::vector<double>;

/// Checks names (not empty, each once), ranges and choices. Errors: InvalidArgument naming the
/// parameter.
Status checkSpace(const Space &space);

/// "0.001", "64", or the choice.
std::string valueText(const Parameter &parameter, double value);

enum class TrialState : uint8_t {
  Running,
  Paused,   ///< stopped at a rung; may be promoted
  Complete, ///< trained to the end
  Failed,   ///< an error, or an objective that is no number
};

struct Trial {
  int64_t number = 0;
  Point point{};
  TrialState state = TrialState::Running;
  /// The objective at every rung that it reached, the last one at the end. Without halving there is
  /// one.
  std::vector<double> rungs{};
  std::string message{}; ///< of a failure

  double value() const { return rungs.empty() ? NAN : rungs.back(); }
};

/// Whether `a` is the better trial: one that got further, then the better objective. Failed trials
/// are worst.
bool isBetter(const Trial &a, const Trial &b, bool maximize);

} // namespace ntc::rt::search
