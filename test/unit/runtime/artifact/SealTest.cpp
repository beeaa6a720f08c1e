// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every bit and every length of a sealed file.
#include "runtime/artifact/Seal.h"

#include <gtest/gtest.h>
#include <vector>

namespace ntc::rt::artifact {
namespace {

TEST(Seal, belongsToEveryBit) {
  std::vector<uint8_t> file(100);
  for (size_t i = 0; i < file.size(); ++i) {
    file[i] = static_cast<uint8_t>(37 * i);
  }
  const auto seal = sealOf(file);
  EXPECT_EQ(checkSeal(file).code(), Code::Corrupt);
  file.insert(file.end(), seal.begin(), seal.end());
  EXPECT_TRUE(checkSeal(file));
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_EQ(checkSeal(file).code(), Code::Corrupt) << "bit " << bit;
    file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(checkSeal(std::span(file).first(length))) << length;
  }
  file.push_back(0);
  EXPECT_FALSE(checkSeal(file));
}

} // namespace
} // namespace ntc::rt::artifact
