// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Orders of epochs: every sample once, by windows, by weight, by class; and what --sampler takes.
#include "runtime/data/ClassSampler.h"

#include "Archives.h"
#include "Scratch.h"
#include "Values.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ntc::rt::data {
namespace {

std::vector<int64_t> rowsOf(const Sampler &sampler, uint64_t epoch) {
  std::vector<int64_t> out(static_cast<size_t>(sampler.size()));
  sampler.order(epoch)->rows(0, out);
  return out;
}

/// Any part of an order is what the whole has there.
void expectRandomAccess(const Sampler &sampler) {
  const std::vector<int64_t> whole = rowsOf(sampler, 4);
  const auto order = sampler.order(4);
  for (int64_t first : {0, 1, 37, 99}) {
    std::vector<int64_t> part(static_cast<size_t>(std::min<int64_t>(20, sampler.size() - first)));
    order->rows(first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + first)) << "from " << first;
  }
}

TEST(Sampler, RandomIsAPermutationOfItsEpoch) {
  auto sampler = randomSampler(100, 3);
  std::vector<int64_t> rows = rowsOf(*sampler, 0);
  EXPECT_NE(rows, rowsOf(*sampler, 1));
  expectRandomAccess(*sampler);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, rowsOf(*sequentialSampler(100), 0));
}

TEST(Sampler, WeightedDrawsByWeight) {
  const std::array<double, 4> weights = {1, 0, 5, 2};
  auto sampler = weightedSampler(weights, 8000, 1);
  ASSERT_TRUE(sampler) << sampler.status().message();
  const std::vector<int64_t> rows = rowsOf(**sampler, 0);
  const std::array<int, 4> expected = {1000, 0, 5000, 2000};
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(std::ranges::count(rows, i), expected[static_cast<size_t>(i)], 200);
  }
  EXPECT_EQ(std::ranges::count(rows, 1), 0);
  EXPECT_NE(rows, rowsOf(**sampler, 1));
  expectRandomAccess(**sampler);
}

TEST(Sampler, WeightedRefusesWeightsThatAreNone) {
  auto message = [](std::vector<double> weights) {
    return weightedSampler(weights, 1, 0).status().message();
  };
  EXPECT_TRUE(has(message({1, -1}), "the weight of sample 1"));
  EXPECT_TRUE(has(message({1, NAN}), "the weight of sample 1"));
  EXPECT_TRUE(has(message({0, 0}), "a sum above 0"));
  EXPECT_TRUE(has(message({}), "a sum above 0"));
}

TEST(Sampler, WindowsPermuteTheSetAndStayTogether) {
  for (int64_t size : {1, 2, 99, 100, 101, 1000}) {
    for (int64_t window : {1, 3, 10, 64, 5000}) {
      auto sampler = windowSampler(size, window, 7);
      for (uint64_t epoch : {0, 1, 4}) {
        std::vector<int64_t> rows = rowsOf(*sampler, epoch);
        // Any stretch of an epoch lies in few windows: as many as it could touch in order, and at
        // each end one more.
        for (size_t begin = 0; begin + 20 <= rows.size() && window < size; begin += 7) {
          std::vector<int64_t> part(rows.begin() + static_cast<int64_t>(begin),
                                    rows.begin() + static_cast<int64_t>(begin) + 20);
          std::ranges::sort(part);
          int64_t runs = 1;
          for (size_t i = 1; i < part.size(); ++i) {
            runs += part[i] - part[i - 1] >= window ? 1 : 0;
          }
          EXPECT_LE(runs, 20 / window + 4) << size << " by " << window;
        }
        std::ranges::sort(rows);
        EXPECT_EQ(rows, rowsOf(*sequentialSampler(size), 0)) << size << " by " << window;
      }
      if (size >= 100) {
        EXPECT_NE(rowsOf(*sampler, 0), rowsOf(*sampler, 1));
        EXPECT_NE(rowsOf(*sampler, 0), rowsOf(*windowSampler(size, window, 8), 0));
        expectRandomAccess(*sampler);
      }
    }
  }
}

