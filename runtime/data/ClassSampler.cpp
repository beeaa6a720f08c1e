// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From labels and files to weights and strata.
#include "runtime/data/ClassSampler.h"

#include "runtime/data/Split.h"

#include <algorithm>

namespace ntc::rt::data {

namespace {

/// The weight 1 / samples of its class for every sample.
std::vector<double> balanced(std::span<const int64_t> labels) {
  std::vector<double> counts;
  for (int64_t label : labels) {
    counts.resize(std::max(counts.size(), static_cast<size_t>(label) + 1));
    ++counts[static_cast<size_t>(label)];
  }
  std::vector<double> weights;
  for (int64_t label : labels) {
    weights.push_back(1.0 / counts[static_cast<size_t>(label)]);
  }
  return weights;
}

Result<std::shared_ptr<const Sampler>> bucketed(const Dataset &dataset, int64_t batchSize,
                                                uint64_t seed) {
  if (dataset.buckets().empty()) {
    return error(Code::InvalidArgument,
                 "sampler bucketed groups sequences by their lengths; the data have no option "
                 "buckets");
  }
  std::vector<int64_t> lengths(static_cast<size_t>(dataset.size()));
  for (int64_t row = 0; row < dataset.size(); ++row) {
    lengths[static_cast<size_t>(row)] = dataset.lengthOf(row);
  }
  return bucketSampler(lengths, dataset.buckets(), batchSize, seed);
}

Result<std::shared_ptr<const Sampler>> weighted(const SamplerSpec &spec, const Dataset &dataset,
                                                std::span<const double> weights, uint64_t seed) {
  const int64_t samples = spec.samplesPerEpoch(dataset.size());
  return spec.replacement ? weightedSampler(weights, samples, seed)
                          : distinctWeightedSampler(weights, samples, seed);
}

} // namespace

Result<std::vector<double>> weightsFor(std::vector<double> weights, const Dataset &dataset,
                                       const SubsetDataset *part, std::string_view name) {
  if (std::ssize(weights) == dataset.size()) {
    return weights;
  }
  part = part ? part : dynamic_cast<const SubsetDataset *>(&dataset);
  std::vector<int64_t> rows;
  if (part) {
    rows.assign(part->rows().begin(), part->rows().end());
  }
  int64_t whole = dataset.size();
  while (part) {
    whole = part->whole().size();
    if (std::ssize(weights) == whole) {
      std::vector<double> out;
      for (int64_t row : rows) {
        out.push_back(weights[static_cast<size_t>(row)]);
      }
      return out;
    }
    part = dynamic_cast<const SubsetDataset *>(&part->whole());
    for (int64_t &row : rows) {
      row = part ? part->rows()[static_cast<size_t>(row)] : row;
    }
  }
  return error(Code::InvalidArgument, name, " has ", weights.size(), " weights, but the data have ",
               whole, " samples",
               whole > dataset.size() ? concat(", of which ", dataset.size(), " are in this part")
                                      : "");
}

Result<std::shared_ptr<const Sampler>> samplerOf(const SamplerSpec &spec, const Dataset &dataset,
                                                 const SubsetDataset *part, int64_t batchSize,
                                                 uint64_t seed) {
  if (spec.name == "random") {
    return randomSampler(dataset.size(), seed);
  }
  if (spec.name == "window") {
    return windowSampler(dataset.size(), spec.window, seed);
  }
  if (spec.name == "bucketed") {
    return bucketed(dataset, batchSize, seed);
  }
  if (!spec.weights.empty()) {
    Result<std::vector<double>> weights = readWeights(spec.weights);
    weights = weights ? weightsFor(weights.take(), dataset, part, concat("'", spec.weights, "'"))
                      : weights;
    return weights ? withContext(weighted(spec, dataset, *weights, seed), "'", spec.weights, "'")
                   : weights.status();
  }
  Result<std::vector<int64_t>> labels = labelsOf(dataset);
  if (!labels) {
    return withContext(labels.status(), "sampler ", spec.name);
  }
  return spec.name == "stratified" ? stratifiedSampler(*labels, seed)
                                   : weighted(spec, dataset, balanced(*labels), seed);
}

} // namespace ntc::rt::data
