// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4)
// and the way in which ntc numbers its blocks. The same definition is used by the runtime
// (shuffling), the reference interpreter and, written as arith operations, by compiled kernels; a
// change here changes every seed's results.
#pragma once

#include <array>
#include <cstdint>

namespace ntc::rt {

/// One block: four independent 32-bit words from a 128-bit counter and a 64-bit key.
constexpr std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                             std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t{0xD2511F53u} * counter[0];
    uint64_t product1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

/// The random 32-bit word of (seed, step, op, element).
///
/// Sixty-four consecutive elements share sixteen blocks: element e takes word (e / 16) % 4 of block
/// (e / 64) * 16 + e % 16. Sixteen consecutive elements thus come from sixteen neighbouring
/// counters and one word position, which vector code of 4, 8 or 16 lanes computes without shuffles.
/// Counter: {block, op, step low, step high}; key: {seed low, seed high}. `element` must be below
/// 2^34.
constexpr uint32_t randomWord(uint64_t seed, uint64_t step, uint32_t op, uint64_t element) {
  uint32_t block = static_cast<uint32_t>((element / 64) * 16 + element % 16);
  auto words =
      philox4x32({block, op, static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32)},
                 {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return words[(element / 16) % 4];
}

/// Uniform in [0, 1) with 24 bits: exact in f32 and f64, the same value in both.
constexpr double randomUniform(uint64_t seed, uint64_t step, uint32_t op, uint64_t element) {
  return static_cast<double>(randomWord(seed, step, op, element) >> 8) * 0x1p-24;
}

} // namespace ntc::rt
