// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions of torch.nn.init with their settings, for the rules that name them.
#pragma once

#include "runtime/train/Initializers.h"

namespace ntc::rt::train {

class InitSubject;

/// One number of a function, in the order of PyTorch's arguments behind the tensor.
struct InitSetting {
  const char *name;
  double byDefault; ///< NaN: required
  double low, high;
};

struct InitFunction {
  std::string_view name;
  std::vector<InitSetting> settings;
  bool hasMode; ///< mode and nonlinearity, behind the numbers
  size_t leastRank, mostRank;
  Status (*draw)(InitSubject &);
};

const std::vector<InitFunction> &initFunctions();
/// Null for a name that there is not.
const InitFunction *findInitFunction(std::string_view name);

/// The nonlinearities that calculateGain knows.
std::span<const std::string_view> nonlinearities();
/// torch.nn.init.calculate_gain; `slope` is of leaky_relu.
double calculateGain(std::string_view nonlinearity, double slope);

/// Fills `values`, row-major of `shape`, whose rank the function takes.
Status drawBy(const InitFunction &function, const InitRule &rule, std::span<const int64_t> shape,
              uint64_t seed, uint32_t stream, std::vector<double> &values);

} // namespace ntc::rt::train
