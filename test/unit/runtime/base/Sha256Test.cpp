// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Test vectors of FIPS 180-4 (its examples) and the independence of the result from how the bytes
// are cut.
#include "runtime/base/Sha256.h"

#include <gtest/gtest.h>
#include <vector>

namespace ntc::rt {
namespace {

std::string hashOf(std::string_view text) {
  Sha256 hash;
  hash.update(text);
  return hex(hash.finish());
}

TEST(Sha256, publishedVectors) {
  EXPECT_EQ(hashOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hashOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hashOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hashOf(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, piecesOfAnySizeGiveTheSameDigest) {
  std::string text(300, '\0');
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>(i * 37);
  }
  for (size_t length = 0; length <= text.size(); ++length) {
    std::string_view whole = std::string_view(text).substr(0, length);
    for (size_t piece : {1, 3, 63, 64, 65, 128}) {
      Sha256 hash;
      for (size_t at = 0; at < length; at += piece) {
        hash.update(whole.substr(at, piece));
      }
      ASSERT_EQ(hex(hash.finish()), hashOf(whole)) << length << " in pieces of " << piece;
    }
  }
}

TEST(Sha256, hexIsRecognizedStrictly) {
  EXPECT_TRUE(isSha256Hex(hashOf("x")));
  EXPECT_FALSE(isSha256Hex(""));
  EXPECT_FALSE(isSha256Hex(std::string(64, 'A')));
  EXPECT_FALSE(isSha256Hex(std::string(63, 'a')));
}

} // namespace
} // namespace ntc::rt
