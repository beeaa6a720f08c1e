// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Samplers that ask for the labels of a data set, by name.
#pragma once

#include "runtime/data/Dataset.h"
#include "runtime/data/Sampler.h"

#include <span>
#include <string_view>

namespace ntc::rt::data {

/// random, weighted, stratified, bucketed.
std::span<const std::string_view> samplerNames();

/// "random": every sample once. "weighted": as many draws with replacement as there are samples,
/// each class equally likely (PyTorch's WeightedRandomSampler with the weight 1 / samples of its
/// class). "stratified": every sample once, each batch with nearly the whole set's shares of
/// classes. "bucketed": every sample once, batches of sequences of about the same length, see
/// bucketSampler. Errors (InvalidArgument): another name; data without one label, without buckets;
/// the data's own.
Result<std::shared_ptr<const Sampler>> samplerOf(std::string_view name, const Dataset &dataset,
                                                 int64_t batchSize, uint64_t seed);

} // namespace ntc::rt::data
