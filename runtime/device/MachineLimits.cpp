// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Short loops that do nothing but multiply and add, or read.
#include "runtime/device/MachineLimits.h"

#include "runtime/device/CpuFeatures.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

namespace ntc::rt::device {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kAccumulators = 12; ///< more than latency times issue rate of any processor so far
constexpr int64_t kRounds = 100'000;
constexpr int kRepeats = 5;

/// A vector of T in `Bytes` bytes.
template <typename T, int Bytes> struct Vector {
  typedef T Type __attribute__((vector_size(Bytes)));
};

/// The body that is compiled once per instruction set. The result keeps the loop alive.
template <typename T, int Bytes> [[gnu::always_inline]] inline T multiplyAdds(T factor, T summand) {
  using V = typename Vector<T, Bytes>::Type;
  V sums[kAccumulators] = {}, x = V{} + factor, y = V{} + summand;
  for (int64_t round = 0; round < kRounds; ++round) {
    for (V &sum : sums) {
      sum = sum * x + y;
    }
  }
  V total = {};
  for (const V &sum : sums) {
    total += sum;
  }
  return total[0];
}

#if defined(__x86_64__)
template <typename T> [[gnu::target("avx512f,avx512vl")]] T run64(T x, T y) {
  return multiplyAdds<T, 64>(x, y);
}
template <typename T> [[gnu::target("avx2,fma")]] T run32(T x, T y) {
  return multiplyAdds<T, 32>(x, y);
}
#endif
template <typename T> T run16(T x, T y) { return multiplyAdds<T, 16>(x, y); }

template <typename T> double peakFlops() {
  int64_t bytes = 16;
  T (*run)(T, T) = run16<T>;
#if defined(__x86_64__)
  if (hasCpuFeature("avx512f") && hasCpuFeature("avx512vl")) {
    bytes = 64;
    run = run64<T>;
  } else if (hasCpuFeature("avx2") && hasCpuFeature("fma")) {
    bytes = 32;
    run = run32<T>;
  }
#endif
  volatile T sink = 0, factor = T(0.5), summand = T(1);
  double best = 1e30;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    auto begin = Clock::now();
    sink = run(factor, summand);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  (void)sink;
  double operations = 2.0 * kRounds * kAccumulators * static_cast<double>(bytes / sizeof(T));
  return operations / best;
}

/// Reads in vectors of `Bytes` bytes, eight at a time; the result keeps the loop alive.
template <int Bytes>
[[gnu::always_inline]] inline uint64_t readInOrder(const uint64_t *words, size_t count) {
  using V = typename Vector<uint64_t, Bytes>::Type;
  constexpr size_t kLanes = Bytes / sizeof(uint64_t);
  V sums[8] = {};
  for (size_t i = 0; i < count; i += 8 * kLanes) {
    for (size_t part = 0; part < 8; ++part) {
      V value;
      std::memcpy(&value, words + i + part * kLanes, sizeof(V));
      sums[part] ^= value;
    }
  }
  V total = {};
  for (const V &sum : sums) {
    total ^= sum;
  }
  return total[0];
}

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512vl")]] uint64_t read64(const uint64_t *words, size_t count) {
  return readInOrder<64>(words, count);
}
[[gnu::target("avx2")]] uint64_t read32(const uint64_t *words, size_t count) {
  return readInOrder<32>(words, count);
}
#endif
uint64_t read16(const uint64_t *words, size_t count) { return readInOrder<16>(words, count); }

using Reader = uint64_t (*)(const uint64_t *words, size_t count);

Reader widestReader() {
#if defined(__x86_64__)
  if (hasCpuFeature("avx512f") && hasCpuFeature("avx512vl")) {
    return read64;
  }
  if (hasCpuFeature("avx2")) {
    return read32;
  }
#endif
  return read16;
}

double peakBytes() {
  constexpr size_t kWords = (64u << 20) / sizeof(uint64_t);
  std::vector<uint64_t> memory(kWords, 1);
  volatile uint64_t sink = 0;
  double best = 1e30;
  for (int repeat = 0; repeat < 3; ++repeat) {
    auto begin = Clock::now();
    uint64_t sums[8] = {};
    for (size_t i = 0; i < kWords; i += 8) {
      for (size_t lane = 0; lane < 8; ++lane) {
        sums[lane] ^= memory[i + lane];
      }
    }
    sink = sums[0] ^ sums[1] ^ sums[2] ^ sums[3] ^ sums[4] ^ sums[5] ^ sums[6] ^ sums[7];
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  (void)sink;
  return kWords * sizeof(uint64_t) / best;
}

} // namespace

double measurePeak(DType dtype) {
  return dtype == DType::F64 ? peakFlops<double>() : peakFlops<float>();
}

double measureReading(std::span<const uint64_t> memory, double seconds) {
  constexpr size_t kLeastBytes = 1u << 20; // of a pass: tens of microseconds
  const Reader read = widestReader();
  const size_t rounds = std::max<size_t>(1, kLeastBytes / std::max<size_t>(1, memory.size_bytes()));
  volatile uint64_t sink = 0;
  double best = 1e30;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  do {
    auto begin = Clock::now();
    for (size_t round = 0; round < rounds; ++round) {
      sink = read(memory.data(), memory.size());
    }
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  } while (Clock::now() < end);
  (void)sink;
  return static_cast<double>(memory.size_bytes() * rounds) / std::max(best, 1e-9);
}

MachineLimits measureLimits(DType dtype) { return {measurePeak(dtype), peakBytes()}; }

} // namespace ntc::rt::device
