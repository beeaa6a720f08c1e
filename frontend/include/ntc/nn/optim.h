// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the step changes the parameters, with PyTorch's names and defaults.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace ntc::optim {

/// Parameters that are trained with other settings than the rest.
struct ParameterGroup {
  /// Name patterns: "features.*", or a regular expression "/…/".
  std::vector<std::string> patterns;
  /// Settings that differ, by their names: {"weight_decay", 0}; betas are beta1 and beta2.
  std::vector<std::pair<std::string, double>> hyperparameters = {};
  /// The learning rate as a multiple of the optimizer's, instead of "lr"; 0: none.
  double lr_factor = 0;
  /// Prefix of the group's controls; empty: "group1", "group2", …
  std::string name = {};
};

/// An optimizer by name and settings; made by the classes below.
struct Optimizer {
  std::string name;
  std::vector<std::pair<std::string, double>> hyperparameters;
  bool nesterov = false;
  /// A parameter belongs to the first group that it matches.
  std::vector<ParameterGroup> groups = {};

  /// This optimizer with a further group: `SGD({.lr = 0.1}).group({.patterns = {"*.bias"}, …})`.
  Optimizer group(ParameterGroup added) const;
};

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
};
struct SGD : Optimizer {
  explicit SGD(SGDOptions options = {});
};

struct AdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
};
struct Adam : Optimizer {
  explicit Adam(AdamOptions options = {});
};

struct AdamWOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;
};
/// Weight decay is taken from the parameter directly (Loshchilov & Hutter 2019).
struct AdamW : Optimizer {
  explicit AdamW(AdamWOptions options = {});
};

struct AdadeltaOptions {
  double lr = 1.0;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;
};
struct Adadelta : Optimizer {
  explicit Adadelta(AdadeltaOptions options = {});
};

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
};
struct RMSprop : Optimizer {
  explicit RMSprop(RMSpropOptions options = {});
};

struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;
  double weight_decay = 0;
  double eps = 1e-10;
};
struct Adagrad : Optimizer {
  explicit Adagrad(AdagradOptions options = {});
};

struct AdamaxOptions {
  double lr = 2e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
};
struct Adamax : Optimizer {
  explicit Adamax(AdamaxOptions options = {});
};

/// Adam that begins without division while its second moment is too uncertain (Liu et al. 2020).
struct RAdam : Optimizer {
  explicit RAdam(AdamOptions options = {});
};

struct NAdamOptions {
  double lr = 2e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum_decay = 4e-3;
};
/// Adam with Nesterov's momentum (Dozat 2016).
struct NAdam : Optimizer {
  explicit NAdam(NAdamOptions options = {});
};

struct LionOptions {
  double lr = 1e-4;
  std::array<double, 2> betas = {0.9, 0.99};
  double weight_decay = 0;
};
/// Steps of one size by the sign of an average (Chen et al. 2023); weight decay as AdamW's.
struct Lion : Optimizer {
  explicit Lion(LionOptions options = {});
};

} // namespace ntc::optim
