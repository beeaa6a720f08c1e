// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of ntc.TrainSpec that the loop needs, read from its JSON form; and the same text with
// overrides, which is a run's train.json. Nothing here needs protobuf.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/format/Json.h"
#include "runtime/train/Options.h"

#include <optional>
#include <string>
#include <vector>

namespace ntc::rt::train {

/// When the average of the weights is updated; TrainSpec's AverageSpec.
struct AverageRecipe {
  bool isOn = false;
  bool isEma = false;
  int64_t every = 0; ///< steps; 0: an ema's after each step, a swa's after each epoch
  int64_t start = 0; ///< epochs, or steps where updates follow steps, before the first
};

/// What the loop takes from a recipe. Fields that the recipe leaves out keep their defaults.
struct Recipe {
  format::JsonValue spec; ///< the whole text
  std::string lossName;   ///< "cross_entropy", …; empty where unknown
  std::optional<double> learningRate;
  uint64_t seed = 0;
  int64_t epochs = 0;              ///< 0: the program's default
  std::vector<int64_t> batchSizes; ///< the first is the training batch
  int64_t accumulate = 1;          ///< batches per step
  AverageRecipe average;
  TrainOptions lines; ///< what it says of flags that are not given; see RecipeLines.h

  /// The member "schedule", or null.
  const format::JsonValue *schedule() const { return spec.find("schedule"); }
};

/// Parses the JSON form of a TrainSpec; "" is an empty recipe. Names may be in lowerCamelCase or as
/// in the .proto. Errors: Corrupt for text that is no JSON object or members of the wrong kind.
Result<Recipe> parseRecipe(std::string_view json);

/// Takes the recipe's lines (RecipeLines.h) where no option says another thing. A run that resumes
/// has its own. Without validation data, what the recipe would have it compute or watch is left
/// out. Returns a note for each thing left out.
std::vector<std::string> applyTo(TrainOptions &options, const Recipe &recipe);

/// Values of a run that replace those of the recipe.
struct RecipeOverrides {
  std::optional<double> learningRate;
  uint64_t seed = 0;
  int64_t epochs = 0;
  int64_t batchSize = 0;
  std::string schedule = {};      ///< as toText(ScheduleSpec) writes it; empty: the recipe's
  std::string preprocessing = {}; ///< the member's JSON text; empty: the recipe's
  std::string lines = {};         ///< as linesOf writes them; empty: the recipe's
};

/// The recipe's JSON text with the overrides, everything else as it was.
std::string withOverrides(const Recipe &recipe, const RecipeOverrides &overrides);

/// The recipe's JSON text with `preprocessing` as that member's; where it is empty, without one.
std::string withPreprocessing(const Recipe &recipe, std::string_view preprocessing);

} // namespace ntc::rt::train
