// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `--sampler` says: a name with settings, as in "weighted,weights=w.npy".
#pragma once

#include "runtime/base/Status.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::data {

struct SamplerSpec {
  std::string name = "random"; ///< one of samplerNames()
  int64_t window = 0;          ///< of "window": samples that are shuffled among themselves
  // Of "weighted", as PyTorch's WeightedRandomSampler has them.
  std::string weights;               ///< a file, see readWeights; empty: classes equally likely
  std::optional<int64_t> numSamples; ///< nothing: as many as the set has
  bool replacement = true;           ///< else each sample at most once in an epoch

  /// Samples of an epoch over a set of `size`.
  int64_t samplesPerEpoch(int64_t size) const { return numSamples.value_or(size); }
};

/// random, weighted, stratified, bucketed, window.
std::span<const std::string_view> samplerNames();

/// Parses "NAME,KEY=VALUE,…"; "" is "random". Errors (InvalidArgument): an unknown name or setting,
/// with the nearest one; values out of range; "window" without a size.
Result<SamplerSpec> parseSampler(std::string_view text);

/// The numbers of a file: a .npy file of one dimension, or a table with a header line, FILE.csv
/// with one column or FILE.csv:COLUMN. Errors: NotFound, Io; Corrupt for cells that are no numbers;
/// the file is named.
Result<std::vector<double>> readWeights(const std::string &file);

} // namespace ntc::rt::data