TEST(Sampler, WindowsOfAnEpochMixNeighboursDifferently) {
  // How often samples 0 and 1 share a window of 10 in 200 epochs: all but one in ten times.
  auto sampler = windowSampler(1000, 10, 2);
  int together = 0, inOrder = 0;
  double places = 0;
  for (uint64_t epoch = 0; epoch < 200; ++epoch) {
    const std::vector<int64_t> rows = rowsOf(*sampler, epoch);
    const auto first = std::ranges::find(rows, 0) - rows.begin();
    const auto second = std::ranges::find(rows, 1) - rows.begin();
    together += std::abs(first - second) < 10 ? 1 : 0;
    inOrder += second == first + 1 ? 1 : 0;
    places += static_cast<double>(first) / 200.0;
  }
  EXPECT_NEAR(together, 180, 15);
  EXPECT_NEAR(inOrder, 18, 16); // one in ten of those that share a window
  EXPECT_NEAR(places, 500, 80); // four deviations of the mean of 200 even draws from 1000
}

TEST(Sampler, DistinctDrawsAreByWeightAndOnce) {
  const std::array<double, 5> weights = {1, 0, 5, 2, 2};
  auto sampler = distinctWeightedSampler(weights, 2, 1);
  ASSERT_TRUE(sampler) << sampler.status().message();
  std::array<int, 5> first{}, any{};
  for (uint64_t epoch = 0; epoch < 8000; ++epoch) {
    const std::vector<int64_t> rows = rowsOf(**sampler, epoch);
    ASSERT_EQ(rows.size(), 2u);
    ASSERT_NE(rows[0], rows[1]);
    ++first[static_cast<size_t>(rows[0])];
    ++any[static_cast<size_t>(rows[0])];
    ++any[static_cast<size_t>(rows[1])];
  }
  EXPECT_NEAR(first[0], 800, 120);
  EXPECT_NEAR(first[2], 4000, 200);
  EXPECT_NEAR(first[3], 1600, 160);
  EXPECT_EQ(any[1], 0);
  // Sample 0 second: after 2 with 1/2 * 1/5, after 3 or 4 with 1/5 * 1/8 each.
  EXPECT_NEAR(any[0], 8000 * (0.1 + 0.1 + 0.05), 180);
  auto all = distinctWeightedSampler(weights, 5, 1);
  EXPECT_TRUE(has(all.status().message(), "cannot draw 5 samples without replacement: 4 of 5"));
}

TEST(Sampler, TextsAreParsedAndRefused) {
  auto window = parseSampler("window,size=12");
  ASSERT_TRUE(window) << window.status().message();
  EXPECT_EQ(window->window, 12);
  auto weighted = parseSampler("weighted,weights=a.npy,num_samples=7,replacement=false");
  ASSERT_TRUE(weighted) << weighted.status().message();
  EXPECT_EQ(weighted->weights, "a.npy");
  EXPECT_EQ(weighted->samplesPerEpoch(100), 7);
  EXPECT_FALSE(weighted->replacement);
  auto message = [](std::string_view text) { return parseSampler(text).status().message(); };
  EXPECT_TRUE(has(message("weigted"), "did you mean 'weighted'"));
  EXPECT_TRUE(has(message("window"), "needs the number of samples"));
  EXPECT_TRUE(has(message("window,size=0"), "size: expected a whole number from 1"));
  EXPECT_TRUE(has(message("window,seize=3"), "did you mean 'size'"));
  EXPECT_TRUE(has(message("random,size=3"), "sampler random has no setting 'size'"));
  EXPECT_TRUE(has(message("weighted,replacement=no"), "expected true or false"));
  EXPECT_TRUE(has(message("weighted,weights="), "a .npy or .csv file"));
  EXPECT_TRUE(has(message("weighted,"), "no setting ''"));
}

