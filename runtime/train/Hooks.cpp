// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the hooks do where the program around the verbs left them as they are.
#include "runtime/train/Hooks.h"

#include <cstdio>

namespace ntc::rt::train {

void Hooks::printLine(std::string_view line) const {
  if (print) {
    return print(line);
  }
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

Progress makeProgress(const Hooks &hooks, int64_t logInterval) {
  return Progress(hooks.progressDescriptor,
                  hooks.style ? *hooks.style : detectStyle(hooks.progressDescriptor), logInterval);
}

} // namespace ntc::rt::train
