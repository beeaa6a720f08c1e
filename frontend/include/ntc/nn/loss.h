// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the step minimizes, with PyTorch's names and defaults. The target is an input of the
// training step: class indices "label" (i64), or "target" with the output's shape. Terms that
// forward computes join by `Module::addLoss`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntc::nn {

/// A loss by name and settings; made by the classes below.
struct Loss {
  std::string name;
  std::string reduction = "mean";
  double label_smoothing = 0;
  std::vector<float> weight;
  std::optional<int64_t> ignore_index;
  std::vector<float> pos_weight;
  bool probabilities = false;
  /// Name of the target input; "label" or "target" when empty. The name of an input of the network
  /// makes that input its own target, as autoencoders have it.
  std::string target;
};

struct CrossEntropyLossOptions {
  /// One weight per class.
  std::vector<float> weight = {};
  /// A label that adds nothing. Without it every label must be a class; PyTorch's default is -100.
  std::optional<int64_t> ignore_index = std::nullopt;
  std::string reduction = "mean";
  double label_smoothing = 0;
  /// The target holds class probabilities of the output's shape.
  bool probabilities = false;
};

/// Scores (B, C, …) against class indices (B, …).
struct CrossEntropyLoss : Loss {
  explicit CrossEntropyLoss(CrossEntropyLossOptions options = {});
};

struct NLLLossOptions {
  std::vector<float> weight = {};
  std::optional<int64_t> ignore_index = std::nullopt;
  std::string reduction = "mean";
};

/// Log-probabilities (B, C, …) against class indices (B, …).
struct NLLLoss : Loss {
  explicit NLLLoss(NLLLossOptions options = {});
};

struct ElementwiseLossOptions {
  std::string reduction = "mean";
  /// Name of the target input, "target" when empty. An input of the network is its own target.
  std::string target = "";
};

struct MSELoss : Loss {
  explicit MSELoss(ElementwiseLossOptions options = {});
};

struct L1Loss : Loss {
  explicit L1Loss(ElementwiseLossOptions options = {});
};

/// Binary cross-entropy of probabilities, -(y ln x + (1 - y) ln(1 - x)), as behind a sigmoid. A
/// logarithm below that of the smallest normal number of f32 counts as -100, as PyTorch's do.
struct BCELoss : Loss {
  explicit BCELoss(ElementwiseLossOptions options = {});
};

struct BCEWithLogitsLossOptions {
  std::vector<float> pos_weight = {};
  std::string reduction = "mean";
  std::string target = "";
};

struct BCEWithLogitsLoss : Loss {
  explicit BCEWithLogitsLoss(BCEWithLogitsLossOptions options = {});
};

} // namespace ntc::nn
