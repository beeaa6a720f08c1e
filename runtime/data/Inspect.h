// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a data set holds, for people: sizes, shapes, classes, ranges, and a grid of its pictures.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/Dataset.h"

#include <map>
#include <optional>

namespace ntc::rt::data {

/// Statistics of one value of a field, or of all its values together, over the samples looked at.
struct ValueSummary {
  std::string name; ///< of a table's column, or of a channel; empty: the whole field
  double least = 0.0, greatest = 0.0, mean = 0.0, deviation = 0.0; ///< of the population
  int64_t count = 0;                                               ///< values
  int64_t missing = 0;                                             ///< NaN, not counted in the rest
};

struct FieldSummary {
  Field field;
  std::vector<ValueSummary> values;
};

struct Summary {
  int64_t samples = 0;
  int64_t lookedAt = 0; ///< samples that statistics are over
  std::vector<FieldSummary> fields;
  std::vector<int64_t> classCounts; ///< by label, over all samples; empty: no label
  std::vector<std::string> classNames;
  /// Heights by widths of pictures that differ in size, with how many of those looked at have them.
  std::map<std::pair<int64_t, int64_t>, int64_t> pictureSizes;
};

/// Looks at up to `most` samples, evenly spaced; labels are counted over all. Pictures are read as
/// bytes and summed up by channel, in [0, 1]. Errors: the set's.
Result<Summary> summarize(const Dataset &dataset, int64_t most);

/// The summary as lines of text.
std::string summaryText(const Summary &summary);
/// The same as one JSON object.
std::string summaryJson(const Summary &summary);

/// `rows` by `columns` pictures of the set, evenly spaced over it, each scaled to the size of the
/// first, with a border of two white pixels between. With `transforms` (see Transform.h) they are
/// shown as those make them in epoch 0 of `seed`, stretched from their least to their greatest
/// value. Errors (InvalidArgument): a set without pictures.
Result<Bytes> pictureGrid(const Dataset &dataset, int64_t rows, int64_t columns,
                          const std::string &transforms, uint64_t seed);

} // namespace ntc::rt::data
