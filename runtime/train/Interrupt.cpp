// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The signal handler.
#include "runtime/train/Interrupt.h"

#include <csignal>

namespace ntc::rt::train {
namespace {

// A signal handler can reach nothing but globals.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);
struct sigaction formerInterrupt, formerTerminate;

extern "C" void onSignal(int) { interrupted.store(true, std::memory_order_relaxed); }

} // namespace

Interrupt::Interrupt() {
  interrupted.store(false, std::memory_order_relaxed);
  struct sigaction action = {};
  action.sa_handler = onSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &formerInterrupt);
  sigaction(SIGTERM, &action, &formerTerminate);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &formerInterrupt, nullptr);
  sigaction(SIGTERM, &formerTerminate, nullptr);
}

const std::atomic<bool> &Interrupt::flag() const { return interrupted; }

} // namespace ntc::rt::train
