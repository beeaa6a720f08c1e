// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Status, Result and the building of sentences.
#include "runtime/base/Status.h"

#include <gtest/gtest.h>
#include <limits>

namespace ntc::rt {
namespace {

TEST(Status, contextIsPutInFrontOfFailuresOnly) {
  Status inner = error(Code::Corrupt, "offset ", 4096, " is beyond ", uint64_t{1024}, " bytes");
  Status outer = withContext(inner, "model.so: state ", quoted("fc1.weight"));
  EXPECT_EQ(outer.code(), Code::Corrupt);
  EXPECT_EQ(outer.message(), "model.so: state 'fc1.weight': offset 4096 is beyond 1024 bytes");
  EXPECT_TRUE(withContext(Status::ok(), "x").isOk());
}

TEST(Result, carriesEitherAValueOrAStatus) {
  Result<std::string> good = std::string("value");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->size(), 5u);
  EXPECT_EQ(good.take(), "value");
  Result<std::string> bad = error(Code::NotFound, "no such thing");
  EXPECT_FALSE(bad);
  EXPECT_EQ(withContext(std::move(bad), "a").status().message(), "a: no such thing");
}

TEST(Text, numbersReadBackToTheSameValue) {
  EXPECT_EQ(concat(0.1, ' ', -1, ' ', true, ' ', std::numeric_limits<uint64_t>::max()),
            "0.1 -1 true 18446744073709551615");
  EXPECT_EQ(shapeText(std::vector<int64_t>{2, 3}), "[2, 3]");
  EXPECT_EQ(shapeText({}), "[]");
}

TEST(Text, namesFromFilesCannotBreakAMessage) {
  EXPECT_EQ(quoted("a'b\n\x1b\\\xff"), "'a\\x27b\\x0a\\x1b\\x5c\\xff'");
  EXPECT_EQ(quoted("naïve"), "'naïve'");
  EXPECT_LE(quoted(std::string(100000, 'x')).size(), 130u);
}

TEST(Status, everyCodeHasAName) {
  for (int code = 0; code <= 9; ++code) {
    EXPECT_NE(nameOf(static_cast<Code>(code)), "unknown") << code;
  }
  EXPECT_EQ(nameOf(static_cast<Code>(10)), "unknown");
}

} // namespace
} // namespace ntc::rt
