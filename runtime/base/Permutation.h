// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of samples: a pseudo-random permutation of [0, n) with random access and no memory,
// keyed by (seed, stream, epoch). Every process and thread computes the same order, and resuming in
// the middle of an epoch needs one number. A Feistel network over the smallest power of two that
// covers n, followed by cycle walking (Black and Rogaway, "Ciphers with arbitrary finite domains",
// CT-RSA 2002, method 2): images outside [0, n) are mapped again.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace ntc::rt {

/// A bijection of [0, size). Immutable, hence thread-safe; the definition is part of
/// reproducibility: a change here changes every seed's order.
class Permutation {
public:
  /// `stream` separates uses under one seed ("shuffle", "split", …; see streamOf). `size` may be 0
  /// (then there is nothing to ask for).
  Permutation(uint64_t size, uint64_t seed, uint32_t stream, uint64_t epoch);

  uint64_t size() const { return size_; }

  /// The sample at `position`, which must be below size(). Fewer than two network evaluations on
  /// average.
  uint64_t operator()(uint64_t position) const;

  /// The samples at positions first, first + 1, …, as operator() gives them, several times as fast:
  /// many go through the network side by side. first + out.size() must not be above size().
  void samples(uint64_t first, std::span<uint64_t> out) const;

private:
  static constexpr int kRounds = 12;

  static constexpr size_t kBlock = 64;

  /// Maps each value below the network's power of two to another, in place.
  void network(std::span<uint64_t> values) const;
  /// Maps what is not below size() again, until it is. At most kBlock values.
  void walk(std::span<uint64_t> block) const;

  uint64_t size_ = 0;
  unsigned lowBits_ = 0;
  unsigned highBits_ = 0;
  std::array<uint64_t, kRounds> keys_{};
};

/// The stream number of a purpose: FNV-1a of its name, 32 bits.
constexpr uint32_t streamOf(std::string_view purpose) {
  uint32_t hash = 2166136261u;
  for (char c : purpose) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  }
  return hash;
}

} // namespace ntc::rt
