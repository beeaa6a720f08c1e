// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ctrl-C while the compiler runs. It cannot be asked to stop, and nothing of it is worth keeping:
// the process ends at once, with a word, and without the files that were begun.
#pragma once

#include <csignal>
#include <string>

namespace ntc::driver {

/// While it lives, SIGINT and SIGTERM remove the artifact that is being written to `output`, its
/// weights and, where it is then empty, its folder, and end the process with status 130. The
/// handlers that were there come back afterwards. One at a time.
class CompileInterrupt {
public:
  explicit CompileInterrupt(const std::string &output);
  ~CompileInterrupt();
  CompileInterrupt(const CompileInterrupt &) = delete;
  CompileInterrupt &operator=(const CompileInterrupt &) = delete;

private:
  struct sigaction formerInterrupt_ = {}, formerTerminate_ = {};
};

} // namespace ntc::driver
