// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Samplers of a data set by their specification: those that ask for labels, lengths or weights.
#pragma once

#include "runtime/data/Dataset.h"
#include "runtime/data/Sampler.h"
#include "runtime/data/SamplerSpec.h"

namespace ntc::rt::data {

/// The weights of the samples of `dataset` out of one for each of them, or for each of a set that
/// it is a part of, which their number tells: `part`, or `dataset` itself where that is null, and
/// what it is a part of in turn. `name` is for messages. Errors (InvalidArgument): another number.
Result<std::vector<double>> weightsFor(std::vector<double> weights, const Dataset &dataset,
                                       const SubsetDataset *part, std::string_view name);

/// "random": every sample once. "window": every sample once, shuffled by windows (windowSampler).
/// "weighted": draws with or without replacement by the weights of a file, else each class equally
/// likely (the weight 1 / samples of its class). "stratified": every sample once, each batch with
/// nearly the whole set's shares of classes. "bucketed": every sample once, batches of sequences of
/// about the same length, see bucketSampler. A file has the weights of weightsFor. Errors
/// (InvalidArgument): data without one label, without buckets; those of readWeights and
/// weightedSampler; the data's own.
Result<std::shared_ptr<const Sampler>> samplerOf(const SamplerSpec &spec, const Dataset &dataset,
                                                 const SubsetDataset *part, int64_t batchSize,
                                                 uint64_t seed);

} // namespace ntc::rt::data
