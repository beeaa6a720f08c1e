// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The floating-point mode of a thread while it runs kernels. Subnormal numbers are slow on most
// processors; a compiled step flushes them to zero unless it was compiled with --denormals=keep.
// The caller's mode comes back afterwards.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ntc::rt::device {

enum class Subnormals : uint8_t { Keep, Flush };

/// Sets the mode of the current thread for its lifetime: round to nearest, exceptions masked,
/// subnormals as asked for both operands and results. The mode is written in either case, so that
/// results do not depend on the host's.
class FloatModeScope {
public:
#if defined(__x86_64__)
  explicit FloatModeScope(Subnormals subnormals) : before_(_mm_getcsr()) {
    constexpr uint32_t masked = 0x1f80, flushToZero = 0x8000, denormalsAreZero = 0x0040;
    uint32_t wanted =
        masked | (subnormals == Subnormals::Flush ? flushToZero | denormalsAreZero : 0);
    // Writing the register costs tens of cycles; its low six bits are sticky flags.
    constexpr uint32_t flags = 0x3f;
    changed_ = (before_ & ~flags) != wanted;
    if (changed_) {
      _mm_setcsr(wanted);
    }
  }
  ~FloatModeScope() {
    if (changed_) {
      _mm_setcsr(before_);
    }
  }
#elif defined(__aarch64__)
  explicit FloatModeScope(Subnormals subnormals) {
    constexpr uint64_t flushToZero = uint64_t{1} << 24, flushHalf = uint64_t{1} << 19;
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    uint64_t wanted = subnormals == Subnormals::Flush ? flushToZero | flushHalf : 0;
    changed_ = before_ != wanted;
    if (changed_) {
      asm volatile("msr fpcr, %0" : : "r"(wanted));
    }
  }
  ~FloatModeScope() {
    if (changed_) {
      asm volatile("msr fpcr, %0" : : "r"(before_));
    }
  }
#else
  explicit FloatModeScope(Subnormals) {}
#endif
  FloatModeScope(const FloatModeScope &) = delete;
  FloatModeScope &operator=(const FloatModeScope &) = delete;

private:
#if defined(__x86_64__)
  uint32_t before_ = 0;
#else
  uint64_t before_ = 0;
#endif
  bool changed_ = false;
};

} // namespace ntc::rt::device
