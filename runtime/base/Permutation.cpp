// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A keyed permutation of [0, n); see Permutation.h.
#include "runtime/base/Permutation.h"

#include "runtime/base/Philox.h"

#include <bit>

namespace ntc::rt {

namespace {

/// A bijective mixer of 64 bits in which every input bit reaches every output bit (the finalizer of
/// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
/// with Stafford's variant 13).
uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

uint64_t maskOf(unsigned bits) { return (uint64_t{1} << bits) - 1; }

} // namespace

Permutation::Permutation(uint64_t size, uint64_t seed, uint32_t stream, uint64_t epoch)
    : size_(size) {
  unsigned bits = size > 1 ? static_cast<unsigned>(std::bit_width(size - 1)) : 0;
  lowBits_ = (bits + 1) / 2;
  highBits_ = bits / 2;
  for (int round = 0; round < kRounds; round += 2) {
    auto words = philox4x32({static_cast<uint32_t>(round), stream, static_cast<uint32_t>(epoch),
                             static_cast<uint32_t>(epoch >> 32)},
                            {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
    keys_[round] = words[0] | uint64_t{words[1]} << 32;
    keys_[round + 1] = words[2] | uint64_t{words[3]} << 32;
  }
}

uint64_t Permutation::network(uint64_t value) const {
  uint64_t low = value & maskOf(lowBits_);
  uint64_t high = value >> lowBits_;
  for (int round = 0; round < kRounds; round += 2) {
    // The mixer's upper bits: those of tiny values would depend on few key bits otherwise.
    high ^= mix(low + keys_[round]) >> 32 & maskOf(highBits_);
    low ^= mix(high + keys_[round + 1]) >> 32 & maskOf(lowBits_);
  }
  return high << lowBits_ | low;
}

uint64_t Permutation::operator()(uint64_t position) const {
  if (size_ <= 1) {
    return 0;
  }
  // Walking along the cycle of the network terminates: `position` itself is on it and below size_.
  uint64_t value = network(position);
  while (value >= size_) {
    value = network(value);
  }
  return value;
}

} // namespace ntc::rt
