// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The optimizers as ONNX local functions in standard operators, by PyTorch's formulas
// (docs/formats/model-pb.md §2), and the vocabulary of their hyperparameters, which the flag parser
// and the recipe share.
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::format {

/// One hyperparameter with PyTorch's name and default; legal values are those in [low, high], or
/// [low, high) when `openAbove`.
struct HyperparameterRule {
  std::string_view name;
  double byDefault;
  double low;
  double high;
  bool openAbove = false;
};

/// One optimizer: "sgd" and its rules, lr first.
struct OptimizerRule {
  std::string_view name;
  std::vector<HyperparameterRule> hyperparameters;
};

/// Known optimizers: sgd, adam, adamw, adadelta, rmsprop, adagrad, adamax, radam, nadam,
/// lion.
std::span<const OptimizerRule> optimizerRules();
/// Nullptr when there is none of that name.
const OptimizerRule *findOptimizer(std::string_view name);

enum class SlotKind : uint8_t {
  Moment,  ///< zeros, shaped as the parameter
  Counter, ///< a scalar i64, 0
  Product, ///< a scalar f64, 1
};

/// A state tensor per parameter: `optimizer.<name>.<parameter>`, with what it begins as.
struct Slot {
  std::string name;
  SlotKind kind = SlotKind::Moment;
};

/// The update of one parameter: a function whose inputs are `controls`, parameter, gradient, slots
/// and whose outputs are the new parameter and the new slots.
struct OptimizerUpdate {
  onnx::FunctionProto function;
  std::vector<std::string> controls;
  std::vector<Slot> slots;
};

/// The update for structure and values of `hyperparameters` (all rules present): which of momentum,
/// dampening and weight decay are 0 decides what the function holds, their other values do not.
OptimizerUpdate makeUpdate(const OptimizerRule &rule,
                           const std::map<std::string, double> &hyperparameters, bool nesterov);

} // namespace ntc::format
