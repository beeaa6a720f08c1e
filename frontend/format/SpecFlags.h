// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The short forms of recipes on the command line: a name and its settings,
// "adam,lr=1e-3,betas=0.9:0.999". Every message names the flag's part that is wrong and what it may
// be.
#pragma once

#include "frontend/format/Diagnostic.h"
#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <string_view>

namespace ntc::format {

/// "sgd,lr=0.1,momentum=0.9,nesterov" → a recipe with every default filled in. Numbers must be
/// finite and in the optimizer's range; amsgrad, foreach and other settings that the step does not
/// have are refused by name.
Result<OptimizerSpec> parseOptimizer(std::string_view text);
/// "cross_entropy,label_smoothing=0.1,weight=1:2:1,ignore_index=-1,reduction=sum,probabilities,target=label".
Result<LossSpec> parseLoss(std::string_view text);

/// "fc*:lr=0.1x,weight_decay=0,name=head" → a group of the recipe; or, with the one setting
/// `freeze`, a frozen pattern. `lr` is a number or, with an x behind it, a multiple of the
/// optimizer's. The group's name is "group1", "group2", … where none is given. Errors: what is
/// wrong with the text or does not fit the recipe's optimizer.
Status addParameterGroup(std::string_view text, TrainSpec &spec);
/// "fc*.weight:l1=1e-5,l2=1e-4", "l1=1e-5" for all parameters, or scikit-learn's
/// "alpha=0.01,l1_ratio=0.5" → a penalty of the recipe.
Result<PenaltySpec> parsePenalty(std::string_view text);

/// "conv*@3" → parameters that the first three epochs do not train.
Result<UnfreezeSpec> parseUnfreeze(std::string_view text);

/// "ema,decay=0.999,every=1,start=0" or "swa,start=5" → which average of the weights is kept.
Result<AverageSpec> parseAverage(std::string_view text);

/// Puts `loss` in the place of the recipe's loss. What `model` computes for its loss stays: the
/// terms, unless `loss` has terms, and an input that is its own target unless `loss` names a target
/// or wants labels. Metrics become those of the new loss.
void replaceLoss(TrainSpec &spec, const LossSpec &loss, const onnx::ModelProto &model);

/// The recipe's name of PyTorch's class: adamw of AdamW, cross_entropy of CrossEntropyLoss. Other
/// names as they are.
std::string ownOptimizerName(const std::string &name);
std::string ownLossName(const std::string &name);

/// The recipe in the file `path`: a TrainSpec as text (train.textproto) or JSON (a run's
/// train.json), at most 1 MiB. Errors: Io; what is not readable.
Result<TrainSpec> readSpec(const std::string &path);
/// Moves the fields out of `spec` that are no part of the step, nor of how data becomes its
/// batches: seed, length, sizes, data and what surrounds the step in a run. Returns them.
TrainSpec takeLoop(TrainSpec &spec);

/// Every field that `given` has takes the place of the recipe's, its loss as replaceLoss does it
/// unless it has metrics too. Fields that say one thing (val, val_split and fold; sampler and
/// shuffle; epochs and max_steps) are replaced together.
void replaceFields(const TrainSpec &given, const onnx::ModelProto &model, TrainSpec &spec);

/// Most batches that a step joins.
inline constexpr int64_t mostAccumulated = 1 << 20;

/// Checks names and ranges of a recipe that came from a file or an API and fills in defaults. All
/// problems at once.
std::vector<Diagnostic> complete(TrainSpec &spec);

} // namespace ntc::format
