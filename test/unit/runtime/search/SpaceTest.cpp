// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Spaces that make no sense, and the order of trials.
#include "runtime/search/Space.h"

#include <gtest/gtest.h>

namespace ntc::rt::search {
namespace {

TEST(Space, RefusesWhatCannotBeSearchedByName) {
  const Parameter fine{.name = "lr", .low = 1e-4, .high = 1, .isLog = true};
  EXPECT_TRUE(checkSpace({fine}));
  auto refused = [](const Space &space, std::string_view part) {
    const Status status = checkSpace(space);
    EXPECT_EQ(status.code(), Code::InvalidArgument);
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  };
  refused({}, "at least one parameter");
  refused({fine, fine}, "'lr' is there twice");
  refused({{.name = "", .low = 0, .high = 1}}, "no name");
  refused({{.name = "a", .low = 2, .high = 1}}, "'a': low must be at most high, found 2 and 1");
  refused({{.name = "a", .low = NAN, .high = 1}}, "'a'");
  refused({{.name = "a", .low = 0, .high = 1, .isLog = true}}, "begins above 0, found 0");
  refused({{.name = "a", .kind = Kind::Choice}}, "at least one value");
  refused({{.name = "a", .kind = Kind::Integer, .low = 1, .high = 2, .step = 0}}, "step");
}

TEST(Space, TrialsThatGotFurtherAreBetterAndFailedOnesWorst) {
  const Trial far{.rungs = {0.5, 0.6}}, near{.rungs = {0.9}}, failed{.rungs = {}};
  EXPECT_TRUE(isBetter(far, near, true));
  EXPECT_TRUE(isBetter(near, failed, true));
  EXPECT_FALSE(isBetter(failed, near, true));
  const Trial low{.rungs = {0.1}};
  EXPECT_TRUE(isBetter(low, near, false));
  EXPECT_FALSE(isBetter(low, near, true));
  const Trial nan{.rungs = {NAN}};
  EXPECT_TRUE(isBetter(low, nan, false));
  EXPECT_FALSE(isBetter(nan, nan, false));
}

} // namespace
} // namespace ntc::rt::search
