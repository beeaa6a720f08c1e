// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ctrl-C: the first one asks the loop to stop after the step, the second one kills.
#pragma once

#include <atomic>

namespace ntc::rt::train {

/// While it lives, the first SIGINT or SIGTERM sets a flag and restores the default action for the
/// next one. The former actions come back at its end. At most one at a time in a process, on one
/// thread; for programs, not for libraries.
class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt &) = delete;

  /// True after the first signal.
  const std::atomic<bool> &flag() const;
};

} // namespace ntc::rt::train
