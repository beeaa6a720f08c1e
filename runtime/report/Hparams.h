// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What TensorBoard's HParams tab shows: the settings of a run. It joins them to the run's scalars
// by itself.
#pragma once

#include "runtime/report/EventFile.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ntc::rt::report {

using Hparam = std::variant<double, bool, std::string>;
using Hparams = std::vector<std::pair<std::string, Hparam>>;

/// How a run ended, in the words of tensorboard.hparams.Status.
enum class SessionEnd : uint8_t { Success = 1, Failure = 2 };

void addHparams(Summary &summary, const Hparams &hparams, double startSeconds);
void addSessionEnd(Summary &summary, SessionEnd end, double endSeconds);

/// "0.001", "true", "adam".
std::string textOf(const Hparam &value);

} // namespace ntc::rt::report
