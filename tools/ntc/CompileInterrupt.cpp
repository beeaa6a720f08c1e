// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The handler calls async-signal-safe functions only, on paths that were written out before.
#include "tools/ntc/CompileInterrupt.h"

#include "runtime/base/File.h"
#include "tools/ntc/Verb.h"

#include <algorithm>
#include <array>
#include <limits.h>
#include <string_view>
#include <unistd.h>

namespace ntc::driver {
namespace {

// A signal handler can reach nothing but globals.
std::array<char, PATH_MAX> artifactPath, weightsPath, folderPath;

void put(std::array<char, PATH_MAX> &to, const std::string &path) {
  to[0] = '\0'; // a path that is too long is left alone
  if (path.size() < to.size()) {
    std::ranges::copy(path, to.begin());
    to[path.size()] = '\0';
  }
}

extern "C" void endAtOnce(int) {
  ::unlink(artifactPath.data());
  ::unlink(weightsPath.data());
  ::rmdir(folderPath.data());
  constexpr std::string_view word = "\ninterrupted while compiling; nothing was written\n";
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, word.data(), word.size());
  ::_exit(kInterrupted);
}

} // namespace

CompileInterrupt::CompileInterrupt(const std::string &output) {
  put(artifactPath, output);
  put(weightsPath, output + ".safetensors");
  put(folderPath, rt::folderOf(output));
  struct sigaction action = {};
  action.sa_handler = endAtOnce;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &formerInterrupt_);
  ::sigaction(SIGTERM, &action, &formerTerminate_);
}

CompileInterrupt::~CompileInterrupt() {
  ::sigaction(SIGINT, &formerInterrupt_, nullptr);
  ::sigaction(SIGTERM, &formerTerminate_, nullptr);
}

} // namespace ntc::driver
