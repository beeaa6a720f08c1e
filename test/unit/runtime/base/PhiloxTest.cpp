// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The known answers that the authors of Philox publish with their library (Random123, kat_vectors),
// and the numbering of elements: every word of every block is used once.
#include "runtime/base/Philox.h"

#include <gtest/gtest.h>
#include <set>

namespace ntc::rt {
namespace {

using Block = std::array<uint32_t, 4>;

TEST(Philox, knownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, neighbouringElementsUseEveryWordOnce) {
  std::multiset<uint32_t> used, words;
  for (uint64_t element = 0; element < 64; ++element) {
    used.insert(randomWord(7, 3, 5, element));
  }
  for (uint32_t block = 0; block < 16; ++block) {
    for (uint32_t word : philox4x32({block, 5, 3, 0}, {7, 0})) {
      words.insert(word);
    }
  }
  EXPECT_EQ(used, words);
}

TEST(Philox, uniformLiesInTheHalfOpenInterval) {
  double sum = 0;
  constexpr int count = 100000;
  for (int i = 0; i < count; ++i) {
    double value = randomUniform(1, 2, 3, static_cast<uint64_t>(i));
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  // The mean of n uniform numbers has standard deviation sqrt(1 / (12 n)); six of them.
  EXPECT_NEAR(sum / count, 0.5, 6 * 0.2887 / 316.2);
}

} // namespace
} // namespace ntc::rt
