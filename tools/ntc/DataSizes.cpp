// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes of last batches.
#include "tools/ntc/DataSizes.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/data/SamplerSpec.h"
#include "runtime/train/RunData.h"

#include <algorithm>

namespace ntc::driver {
namespace {

Result<std::shared_ptr<const rt::data::Dataset>>
open(const std::string &data, rt::data::Split split,
     std::span<const rt::artifact::InputSpec> inputs, const rt::data::Known &known) {
  auto source = rt::data::DataSource::parse(data);
  return source ? rt::data::openDataset(*source, split, inputs, known)
                : Result<std::shared_ptr<const rt::data::Dataset>>(source.status());
}

/// Refuses data that the model does not take: its transforms, its shapes, its labels.
Status checkFit(const std::shared_ptr<const rt::data::Dataset> &dataset, const std::string &data,
                const rt::train::Preprocessing &preprocessing, rt::train::Use use,
                std::span<const rt::artifact::InputSpec> inputs) {
  auto source = rt::data::DataSource::parse(data);
  if (!source) {
    return source.status();
  }
  auto prepared = rt::train::preprocess(dataset, *source, preprocessing, use, inputs);
  return prepared ? rt::data::bindInputs(**prepared, inputs, data).status() : prepared.status();
}

/// What the model's recipe and the flags say of the preprocessing.
Result<rt::train::Preprocessing> preprocessingFor(const Model &model,
                                                  rt::train::TrainOptions options) {
  auto recipe = loopRecipe(model);
  return recipe ? rt::train::choosePreprocessing(options, *recipe)
                : Result<rt::train::Preprocessing>(recipe.status());
}

void addSize(std::vector<int64_t> &sizes, int64_t size) {
  if (size > 0 && std::ranges::find(sizes, size) == sizes.end()) {
    sizes.push_back(size);
  }
}

} // namespace

Result<std::vector<int64_t>> trainSizes(const Model &model,
                                        const rt::train::TrainOptions &options) {
  const int64_t batch = options.batchSize.value_or(defaultBatchSize(model));
  const auto inputs = batchInputs(model, batch);
  auto preprocessing = preprocessingFor(model, options);
  if (!preprocessing) {
    return preprocessing.status();
  }
  auto train = open(options.data, rt::data::Split::Train, inputs, preprocessing->known);
  if (!train) {
    return train.status();
  }
  if (!preprocessing->known.table) {
    preprocessing->known.table = rt::data::knownOf(**train).table;
  }
  Status fits = checkFit(*train, options.data, *preprocessing, rt::train::Use::Training, inputs);
  if (!fits) {
    return fits;
  }
  Result<rt::train::PartSizes> parts = rt::train::partSizes(options, (*train)->size());
  if (!parts) {
    return parts.status();
  }
  auto sampler = rt::data::parseSampler(options.sampler);
  if (!sampler) {
    return rt::withContext(sampler.status(), "--sampler");
  }
  const int64_t training = sampler->samplesPerEpoch(parts->train);
  int64_t validation = parts->validation;
  if (!options.val.empty() && validation == 0) {
    auto other = open(options.val, rt::data::Split::Validation, inputs, rt::data::knownOf(**train));
    if (!other) {
      return other.status();
    }
    fits = checkFit(*other, options.val, *preprocessing, rt::train::Use::Evaluation, inputs);
    if (!fits) {
      return fits;
    }
    validation = (*other)->size();
  }
  if (options.dropLast && training < batch) {
    return rt::error(Code::InvalidArgument, "data '", options.data, "' has ", training,
                     " samples to train on, fewer than the batch size ", batch,
                     ", and --drop-last leaves out the last smaller batch: nothing is left");
  }
  std::vector<int64_t> sizes = {batch};
  // A run that --max-steps ends before its last batch may be resumed; a dry run takes one step.
  const bool reachesLast = !options.dryRun || training < batch;
  if (!options.dropLast && reachesLast) {
    addSize(sizes, training % batch);
  }
  addSize(sizes, validation % batch);
  addSize(sizes, parts->test % batch);
  return sizes;
}

std::vector<int64_t> evalSizes(int64_t samples, int64_t batchSize, bool dropLast) {
  std::vector<int64_t> sizes;
  if (samples >= batchSize) {
    sizes.push_back(batchSize);
  }
  if (!dropLast || sizes.empty()) {
    addSize(sizes, samples % batchSize);
  }
  return sizes;
}

} // namespace ntc::driver
