// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One process at a time trains in a run folder.
#pragma once

#include "runtime/base/File.h"

namespace ntc::rt::train {

/// A lock on the file `run.lock` of a run folder, held as long as this lives; the kernel gives it
/// back when the process ends in any way. The file stays. Move-only.
class RunLock {
public:
  RunLock() = default;

  /// Creates the folder where it is missing. On file systems without locks nothing is held. Errors:
  /// InvalidArgument where another process trains there, with its number; Io.
  static Result<RunLock> take(const std::string &folder);

  /// Removes the file and gives the lock back: no run began in the folder. Only who holds the lock
  /// may, for nobody else holds one on a file of that name then.
  void discard();

private:
  std::string path_;
  FileDescriptor file_;
};

} // namespace ntc::rt::train
