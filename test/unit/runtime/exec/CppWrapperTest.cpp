// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The header-only C++ wrapper.
#include "ntc/runtime.hpp"

#include "test/unit/runtime/TemporaryFolder.h"

#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace {

TEST(CppWrapper, trainsSavesAndResumes) {
  ntc::rt::test::TemporaryFolder folder;
  ntc::runtime::Program program;
  ntc::runtime::Session session;
  auto missing = program.open("absent.so");
  EXPECT_EQ(missing.code(), NTC_NOT_FOUND);
  EXPECT_NE(missing.message().find("absent.so"), std::string::npos);
  ASSERT_TRUE(program.open(NTC_SMALL_ARTIFACT));
  EXPECT_STREQ(program.info().model_name, "small");
  ASSERT_TRUE(session.create(program, {.threads = 1, .seed = 3}));
  std::vector<float> x(80, 0.5f), y(16, 1.0f);
  std::vector<int64_t> group(16);
  const int64_t xShape[] = {16, 5}, yShape[] = {16};
  std::array batch = {ntc::runtime::tensor(x.data(), xShape),
                      ntc::runtime::tensor(y.data(), yShape),
                      ntc::runtime::tensor(group.data(), yShape)};
  ASSERT_TRUE(session.trainStep(batch));
  double first = session.mean("loss");
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(session.trainStep(batch));
  }
  EXPECT_LT(session.mean("loss"), first);
  EXPECT_TRUE(std::isnan(session.mean("no such metric")));
  EXPECT_TRUE(session.isFinite());
  ASSERT_TRUE(session.save(folder.file("state")));
  std::array<float, 5> before{}, after{};
  ASSERT_TRUE(session.readState("weight", before));
  ASSERT_TRUE(session.initialize(4));
  ASSERT_TRUE(session.load(folder.file("state")));
  ASSERT_TRUE(session.readState("weight", after));
  EXPECT_EQ(before, after);
}

} // namespace
