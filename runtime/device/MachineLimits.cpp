// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Short loops that do nothing but multiply and add, or read.
#include "runtime/device/MachineLimits.h"

#include "runtime/device/CpuFeatures.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
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

MachineLimits measureLimits(DType dtype) {
  return {dtype == DType::F64 ? peakFlops<double>() : peakFlops<float>(), peakBytes()};
}

} // namespace ntc::rt::device
