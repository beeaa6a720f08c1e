// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The data of a run, from the options' texts to data sets as the model takes them.
#pragma once

#include "runtime/data/Sampler.h"
#include "runtime/exec/Session.h"
#include "runtime/train/Options.h"
#include "runtime/train/Preprocessing.h"
#include "runtime/train/Progress.h"
#include "runtime/train/Recipe.h"

namespace ntc::rt::train {

/// Data as they are, with the text that names them.
struct NamedData {
  std::shared_ptr<const data::Dataset> dataset;
  data::DataSource source;
};

/// `given`, which `text` only names, or where it is null what `text` says, opened for a model of
/// these inputs. Errors: as DataSource::parse and openDataset, of `given` as checkKnown.
Result<NamedData> openData(const std::string &text, std::shared_ptr<const data::Dataset> given,
                           data::Split split, std::span<const artifact::InputSpec> inputs,
                           const data::Known &known);

/// The data sets of a run.
struct RunData {
  std::shared_ptr<const data::Dataset> train;
  std::shared_ptr<const data::Dataset> validation; ///< null: none
  std::string validationName;
  std::shared_ptr<const data::Dataset> labelled; ///< `train` before mixes took its labels
  /// `labelled` as what a split left of the data; null: all of them.
  std::shared_ptr<const data::SubsetDataset> part{};
};

/// The parts of one data set.
struct DataParts {
  std::shared_ptr<const data::Dataset> train;
  std::shared_ptr<const data::Dataset> validation; ///< null: none
  std::shared_ptr<const data::Dataset> test;       ///< null: none
  std::shared_ptr<const data::SubsetDataset> part; ///< `train` as rows of the whole; null: all
};

/// Divides `whole` as `options` say: first what tests, then, of the rest, what validates. Shares
/// are of the whole. Disjoint, together the whole, and the same for the same seed. Errors: as
/// splitBy, with the flag.
Result<DataParts> divide(const TrainOptions &options, std::shared_ptr<const data::Dataset> whole,
                         uint64_t seed);

/// How many samples each part has of `samples`; 0: none. Errors: as divide.
struct PartSizes {
  int64_t train = 0, validation = 0, test = 0;
};
Result<PartSizes> partSizes(const TrainOptions &options, int64_t samples);

/// Opens, splits and prepares the data; `preprocessing` learns from the training part. Remarks of
/// the data go to `progress`. Errors: those of openDataset, splitBy, fit, preprocess.
Result<RunData> openRunData(const TrainOptions &options, const exec::Session &session,
                            uint64_t seed, Preprocessing &preprocessing, Progress &progress);

/// The flags' transforms, else the recipe's, or those of a run that is resumed; `options` then have
/// them all.
Result<Preprocessing> choosePreprocessing(TrainOptions &options, const Recipe &recipe);

/// The sampler that the options name; null for the loader's own. Errors: as parseSampler,
/// samplerOf.
Result<std::shared_ptr<const data::Sampler>>
chooseSampler(const TrainOptions &options, const RunData &data, int64_t batchSize, uint64_t seed);

} // namespace ntc::rt::train
