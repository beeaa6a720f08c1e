// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Option structs to names and numbers of the recipe.
#include "ntc/nn/loss.h"
#include "ntc/nn/optim.h"

namespace ntc::nn {

CrossEntropyLoss::CrossEntropyLoss(CrossEntropyLossOptions options) {
  name = "cross_entropy";
  reduction = options.reduction;
  label_smoothing = options.label_smoothing;
  weight = std::move(options.weight);
  ignore_index = options.ignore_index;
  probabilities = options.probabilities;
}

NLLLoss::NLLLoss(NLLLossOptions options) {
  name = "nll";
  reduction = options.reduction;
  weight = std::move(options.weight);
  ignore_index = options.ignore_index;
}

MSELoss::MSELoss(ElementwiseLossOptions options) {
  name = "mse";
  reduction = options.reduction;
  target = std::move(options.target);
}

L1Loss::L1Loss(ElementwiseLossOptions options) {
  name = "l1";
  reduction = options.reduction;
  target = std::move(options.target);
}

BCELoss::BCELoss(ElementwiseLossOptions options) {
  name = "bce";
  reduction = options.reduction;
  target = std::move(options.target);
}

BCEWithLogitsLoss::BCEWithLogitsLoss(BCEWithLogitsLossOptions options) {
  name = "bce_with_logits";
  reduction = options.reduction;
  target = std::move(options.target);
  pos_weight = std::move(options.pos_weight);
}

} // namespace ntc::nn

namespace ntc::optim {

SGD::SGD(SGDOptions options) {
  name = "sgd";
  nesterov = options.nesterov;
  hyperparameters = {{"lr", options.lr},
                     {"momentum", options.momentum},
                     {"dampening", options.dampening},
                     {"weight_decay", options.weight_decay}};
}

Adam::Adam(AdamOptions options) {
  name = "adam";
  hyperparameters = {{"lr", options.lr},
                     {"beta1", options.betas[0]},
                     {"beta2", options.betas[1]},
                     {"eps", options.eps},
                     {"weight_decay", options.weight_decay}};
}

AdamW::AdamW(AdamWOptions options) {
  name = "adamw";
  hyperparameters = {{"lr", options.lr},
                     {"beta1", options.betas[0]},
                     {"beta2", options.betas[1]},
                     {"eps", options.eps},
                     {"weight_decay", options.weight_decay}};
}

Adadelta::Adadelta(AdadeltaOptions options) {
  name = "adadelta";
  hyperparameters = {{"lr", options.lr},
                     {"rho", options.rho},
                     {"eps", options.eps},
                     {"weight_decay", options.weight_decay}};
}

RMSprop::RMSprop(RMSpropOptions options) {
  name = "rmsprop";
  hyperparameters = {{"lr", options.lr},
                     {"alpha", options.alpha},
                     {"eps", options.eps},
                     {"weight_decay", options.weight_decay},
                     {"momentum", options.momentum}};
}

Adagrad::Adagrad(AdagradOptions options) {
  name = "adagrad";
  hyperparameters = {{"lr", options.lr},
                     {"lr_decay", options.lr_decay},
                     {"weight_decay", options.weight_decay},
                     {"eps", options.eps}};
}

Adamax::Adamax(AdamaxOptions options) {
  name = "adamax";
  hyperparameters = {{"lr", options.lr},
                     {"beta1", options.betas[0]},
                     {"beta2", options.betas[1]},
                     {"eps", options.eps},
                     {"weight_decay", options.weight_decay}};
}

RAdam::RAdam(AdamOptions options) : Optimizer(Adam(options)) { name = "radam"; }

NAdam::NAdam(NAdamOptions options)
    : Optimizer(Adam({options.lr, options.betas, options.eps, options.weight_decay})) {
  name = "nadam";
  hyperparameters.emplace_back("momentum_decay", options.momentum_decay);
}

Lion::Lion(LionOptions options) {
  name = "lion";
  hyperparameters = {{"lr", options.lr},
                     {"beta1", options.betas[0]},
                     {"beta2", options.betas[1]},
                     {"weight_decay", options.weight_decay}};
}

Optimizer Optimizer::group(ParameterGroup added) const {
  Optimizer result = *this;
  result.groups.push_back(std::move(added));
  return result;
}

} // namespace ntc::optim
