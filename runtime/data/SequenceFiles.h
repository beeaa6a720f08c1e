// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sequences as files hold them, before padding.
#pragma once

#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Sequences one behind the other. Sample i is elements offsets[i] to offsets[i + 1] of x.
struct Sequences {
  Field x;                      ///< of one element: shape {} or {F}
  std::vector<uint8_t> values;  ///< of all elements
  std::vector<int64_t> offsets; ///< ascending from 0; one more than samples
  std::optional<Field> y;       ///< of one sample, or of one element where `yPerElement`
  std::vector<uint8_t> targets;
  bool yPerElement = false;
  std::vector<std::string> classNames;
  std::vector<std::string> characters; ///< of texts by=chars, in the order of their tokens
  std::vector<std::string> places;     ///< what messages call the samples; empty: "sample 17"
  int64_t vocabulary = 0;              ///< of texts: the number of tokens

  int64_t size() const { return std::ssize(offsets) - 1; }
  int64_t lengthOf(int64_t i) const {
    return offsets[static_cast<size_t>(i) + 1] - offsets[static_cast<size_t>(i)];
  }
};

/// Reads a text file with a sample per line, a folder of them, or a table. `classes` and, by=chars,
/// `characters` are those of the training data, empty where this is it.
Result<Sequences> readTexts(const DataSource &source, std::span<const std::string> classes,
                            std::span<const std::string> characters);
/// Reads an .npz archive.
Result<Sequences> readRagged(const DataSource &source);

} // namespace ntc::rt::data
