// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ready-made models with their recipes, built with the capture API: what `ntc new` writes.
#pragma once

#include "frontend/format/Diagnostic.h"
#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::zoo {

/// One family and what may be chosen for it.
struct Family {
  std::string_view name;
  /// One line for `ntc new --list`.
  std::string_view description;
  /// Names of the options that apply, without dashes.
  std::vector<std::string_view> options;
};

/// Families in the order in which they are listed.
std::span<const Family> list();

/// How ResNet begins: a convolution of 3x3 for images of 32x32, or one of 7x7 with stride 2 and
/// pooling for images of 224x224.
enum class Stem { Cifar, ImageNet };

/// What may be chosen; an absent value is the family's default. A value that does not apply is
/// refused by name.
struct Options {
  /// linear: number of features. mlp: sizes of one sample, {1, 28, 28}.
  std::vector<int64_t> input = {};
  /// linear: number of outputs.
  std::optional<int64_t> output = std::nullopt;
  /// mlp: sizes of the hidden layers, {128}.
  std::vector<int64_t> hidden = {};
  /// mlp, cnn, lenet, resnet18.
  std::optional<int64_t> classes = std::nullopt;
  /// resnet18.
  std::optional<Stem> stem = std::nullopt;
  /// Replace the family's loss and optimizer.
  std::optional<LossSpec> loss = std::nullopt;
  std::optional<OptimizerSpec> optimizer = std::nullopt;
  uint64_t seed = 0;
};

/// Builds the model of `family`. Fails for unknown families (with a suggestion), options that do
/// not apply or are out of range, and losses that do not fit.
format::Result<onnx::ModelProto> make(std::string_view family, const Options &options = {});

} // namespace ntc::zoo