TEST(Sampler, WeightsComeFromFilesForThePartThatTrains) {
  const Scratch folder;
  auto whole =
      open("npy:" + folder.write("x.npy", npy("<f4", "(4,)", bytesOf<float>({0, 1, 2, 3}))));
  ASSERT_TRUE(whole) << whole.status().message();
  const SubsetDataset part(*whole, {1, 3});
  auto rows = [&](const std::string &file) {
    auto spec = parseSampler("weighted,num_samples=50,weights=" + file);
    auto sampler = samplerOf(*spec, part, &part, 8, 1);
    EXPECT_TRUE(sampler) << sampler.status().message();
    return sampler ? rowsOf(**sampler, 0) : std::vector<int64_t>();
  };
  auto message = [&](const std::string &file) {
    auto spec = parseSampler("weighted,weights=" + file);
    return samplerOf(*spec, **whole, nullptr, 8, 1).status().message();
  };
  const std::string array =
      folder.write("w.npy", npy("<i4", "(4,)", bytesOf<int32_t>({9, 0, 9, 1})));
  const std::string table = folder.write("w.csv", "id,w\n0,9\n1,0\n2,9\n3,0.5\n");
  const std::string column = folder.write("c.csv", "w\n1\nx\n1\n1\n");
  const std::string few = folder.write("few.csv", "w\n1\n1\n");
  const std::string none = folder.write("none.csv", "w\n0\n0\n0\n0\n");
  EXPECT_EQ(rows(array), std::vector<int64_t>(50, 1)); // sample 3 is the part's second
  EXPECT_EQ(rows(table + ":w"), std::vector<int64_t>(50, 1));
  // As many as the part has are its own; those of the whole reach the part of a part.
  EXPECT_EQ(rows(folder.write("own.csv", "w\n0\n1\n")), std::vector<int64_t>(50, 1));
  const SubsetDataset inner(std::make_shared<SubsetDataset>(*whole, std::vector<int64_t>{0, 1, 3}),
                            {2});
  auto weights = weightsFor({9, 0, 9, 1}, inner, nullptr, "w");
  ASSERT_TRUE(weights) << weights.status().message();
  EXPECT_EQ(*weights, (std::vector<double>{1}));
  EXPECT_EQ(*weightsFor({9, 0, 7}, inner, nullptr, "w"), (std::vector<double>{7}));
  EXPECT_EQ(weightsFor({9, 0}, inner, nullptr, "w").status().message(),
            "w has 2 weights, but the data have 4 samples, of which 1 are in this part");
  EXPECT_TRUE(has(message(table), "has 2 columns; say which one holds the weights"));
  EXPECT_TRUE(has(message(table + ":v"), "has no column 'v'"));
  EXPECT_TRUE(has(message(column), "line 3, column 'w': expected a number, found"));
  EXPECT_TRUE(has(message(few), "'" + few + "' has 2 weights, but the data have 4 samples"));
  EXPECT_TRUE(has(message(none), "'" + none + "': the weights of the samples should have a sum"));
  EXPECT_TRUE(has(message("nowhere.npy"), "nowhere.npy"));
}

TEST(Sampler, StratifiedKeepsTheSharesOfClassesEverywhere) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 200; ++i) {
    labels.push_back(i < 150 ? 0 : i < 190 ? 1 : 2);
  }
  auto sampler = stratifiedSampler(labels, 6);
  std::vector<int64_t> rows = rowsOf(*sampler, 0);
  for (size_t begin = 0; begin + 40 <= rows.size(); begin += 40) {
    std::array<int, 3> counts{};
    for (size_t i = begin; i < begin + 40; ++i) {
      ++counts[static_cast<size_t>(labels[static_cast<size_t>(rows[i])])];
    }
    EXPECT_NEAR(counts[0], 30, 1);
    EXPECT_NEAR(counts[1], 8, 1);
    EXPECT_NEAR(counts[2], 2, 1);
  }
  EXPECT_NE(rows, rowsOf(*sampler, 1));
  expectRandomAccess(*sampler);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, rowsOf(*sequentialSampler(200), 0));
}

} // namespace
} // namespace ntc::rt::data
