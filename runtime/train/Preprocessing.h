// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What happens to data before a model sees it: the recipe's member "preprocessing", kept with a run
// so that evaluation and prediction do the same.
#pragma once

#include "runtime/data/Dataset.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/format/Json.h"

#include <span>
#include <string>

namespace ntc::rt::train {

/// The metadata key of safetensors files, checkpoints among them, that hold preprocessingJson.
inline constexpr std::string_view kPreprocessingKey = "ntc.preprocessing";

struct Preprocessing {
  std::string transform;    ///< torchvision's transforms of training pictures; empty: none
  std::string valTransform; ///< of pictures that validate, are evaluated or predicted
  data::Known known;        ///< classes and columns of the training data
};

/// Reads the recipe's member "preprocessing"; a recipe without it has none. Names may be in
/// lowerCamelCase or as in the .proto. Errors: Corrupt.
Result<Preprocessing> preprocessingOf(const format::JsonValue &recipe);

/// Takes what the training part of the data says: names of classes, the fit of a table. Columns and
/// characters that are known already (of a resumed run) stay. Errors: as fitTable.
Status fit(Preprocessing &preprocessing, const data::Dataset &training);

/// The member's JSON text; empty where there is nothing to say.
std::string preprocessingJson(const Preprocessing &preprocessing);

/// The preprocessing of a trained model: of the file `checkpoint` (`best`, `latest` and what is
/// empty are none) where that says one, else of the run whose folder `model` is, else of the recipe
/// `recipeJson` of its artifact. Errors: Io, Corrupt.
Result<Preprocessing> preprocessingOfModel(const std::string &model, std::string_view recipeJson,
                                           const std::string &checkpoint = "");

/// Fills in `valTransform` where it is empty: `transform` without what is random in it. Errors
/// (InvalidArgument): lists that cannot be parsed, a random one for validation.
Status complete(Preprocessing &preprocessing);

enum class Use : uint8_t {
  Training,
  Evaluation,
};

/// `dataset`, opened from `source`, as the model with `inputs` takes it: its table scaled and
/// filled, its pictures transformed, its batches mixed (training), its labels as probabilities
/// where the model's target wants those. Errors (InvalidArgument): transforms for data without
/// pictures, or beside the data's own option `normalize`.
Result<std::shared_ptr<const data::Dataset>>
preprocess(std::shared_ptr<const data::Dataset> dataset, const data::DataSource &source,
           const Preprocessing &preprocessing, Use use,
           std::span<const artifact::InputSpec> inputs);

} // namespace ntc::rt::train
