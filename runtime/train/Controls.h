// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --control: values for the scalars that a program takes at every step.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Recipe.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ntc::rt::train {

using ControlValues = std::vector<std::pair<std::string, double>>;

/// Refuses a control that is not among `names`. One that the optimizer has and the program was
/// compiled without (0 is folded) is refused with the flag that brings it. Errors: InvalidArgument.
Status checkControls(const ControlValues &values, std::span<const std::string> names,
                     const Recipe &recipe);

/// Sets all of them. Errors: InvalidArgument.
Status setControls(const ControlValues &values, const Recipe &recipe, exec::Session &session);

} // namespace ntc::rt::train
