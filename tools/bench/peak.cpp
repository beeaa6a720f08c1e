// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The floating-point peak that the processor reaches: f32 fused multiply-adds on registers alone,
// no memory. Prints GFLOP/s (a multiply-add counts twice) of as many threads as the argument says,
// the best of five measurements of a fifth of a second. Built by tools/bench/run with -O3
// -march=native -ffp-contract=fast -pthread.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr size_t kLanes = 16;
#elif defined(__AVX__)
constexpr size_t kLanes = 8;
#else
constexpr size_t kLanes = 4;
#endif
/// Enough independent sums to cover a latency of 5 cycles at 2 operations per cycle, and with the
/// two factors few enough for 16 registers.
constexpr size_t kSums = 12;
constexpr int kRounds = 100000;

using Vector = float __attribute__((vector_size(kLanes * sizeof(float))));

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Runs for a fifth of a second; the rate in GFLOP/s.
double run() {
  Vector sums[kSums], factor, term;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    factor[lane] = 0.999f;
    term[lane] = 1e-3f * static_cast<float>(lane);
    for (size_t i = 0; i < kSums; ++i) {
      sums[i][lane] = static_cast<float>(i + lane);
    }
  }
  double begin = now(), end = begin, rounds = 0;
  while (end - begin < 0.2) {
    for (int round = 0; round < kRounds; ++round) {
      for (Vector &sum : sums) {
        sum = sum * factor + term;
        __asm__ volatile("" : "+x"(sum)); // each product is computed, in this order
      }
    }
    rounds += kRounds;
    end = now();
  }
  return 2e-9 * static_cast<double>(kLanes * kSums) * rounds / (end - begin);
}

} // namespace

int main(int argc, char **argv) {
  int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  if (threads < 1 || threads > 1024) {
    std::fprintf(stderr, "expected 1 to 1024 threads\n");
    return 2;
  }
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::vector<double> rates(static_cast<size_t>(threads));
    std::vector<std::thread> team;
    for (double &rate : rates) {
      team.emplace_back([&rate] { rate = run(); });
    }
    double total = 0;
    for (size_t i = 0; i < rates.size(); ++i) {
      team[i].join();
      total += rates[i];
    }
    best = std::max(best, total);
  }
  std::printf("%.1f\n", best);
  return 0;
}
