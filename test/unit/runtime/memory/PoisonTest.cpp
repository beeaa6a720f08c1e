// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes are dead before each call, and what they are filled with.
#include "runtime/memory/Poison.h"

#include "runtime/base/FloatConversion.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace ntc::rt::memory {
namespace {

using Ranges = std::vector<ByteRange>;

TEST(Poison, rangesFollowTheLivesOfSlots) {
  artifact::Manifest m;
  m.entries.resize(2);
  m.slots = {
      {"a", "activation", 0, 0, 64, 0, 1},
      {"b", "activation", 0, 64, 64, 1, 2},
      {"c", "activation", 0, 32, 32, 2, 3}, // takes the second half of a's place
      {"all", "parameter", 0xffffffffu, 128, 64, 0, 0},
      {"x", "activation", 1, 192, 64, 0, 0}, // of the other entry
  };
  EXPECT_EQ(deadRanges(m, 0, 0), (Ranges{{0, 128}}));
  EXPECT_EQ(deadRanges(m, 0, 1), (Ranges{{64, 128}}));
  EXPECT_EQ(deadRanges(m, 0, 2), (Ranges{{0, 64}}));
  EXPECT_EQ(deadRanges(m, 0, 3), (Ranges{{0, 32}, {64, 128}}));
  EXPECT_EQ(deadRanges(m, 1, 0), (Ranges{{192, 256}}));
}

TEST(Poison, statesControlsAndOutputsAreSpared) {
  artifact::Manifest m;
  m.entries.resize(1);
  m.entries[0].outputs = {{"loss", true, DType::F32, {}, 8, 16},
                          {"y", false, DType::F32, {2}, 32, 0}};
  m.states = {{"w", "", DType::F32, {1}, artifact::Role::Parameter, 64, 4}};
  m.controls = {{"lr", false, 0, 128}};
  m.slots = {{"everything", "activation", 0, 0, 192, 0, 0}};
  EXPECT_EQ(deadRanges(m, 0, 0),
            (Ranges{{0, 8}, {12, 16}, {20, 32}, {40, 64}, {68, 128}, {136, 192}}));
}

TEST(Poison, theFillIsNotANumberInEveryFloatingPointType) {
  uint8_t bytes[16];
  fillWithNan(bytes);
  float f;
  double d;
  uint16_t h[2];
  std::memcpy(&f, bytes, 4);
  std::memcpy(&d, bytes, 8);
  std::memcpy(h, bytes, 4);
  EXPECT_TRUE(std::isnan(f));
  EXPECT_TRUE(std::isnan(d));
  for (uint16_t half : h) {
    EXPECT_TRUE(std::isnan(f16ToFloat(half)));
    EXPECT_TRUE(std::isnan(bf16ToFloat(half)));
  }
}

} // namespace
} // namespace ntc::rt::memory
