// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From labels to weights and strata.
#include "runtime/data/ClassSampler.h"

#include "runtime/data/Split.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {

std::span<const std::string_view> samplerNames() {
  static constexpr std::array<std::string_view, 4> names = {"random", "weighted", "stratified",
                                                            "bucketed"};
  return names;
}

Result<std::shared_ptr<const Sampler>> samplerOf(std::string_view name, const Dataset &dataset,
                                                 int64_t batchSize, uint64_t seed) {
  if (name == "random") {
    return randomSampler(dataset.size(), seed);
  }
  if (std::ranges::find(samplerNames(), name) == samplerNames().end()) {
    return error(Code::InvalidArgument, "unknown sampler ", quoted(name),
                 didYouMean(name, samplerNames()));
  }
  if (name == "bucketed") {
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
  Result<std::vector<int64_t>> labels = labelsOf(dataset);
  if (!labels) {
    return withContext(labels.status(), "sampler ", name);
  }
  if (name == "stratified") {
    return stratifiedSampler(*labels, seed);
  }
  std::vector<double> counts;
  for (int64_t label : *labels) {
    counts.resize(std::max(counts.size(), static_cast<size_t>(label) + 1));
    ++counts[static_cast<size_t>(label)];
  }
  std::vector<double> weights;
  for (int64_t label : *labels) {
    weights.push_back(1.0 / counts[static_cast<size_t>(label)]);
  }
  return weightedSampler(weights, dataset.size(), seed);
}

} // namespace ntc::rt::data
