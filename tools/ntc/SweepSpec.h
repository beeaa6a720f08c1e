// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a sweep is told, read from its text and checked.
#pragma once

#include "runtime/search/Halving.h"
#include "runtime/search/Sampler.h"

#include <map>
#include <optional>
#include <string>

namespace ntc::driver {

/// A checked sweep.
struct Sweep {
  std::string model;                          ///< a file; empty with a family
  std::string family;                         ///< of `ntc new`
  std::map<std::string, std::string> options; ///< flags without dashes
  rt::search::Space space;
  rt::search::Method method = rt::search::Method::Tpe;
  int64_t trials = 0;
  uint64_t seed = 0;
  std::string metric;
  bool maximize = false;
  std::optional<rt::search::HalvingOptions> halving; ///< mostEpochs is set by the runs' epochs
  int64_t folds = 1;
  bool isStratified = false; ///< the folds
  int64_t parallel = 1;      ///< runs side by side
  int64_t threads = 1;       ///< of each
};

/// Parses protobuf's text form of ntc.SweepSpec. Errors: InvalidArgument with line and column, or
/// naming the field.
rt::Result<Sweep> parseSweep(const std::string &text);

} // namespace ntc::driver
