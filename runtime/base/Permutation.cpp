// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A keyed permutation of [0, n); see Permutation.h.
#include "runtime/base/Permutation.h"

#include "runtime/base/Philox.h"

#include <algorithm>
#include <bit>
#include <numeric>

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

/// The network over many values. Vector units with products of 64 bits take eight at a time, so the
/// function exists once per kind of unit and the loader picks the processor's.
#if defined(__x86_64__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#endif
void permute(std::span<uint64_t> values, const std::array<uint64_t, 12> &keys, unsigned lowBits,
             unsigned highBits) {
  for (uint64_t &value : values) {
    uint64_t low = value & maskOf(lowBits);
    uint64_t high = value >> lowBits;
    for (size_t round = 0; round < keys.size(); round += 2) {
      // The mixer's upper bits: those of tiny values would depend on few key bits otherwise.
      high ^= mix(low + keys[round]) >> 32 & maskOf(highBits);
      low ^= mix(high + keys[round + 1]) >> 32 & maskOf(lowBits);
    }
    value = high << lowBits | low;
  }
}

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

void Permutation::network(std::span<uint64_t> values) const {
  permute(values, keys_, lowBits_, highBits_);
}

uint64_t Permutation::operator()(uint64_t position) const {
  uint64_t sample = 0;
  samples(position, std::span(&sample, 1));
  return sample;
}

void Permutation::samples(uint64_t first, std::span<uint64_t> out) const {
  if (size_ <= 1) {
    std::ranges::fill(out, 0);
    return;
  }
  while (!out.empty()) {
    std::span<uint64_t> block = out.first(std::min(out.size(), kBlock));
    std::iota(block.begin(), block.end(), first);
    network(block);
    walk(block);
    first += block.size();
    out = out.subspan(block.size());
  }
}

void Permutation::walk(std::span<uint64_t> block) const {
  // Walking along the cycle of the network terminates: the position itself is on it and below
  // size_.
  std::array<uint64_t, kBlock> values;
  std::array<uint16_t, kBlock> places;
  size_t outside = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    values[outside] = block[i];
    places[outside] = static_cast<uint16_t>(i);
    outside += block[i] >= size_ ? 1 : 0;
  }
  while (outside > 0) {
    network(std::span(values).first(outside));
    size_t still = 0;
    for (size_t i = 0; i < outside; ++i) {
      block[places[i]] = values[i];
      values[still] = values[i];
      places[still] = places[i];
      still += values[i] >= size_ ? 1 : 0;
    }
    outside = still;
  }
}

} // namespace ntc::rt
