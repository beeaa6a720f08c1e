// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signals of the process go to the host's threads, never to workers: a handler that the host
// installed must not run on a thread that it did not start.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace ntc::rt {

/// Blocks every signal on the calling thread for its lifetime. Threads started meanwhile inherit
/// that, for theirs.
class BlockedSignals {
public:
  BlockedSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals &) = delete;

private:
  sigset_t before_{};
};

} // namespace ntc::rt
