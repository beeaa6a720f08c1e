// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SHA-256 (FIPS 180-4) as the integrity check of artifacts, weights and checkpoints. It detects
// damage, not forgery. Uses the processor's SHA instructions where it has them; the result is the
// same.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ntc::rt {

/// An incremental hash. Not thread-safe.
class Sha256 {
public:
  using Digest = std::array<uint8_t, 32>;

  void update(std::span<const uint8_t> bytes);
  void update(std::string_view text);
  /// The digest of everything given so far. The object must not be updated afterwards.
  Digest finish();

private:
  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> block_{};
  uint64_t totalBytes_ = 0;
};

/// The digest of one piece of bytes.
Sha256::Digest sha256(std::span<const uint8_t> bytes);

/// 64 lower-case hexadecimal digits.
std::string hex(const Sha256::Digest &digest);

/// True for exactly 64 lower-case hexadecimal digits.
bool isSha256Hex(std::string_view text);

} // namespace ntc::rt
