// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// torch.nn.init by name pattern: first values of parameters, drawn on the host before the first
// step. The values are a function of the run's seed, the parameter's place in the program and the
// function; they do not depend on threads or machines.
#pragma once

#include "runtime/exec/Session.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::train {

/// `PATTERN=FUNCTION(SETTINGS)`, such as `fc*.weight=kaiming_normal(mode=fan_out)`.
struct InitRule {
  std::string pattern;  ///< a glob over the whole name, or an ECMAScript expression in slashes
  std::string function; ///< by torch.nn.init's name without the underscore at its end
  std::map<std::string, double> numbers;    ///< all settings of the function
  std::map<std::string, std::string> words; ///< mode, nonlinearity
};

/// Reads a flag's text and fills in PyTorch's defaults. Errors: InvalidArgument that names the
/// function, the setting and what was expected.
Result<InitRule> parseInitRule(std::string_view text);

/// All functions with their settings and defaults, for help.
std::string initFunctionsText();

/// Whether the rule is for a parameter of this name.
bool matches(const InitRule &rule, std::string_view name);

/// `values` of a tensor of `shape`, row-major. Errors: InvalidArgument for shapes that the function
/// does not take, in PyTorch's cases.
Status drawInitial(const InitRule &rule, std::span<const int64_t> shape, uint64_t seed,
                   uint32_t stream, std::vector<double> &values);

/// Applies the rules in order to the session's floating-point parameters. Errors: as drawInitial,
/// with the parameter's name; InvalidArgument for a rule that fits no parameter.
Status applyInitRules(exec::Session &session, std::span<const InitRule> rules, uint64_t seed);

} // namespace ntc::rt::train
