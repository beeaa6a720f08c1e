// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data of a run that a program hands over.
#include "runtime/train/RunData.h"

#include "runtime/data/DataSource.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ntc::rt::train {
namespace {

/// A fit walks over as many values as the training data had columns.
TEST(RunData, RefusesAnOpenedTableWithOtherColumnsThanInTraining) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / "run-data.csv").string();
  auto open = [&](const char *rows) {
    std::ofstream(path) << rows;
    auto source = data::DataSource::parse("csv:" + path + "?target=y&scale=standard");
    EXPECT_TRUE(source);
    auto dataset = data::openDataset(*source, data::Split::Train, {});
    EXPECT_TRUE(dataset) << dataset.status().message();
    return *dataset;
  };
  const auto training = open("a,b,y\n1,2,0\n3,5,1\n");
  Preprocessing preprocessing;
  ASSERT_TRUE(fit(preprocessing, *training));
  auto openAs = [&](const char *rows) {
    return openData("t", open(rows), data::Split::Test, {}, preprocessing.known);
  };
  EXPECT_TRUE(openAs("a,b,y\n1,2,0\n"));
  const auto narrow = openAs("a,y\n1,0\n");
  ASSERT_FALSE(narrow);
  EXPECT_NE(narrow.status().message().find("data 't' has no column 'b'"), std::string::npos);
  EXPECT_FALSE(openAs("b,a,y\n1,2,0\n"));
  std::filesystem::remove(path);
}

} // namespace
} // namespace ntc::rt::train
