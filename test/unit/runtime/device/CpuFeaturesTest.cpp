// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instruction sets of this machine, against what the kernel says in /proc/cpuinfo.
#include "runtime/device/CpuFeatures.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace ntc::rt::device {
namespace {

TEST(CpuFeatures, unknownNamesAreAbsent) {
  EXPECT_FALSE(hasCpuFeature(""));
  EXPECT_FALSE(hasCpuFeature("avx1024"));
}

#if defined(__x86_64__)
TEST(CpuFeatures, agreeWithTheKernel) {
  std::ifstream file("/proc/cpuinfo");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  size_t flags = text.find("\nflags");
  if (flags == std::string::npos) {
    GTEST_SKIP() << "/proc/cpuinfo has no flags";
  }
  std::string line = text.substr(flags, text.find('\n', flags + 1) - flags) + " ";
  auto kernelHas = [&](const std::string &name) {
    return line.find(" " + name + " ") != std::string::npos;
  };
  // Ours and the kernel's names for the same bits.
  const std::pair<const char *, const char *> names[] = {
      {"sse2", "sse2"},
      {"sse4.1", "sse4_1"},
      {"sse4.2", "sse4_2"},
      {"fma", "fma"},
      {"avx", "avx"},
      {"avx2", "avx2"},
      {"f16c", "f16c"},
      {"bmi", "bmi1"},
      {"bmi2", "bmi2"},
      {"popcnt", "popcnt"},
      {"lzcnt", "abm"},
      {"avx512f", "avx512f"},
      {"avx512bw", "avx512bw"},
      {"avx512dq", "avx512dq"},
      {"avx512vl", "avx512vl"},
      {"avx512cd", "avx512cd"},
      {"avx512bf16", "avx512_bf16"},
      {"avx512vnni", "avx512_vnni"},
      {"sha", "sha_ni"},
      {"avxvnni", "avx_vnni"},
      {"avx512fp16", "avx512_fp16"},
      {"gfni", "gfni"},
      {"vaes", "vaes"},
      {"amx-tile", "amx_tile"},
  };
  for (auto [ours, theirs] : names) {
    EXPECT_EQ(hasCpuFeature(ours), kernelHas(theirs)) << ours;
  }
}
#endif

TEST(CpuFeatures, theListHoldsWhatIsThere) {
  for (const std::string &name : cpuFeatures()) {
    EXPECT_TRUE(hasCpuFeature(name)) << name;
  }
}

} // namespace
} // namespace ntc::rt::device
