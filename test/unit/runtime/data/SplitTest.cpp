// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shares, folds and strata: sizes, disjointness, refusals.
#include "runtime/data/Split.h"

#include "runtime/base/Permutation.h"

#include "Scratch.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

namespace ntc::rt::data {
namespace {

/// Sample i has a label: the first 60 % are of class 0, then 30 % of class 1, the rest of class 2.
std::shared_ptr<const Dataset> labelled(int64_t samples) {
  std::vector<uint8_t> labels;
  for (int64_t i = 0; i < samples; ++i) {
    labels.push_back(i * 10 < samples * 6 ? 0 : i * 10 < samples * 9 ? 1 : 2);
  }
  std::vector<ArrayDataset::Array> arrays;
  arrays.push_back({Field{"y", DType::U8, {}, true, 3}, std::move(labels)});
  return std::make_shared<ArrayDataset>(samples, std::move(arrays));
}

SplitDataset split(const std::string &text, int64_t samples) {
  Result<SplitRule> rule = SplitRule::parse(text);
  EXPECT_TRUE(rule) << rule.status().message();
  auto parts = splitBy(*rule, labelled(samples), 5);
  EXPECT_TRUE(parts) << parts.status().message();
  EXPECT_EQ(parts->validation->size(), *rule->validationSize(samples)) << text;
  EXPECT_EQ(parts->train->size() + parts->validation->size(), samples) << text;
  return *parts;
}

std::array<int64_t, 3> classesOf(const Dataset &part) {
  std::array<int64_t, 3> counts{};
  const Result<std::vector<int64_t>> labels = labelsOf(part);
  for (int64_t label : *labels) {
    ++counts[static_cast<size_t>(label)];
  }
  return counts;
}

std::string refusal(const std::string &text, int64_t samples = 100) {
  Result<SplitRule> rule = SplitRule::parse(text);
  return rule ? rule->validationSize(samples).status().message() : rule.status().message();
}

TEST(Split, TakesCountsSharesAndFolds) {
  EXPECT_EQ(split("30", 100).validation->size(), 30);
  EXPECT_EQ(split("0.25", 10).validation->size(), 2);
  EXPECT_EQ(split("25%", 10).validation->size(), 2);
  EXPECT_EQ(split("0.01", 10).validation->size(), 1);
  EXPECT_EQ(split("1/3", 10).validation->size(), 4);
  EXPECT_EQ(split("3/3", 10).validation->size(), 3);
}

TEST(Split, KeepsSharesOfClassesWhenStratified) {
  for (const char *text : {"0.2,stratified", "20,stratified", "2/5,stratified"}) {
    const SplitDataset parts = split(text, 100);
    EXPECT_EQ(classesOf(*parts.validation), (std::array<int64_t, 3>{12, 6, 2})) << text;
    EXPECT_EQ(classesOf(*parts.train), (std::array<int64_t, 3>{48, 24, 8})) << text;
  }
}

TEST(Split, FoldsAreDisjointAndTogetherTheSet) {
  for (const char *suffix : {"", ",stratified"}) {
    std::array<int64_t, 3> sum{};
    int64_t samples = 0;
    for (int fold = 1; fold <= 7; ++fold) {
      const SplitDataset parts = split(concat(fold, "/7", suffix), 103);
      const auto counts = classesOf(*parts.validation);
      for (size_t i = 0; i < 3; ++i) {
        sum[i] += counts[i];
      }
      samples += parts.validation->size();
    }
    EXPECT_EQ(samples, 103);
    EXPECT_EQ(sum, classesOf(*labelled(103)));
  }
}

TEST(Split, TakesTheLastSamplesOfASeries) {
  const SplitDataset parts = split("3,last", 20);
  EXPECT_EQ(*labelsOf(*parts.validation), (std::vector<int64_t>{1, 2, 2}));
  EXPECT_EQ(classesOf(*parts.train), (std::array<int64_t, 3>{12, 5, 0}));
}

/// The first values of the permutation validate: what the documentation promises of a plain number.
TEST(Split, TakesTheFirstOfThePermutation) {
  std::vector<ArrayDataset::Array> arrays;
  std::vector<uint8_t> values(50);
  std::iota(values.begin(), values.end(), uint8_t{0});
  arrays.push_back({Field{"x", DType::U8, {}, false, 0}, values});
  const auto parts =
      splitBy({.count = 12}, std::make_shared<ArrayDataset>(50, std::move(arrays)), 5);
  ASSERT_TRUE(parts);
  const Permutation permutation(50, 5, streamOf("split"), 0);
  std::set<uint8_t> expected;
  for (uint64_t i = 0; i < 12; ++i) {
    expected.insert(static_cast<uint8_t>(permutation(i)));
  }
  std::vector<uint8_t> found(12);
  std::vector<int64_t> rows(12);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  parts->validation->copyRows(0, rows, DType::U8, reinterpret_cast<std::byte *>(found.data()));
  EXPECT_EQ(found, std::vector<uint8_t>(expected.begin(), expected.end()));
}

TEST(Split, RefusesInOneSentence) {
  for (const char *text : {"", "0", "-3", "1.0", "0.0", "100%", "nan", "0/5", "6/5", "1/1", "1/",
                           "10,strat", "10,stratified,x", "2/5,last", "x"}) {
    EXPECT_TRUE(has(refusal(text), "expected a number of samples")) << text;
  }
  EXPECT_TRUE(has(refusal("2/50", 40), "50 folds need at least as many samples, found 40"));
  EXPECT_TRUE(has(refusal("100"), "leaves nothing of the 100 samples"));
  std::vector<ArrayDataset::Array> arrays;
  arrays.push_back({Field{"x", DType::U8, {}, false, 0}, {1, 2, 3, 4}});
  auto parts = splitBy(*SplitRule::parse("2,stratified"),
                       std::make_shared<ArrayDataset>(4, std::move(arrays)), 0);
  EXPECT_TRUE(has(parts.status().message(), "no label"));
}

} // namespace
} // namespace ntc::rt::data
