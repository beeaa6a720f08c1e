// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of the status codes.
#include "runtime/base/Status.h"

namespace ntc::rt {

std::string_view nameOf(Code code) {
  switch (code) {
  case Code::Ok:
    return "ok";
  case Code::InvalidArgument:
    return "invalid argument";
  case Code::NotFound:
    return "not found";
  case Code::Corrupt:
    return "corrupt";
  case Code::Version:
    return "version";
  case Code::Unsupported:
    return "unsupported";
  case Code::Io:
    return "input/output";
  case Code::OutOfMemory:
    return "out of memory";
  case Code::Internal:
    return "internal";
  case Code::Cancelled:
    return "cancelled";
  }
  return "unknown";
}

} // namespace ntc::rt
