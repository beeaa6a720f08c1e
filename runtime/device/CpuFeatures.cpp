// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CPUID on x86-64 and the kernel's hardware capabilities on aarch64; see CpuFeatures.h. Bits: Intel
// SDM volume 2A, "CPUID", and AMD APM volume 3, appendix E.
#include "runtime/device/CpuFeatures.h"

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace ntc::rt::device {

namespace {

#if defined(__x86_64__)

enum class Register : uint8_t { Eax, Ebx, Ecx, Edx };

/// Register state that the operating system must save (bits of XCR0).
enum class State : uint8_t { None, Avx, Avx512, Amx };

struct Feature {
  std::string_view name;
  uint32_t leaf;
  uint32_t subleaf;
  Register where;
  unsigned bit;
  State state;
};

constexpr uint32_t kExtended = 0x80000001;

constexpr Feature kFeatures[] = {
    {"cmov", 1, 0, Register::Edx, 15, State::None},
    {"cx8", 1, 0, Register::Edx, 8, State::None},
    {"fxsr", 1, 0, Register::Edx, 24, State::None},
    {"mmx", 1, 0, Register::Edx, 23, State::None},
    {"sse", 1, 0, Register::Edx, 25, State::None},
    {"sse2", 1, 0, Register::Edx, 26, State::None},
    {"x87", 1, 0, Register::Edx, 0, State::None},
    {"sse3", 1, 0, Register::Ecx, 0, State::None},
    {"pclmul", 1, 0, Register::Ecx, 1, State::None},
    {"ssse3", 1, 0, Register::Ecx, 9, State::None},
    {"fma", 1, 0, Register::Ecx, 12, State::Avx},
    {"cx16", 1, 0, Register::Ecx, 13, State::None},
    {"sse4.1", 1, 0, Register::Ecx, 19, State::None},
    {"sse4.2", 1, 0, Register::Ecx, 20, State::None},
    {"crc32", 1, 0, Register::Ecx, 20, State::None},
    {"movbe", 1, 0, Register::Ecx, 22, State::None},
    {"popcnt", 1, 0, Register::Ecx, 23, State::None},
    {"aes", 1, 0, Register::Ecx, 25, State::None},
    {"xsave", 1, 0, Register::Ecx, 26, State::None},
    {"avx", 1, 0, Register::Ecx, 28, State::Avx},
    {"f16c", 1, 0, Register::Ecx, 29, State::Avx},
    {"rdrnd", 1, 0, Register::Ecx, 30, State::None},
    {"fsgsbase", 7, 0, Register::Ebx, 0, State::None},
    {"bmi", 7, 0, Register::Ebx, 3, State::None},
    {"avx2", 7, 0, Register::Ebx, 5, State::Avx},
    {"bmi2", 7, 0, Register::Ebx, 8, State::None},
    {"avx512f", 7, 0, Register::Ebx, 16, State::Avx512},
    {"avx512dq", 7, 0, Register::Ebx, 17, State::Avx512},
    {"rdseed", 7, 0, Register::Ebx, 18, State::None},
    {"adx", 7, 0, Register::Ebx, 19, State::None},
    {"avx512ifma", 7, 0, Register::Ebx, 21, State::Avx512},
    {"clflushopt", 7, 0, Register::Ebx, 23, State::None},
    {"clwb", 7, 0, Register::Ebx, 24, State::None},
    {"avx512cd", 7, 0, Register::Ebx, 28, State::Avx512},
    {"sha", 7, 0, Register::Ebx, 29, State::None},
    {"avx512bw", 7, 0, Register::Ebx, 30, State::Avx512},
    {"avx512vl", 7, 0, Register::Ebx, 31, State::Avx512},
    {"avx512vbmi", 7, 0, Register::Ecx, 1, State::Avx512},
    {"avx512vbmi2", 7, 0, Register::Ecx, 6, State::Avx512},
    {"gfni", 7, 0, Register::Ecx, 8, State::None},
    {"vaes", 7, 0, Register::Ecx, 9, State::Avx},
    {"vpclmulqdq", 7, 0, Register::Ecx, 10, State::Avx},
    {"avx512vnni", 7, 0, Register::Ecx, 11, State::Avx512},
    {"avx512bitalg", 7, 0, Register::Ecx, 12, State::Avx512},
    {"avx512vpopcntdq", 7, 0, Register::Ecx, 14, State::Avx512},
    {"movdiri", 7, 0, Register::Ecx, 27, State::None},
    {"movdir64b", 7, 0, Register::Ecx, 28, State::None},
    {"avx512vp2intersect", 7, 0, Register::Edx, 8, State::Avx512},
    {"amx-bf16", 7, 0, Register::Edx, 22, State::Amx},
    {"avx512fp16", 7, 0, Register::Edx, 23, State::Avx512},
    {"amx-tile", 7, 0, Register::Edx, 24, State::Amx},
    {"amx-int8", 7, 0, Register::Edx, 25, State::Amx},
    {"avxvnni", 7, 1, Register::Eax, 4, State::Avx},
    {"avx512bf16", 7, 1, Register::Eax, 5, State::Avx512},
    {"avxifma", 7, 1, Register::Eax, 23, State::Avx},
    {"avxvnniint8", 7, 1, Register::Edx, 4, State::Avx},
    {"avxneconvert", 7, 1, Register::Edx, 5, State::Avx},
    {"sahf", kExtended, 0, Register::Ecx, 0, State::None},
    {"lzcnt", kExtended, 0, Register::Ecx, 5, State::None},
    {"sse4a", kExtended, 0, Register::Ecx, 6, State::None},
    {"prfchw", kExtended, 0, Register::Ecx, 8, State::None},
    {"xop", kExtended, 0, Register::Ecx, 11, State::Avx},
    {"fma4", kExtended, 0, Register::Ecx, 16, State::Avx},
    {"64bit", kExtended, 0, Register::Edx, 29, State::None},
};

/// XCR0, the register states that the operating system has enabled; 0 without XSAVE.
__attribute__((target("xsave"))) uint64_t enabledStates() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned osxsave = 1u << 27;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & osxsave)) {
    return 0;
  }
  return __builtin_ia32_xgetbv(0);
}

