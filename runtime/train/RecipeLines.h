// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lines of a recipe (TrainSpec) that say what flags of `ntc train` say. Each is read by its
// flag, so that words, ranges and messages are the same.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/format/Json.h"
#include "runtime/train/Options.h"

#include <string>

namespace ntc::rt::train {

/// Puts such members of the JSON object `spec` into `options`; names may be in lowerCamelCase or as
/// in the .proto. Errors: Corrupt for a member of the wrong kind; what its flag says of the value.
Status readLines(const format::JsonValue &spec, TrainOptions &options);

/// Whether a member of a recipe is one of them.
bool isLine(std::string_view member);

/// The members that say what `options` say, and in which numbers the program of `manifest`
/// computes, as one JSON object in protobuf's form.
std::string linesOf(const TrainOptions &options, const artifact::Manifest &manifest);

/// Takes from `said` what `options` leave open. Flags that are one thing are taken together: what
/// validates; how long the run is; sampler and shuffling. A run that resumes takes only what does
/// not decide its course.
void takeLines(const TrainOptions &said, TrainOptions &options);

} // namespace ntc::rt::train
