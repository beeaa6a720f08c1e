// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strict UTF-8, against the definition for every code point and the classic malformed sequences.
#include "runtime/base/Utf8.h"

#include <gtest/gtest.h>

namespace ntc::rt {
namespace {

TEST(Utf8, everyCodePointRoundTripsAndSurrogatesAreRefused) {
  for (uint32_t codePoint = 0; codePoint < 0x110000; ++codePoint) {
    std::string text;
    appendUtf8(text, codePoint);
    bool surrogate = codePoint >= 0xD800 && codePoint < 0xE000;
    ASSERT_EQ(isUtf8(text), !surrogate) << std::hex << codePoint;
    if (!surrogate) {
      ASSERT_EQ(utf8SequenceLength(text + "x"), text.size());
      ASSERT_EQ(utf8SequenceLength(text.substr(0, text.size() - 1)), 0u);
    }
  }
}

TEST(Utf8, malformedSequencesAreRefused) {
  for (std::string_view text :
       {"\x80", "\xc0\xaf", "\xc1\x81", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xc3", "\xc3(", "\xe2\x82", "\xe2(\x82"}) {
    EXPECT_FALSE(isUtf8(text));
  }
}

TEST(Utf8, charactersAreCounted) {
  EXPECT_EQ(utf8Characters(""), 0u);
  EXPECT_EQ(utf8Characters("N[,N\xE2\x80\xA6]"), 6u);
  EXPECT_EQ(utf8Characters("a\xFF\xFE"), 3u);
}

} // namespace
} // namespace ntc::rt
