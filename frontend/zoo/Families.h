// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families that have a file of their own, and what families share.
#pragma once

#include "frontend/zoo/Zoo.h"
#include "ntc/nn/nn.h"

namespace ntc::zoo {

/// One input `input` of shape `shape`.
CaptureOptions captureOptions(std::string name, std::string input, Shape shape, uint64_t seed);

/// ResNet-18 with the stem and number of classes of `options`.
Program makeResNet18(const Options &options);

} // namespace ntc::zoo
