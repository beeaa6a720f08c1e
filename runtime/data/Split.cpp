// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of splitting, and the index sets that follow.
#include "runtime/data/Split.h"

#include "runtime/base/Permutation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace ntc::rt::data {
namespace {

template <typename T> bool parseAll(std::string_view text, T &value) {
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

/// The samples in the order in which the rule deals them out.
Result<std::vector<int64_t>> dealt(const SplitRule &rule, const Dataset &whole, uint64_t seed,
                                   std::string_view purpose) {
  const int64_t size = whole.size();
  const Permutation permutation(static_cast<uint64_t>(size), seed, streamOf(purpose), 0);
  std::vector<int64_t> rows(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    rows[static_cast<size_t>(i)] = static_cast<int64_t>(permutation(static_cast<uint64_t>(i)));
  }
  if (rule.isStratified) {
    Result<std::vector<int64_t>> labels = labelsOf(whole);
    if (!labels) {
      return labels.status();
    }
    std::ranges::stable_sort(rows, {},
                             [&](int64_t row) { return (*labels)[static_cast<size_t>(row)]; });
  }
  return rows;
}

/// Whether position `at` of `size` in the dealt order validates.
bool validates(const SplitRule &rule, int64_t at, int64_t size, int64_t count) {
  if (rule.folds > 0) {
    return at % rule.folds == rule.fold - 1;
  }
  if (!rule.isStratified) {
    return at < count;
  }
  // Every n-th, evenly: exactly `count` of them. 128 bits hold any product of sizes.
  using Wide = unsigned __int128;
  return static_cast<Wide>(at + 1) * static_cast<Wide>(count) / static_cast<Wide>(size) >
         static_cast<Wide>(at) * static_cast<Wide>(count) / static_cast<Wide>(size);
}

} // namespace

Result<SplitRule> SplitRule::parse(std::string_view text) {
  SplitRule rule;
  std::string_view amount = text.substr(0, text.find(','));
  if (amount.size() < text.size()) {
    rule.isStratified = text.substr(amount.size() + 1) == "stratified";
    rule.isLast = text.substr(amount.size() + 1) == "last";
  }
  bool isGood = amount.size() == text.size() || rule.isStratified || rule.isLast;
  if (const size_t slash = amount.find('/'); slash != std::string_view::npos) {
    isGood = isGood && parseAll(amount.substr(0, slash), rule.fold) &&
             parseAll(amount.substr(slash + 1), rule.folds) && rule.fold >= 1 &&
             rule.fold <= rule.folds && rule.folds >= 2 && !rule.isLast;
  } else if (parseAll(amount, rule.count)) {
    isGood = isGood && rule.count >= 1;
  } else {
    const bool isPercent = amount.ends_with('%');
    amount.remove_suffix(isPercent ? 1 : 0);
    isGood = isGood && parseAll(amount, rule.fraction);
    rule.count = 0;
    rule.fraction /= isPercent ? 100.0 : 1.0;
    isGood = isGood && rule.fraction > 0.0 && rule.fraction < 1.0;
  }
  if (!isGood) {
    return error(Code::InvalidArgument, "expected a number of samples (10000), a share (0.2, 20%) ",
                 "or a fold (2/5), perhaps with ',stratified' or ',last', found ", quoted(text));
  }
  return rule;
}

Result<int64_t> SplitRule::validationSize(int64_t samples) const {
  if (folds > samples) {
    return error(Code::InvalidArgument, folds, " folds need at least as many samples, found ",
                 samples);
  }
  if (folds > 0) {
    return samples / folds + (fold <= samples % folds ? 1 : 0);
  }
  const int64_t size =
      count > 0 ? count
                : std::max<int64_t>(
                      1, static_cast<int64_t>(std::floor(fraction * static_cast<double>(samples))));
  if (size >= samples) {
    return error(Code::InvalidArgument, "a part of ", size, " leaves nothing of the ", samples,
                 " samples to train on");
  }
  return size;
}

Result<std::vector<int64_t>> labelsOf(const Dataset &dataset) {
  std::optional<size_t> label;
  for (size_t i = 0; i < dataset.fields().size(); ++i) {
    const Field &field = dataset.fields()[i];
    if (field.isTarget && field.classes > 0 && field.shape.empty()) {
      if (label) {
        return error(Code::InvalidArgument, "the data has several labels, ",
                     quoted(dataset.fields()[*label].name), " and ", quoted(field.name));
      }
      label = i;
    }
  }
  if (!label) {
    return error(Code::InvalidArgument, "the data has no label whose classes could be told apart");
  }
  std::vector<int64_t> rows(static_cast<size_t>(dataset.size())), labels(rows.size());
  std::iota(rows.begin(), rows.end(), int64_t{0});
  Status status =
      dataset.readRows(*label, rows, DType::I64, reinterpret_cast<std::byte *>(labels.data()), {});
  return status ? Result<std::vector<int64_t>>(std::move(labels)) : status;
}

Result<SplitDataset> splitBy(const SplitRule &rule, std::shared_ptr<const Dataset> whole,
                             uint64_t seed, std::string_view purpose) {
  Result<int64_t> count = rule.validationSize(whole->size());
  if (!count) {
    return count.status();
  }
  if (rule.isLast) {
    std::vector<int64_t> all(static_cast<size_t>(whole->size()));
    std::iota(all.begin(), all.end(), int64_t{0});
    const auto middle = all.end() - *count;
    return SplitDataset{
        std::make_shared<SubsetDataset>(whole, std::vector<int64_t>(all.begin(), middle)),
        std::make_shared<SubsetDataset>(whole, std::vector<int64_t>(middle, all.end()))};
  }
  Result<std::vector<int64_t>> rows = dealt(rule, *whole, seed, purpose);
  if (!rows) {
    return rows.status();
  }
  std::vector<int64_t> train, validation;
  for (int64_t at = 0; at < std::ssize(*rows); ++at) {
    auto &part = validates(rule, at, std::ssize(*rows), *count) ? validation : train;
    part.push_back((*rows)[static_cast<size_t>(at)]);
  }
  std::ranges::sort(train);
  std::ranges::sort(validation);
  return SplitDataset{std::make_shared<SubsetDataset>(whole, std::move(train)),
                      std::make_shared<SubsetDataset>(whole, std::move(validation))};
}

} // namespace ntc::rt::data
