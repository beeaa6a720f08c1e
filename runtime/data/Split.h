// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which samples of a set validate: a number of them, a share, or one fold of several; at random or
// with each class's share kept.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/Dataset.h"

#include <string_view>

namespace ntc::rt::data {

/// Both parts of a set.
struct SplitDataset {
  std::shared_ptr<const SubsetDataset> train;
  std::shared_ptr<const Dataset> validation;
};

/// One way to divide a set in two.
struct SplitRule {
  int64_t count = 0;     ///< samples that validate; 0: by share or fold
  double fraction = 0.0; ///< share of them, in (0, 1), rounded down but at least one sample
  int64_t fold = 0;      ///< from 1: this fold of `folds` validates, the others train
  int64_t folds = 0;
  bool isStratified = false; ///< keep the classes' shares in both parts
  bool isLast = false;       ///< the last samples of the set validate, none at random

  /// Whether it divides at all.
  bool isSet() const { return count > 0 || fraction > 0.0 || folds > 0; }

  /// "10000", "0.2", "20%", "2/5", each also with ",stratified" or ",last"; a
  /// fold cannot be the last. Errors: InvalidArgument.
  static Result<SplitRule> parse(std::string_view text);

  /// How many of `samples` validate; the first folds have one more where it does not divide evenly.
  /// Errors (InvalidArgument): nothing is left to train on, more folds than samples.
  Result<int64_t> validationSize(int64_t samples) const;
};

/// Divides `whole` by the permutation of (seed, `purpose`), or, where it is stratified, by that
/// permutation within each class: of the samples of class after class every n-th validates, so that
/// a class's share in each part is right to a sample. Both parts keep the order of the set. Folds
/// of one seed are disjoint and together are the set. Errors: as validationSize; a stratified rule
/// for data without one label; the data's own.
Result<SplitDataset> splitBy(const SplitRule &rule, std::shared_ptr<const Dataset> whole,
                             uint64_t seed, std::string_view purpose = "split");

/// All labels of a set. Errors (InvalidArgument): no label field or several; the data's own.
Result<std::vector<int64_t>> labelsOf(const Dataset &dataset);

} // namespace ntc::rt::data