bool isEnabled(State state) {
  constexpr uint64_t avx = 0x6, avx512 = 0xe6, amx = 0x60000;
  uint64_t needed = state == State::None     ? 0
                    : state == State::Avx    ? avx
                    : state == State::Avx512 ? avx512
                                             : amx;
  return (enabledStates() & needed) == needed;
}

bool isPresent(const Feature &feature) {
  unsigned regs[4] = {};
  if (!__get_cpuid_count(feature.leaf, feature.subleaf, &regs[0], &regs[1], &regs[2], &regs[3])) {
    return false;
  }
  return (regs[static_cast<size_t>(feature.where)] >> feature.bit & 1) && isEnabled(feature.state);
}

#elif defined(__aarch64__)

struct Feature {
  std::string_view name;
  unsigned long capability;
  unsigned bit;
};

constexpr Feature kFeatures[] = {
    {"fp-armv8", AT_HWCAP, 0}, {"neon", AT_HWCAP, 1},     {"aes", AT_HWCAP, 3},
    {"sha2", AT_HWCAP, 6},     {"crc", AT_HWCAP, 7},      {"lse", AT_HWCAP, 8},
    {"fullfp16", AT_HWCAP, 9}, {"rdm", AT_HWCAP, 12},     {"rcpc", AT_HWCAP, 15},
    {"dotprod", AT_HWCAP, 20}, {"fp16fml", AT_HWCAP, 23}, {"sve", AT_HWCAP, 22},
    {"sve2", AT_HWCAP2, 1},    {"i8mm", AT_HWCAP2, 13},   {"bf16", AT_HWCAP2, 14},
};

bool isPresent(const Feature &feature) { return getauxval(feature.capability) >> feature.bit & 1; }

#else

struct Feature {
  std::string_view name;
};
constexpr Feature kFeatures[] = {{""}};
bool isPresent(const Feature &) { return false; }

#endif

} // namespace

bool hasCpuFeature(std::string_view name) {
  auto found = std::find_if(std::begin(kFeatures), std::end(kFeatures),
                            [&](const Feature &feature) { return feature.name == name; });
  return found != std::end(kFeatures) && isPresent(*found);
}

std::vector<std::string> cpuFeatures() {
  std::vector<std::string> names;
  for (const Feature &feature : kFeatures) {
    if (isPresent(feature)) {
      names.emplace_back(feature.name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace ntc::rt::device
