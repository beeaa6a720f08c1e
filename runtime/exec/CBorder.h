// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every function of the C interface needs: the last error of each thread, a border that lets
// no exception out, option structs of any version, and C's element types.
#pragma once

#include "ntc/runtime.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/base/DType.h"
#include "runtime/base/Status.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <vector>

struct ntc_program_t {
  std::shared_ptr<const ntc::rt::artifact::Artifact> artifact;
};

namespace ntc::rt::exec {

/// Keeps a sentence that needs no memory and returns the code.
ntc_status_t fail(Code code, const char *sentence);
/// Keeps the sentence of a failed status and returns its code.
ntc_status_t report(const Status &status);
/// The sentence that is kept for the calling thread, "" before the first.
const char *lastSentence();
/// "'NAME' is null".
Status nullArgument(std::string_view name);

/// Runs the body of a C function; exceptions become codes.
template <typename Body> ntc_status_t guarded(Body body) {
  try {
    return report(body());
  } catch (const std::bad_alloc &) {
    return fail(Code::OutOfMemory, "out of memory");
  } catch (const std::length_error &) {
    return fail(Code::OutOfMemory, "out of memory");
  } catch (...) {
    return fail(Code::Internal, "an unexpected exception in the runtime");
  }
}

/// A host's option struct in this library's version: fields that the host does not know are zero.
/// Fields that this library does not know must be.
template <typename Options>
Result<Options> readOptions(const Options *given, size_t firstVersionBytes, std::string_view name) {
  Options options{};
  if (given == nullptr) {
    return options;
  }
  size_t size = given->size == 0 ? firstVersionBytes : given->size;
  if (size < firstVersionBytes) {
    return error(Code::InvalidArgument, name, ": a size of ", size, " bytes, expected at least ",
                 firstVersionBytes);
  }
  const auto *bytes = reinterpret_cast<const unsigned char *>(given);
  for (size_t i = sizeof(Options); i < size; ++i) {
    if (bytes[i] != 0) {
      return error(Code::Unsupported, name,
                   ": sets an option that this version of the library does not know");
    }
  }
  std::memcpy(&options, given, std::min(size, sizeof(Options)));
  return options;
}

inline ntc_dtype_t dtypeOf(DType dtype) { return static_cast<ntc_dtype_t>(dtype); }
/// A caller's element type; values that do not fit become 0, which is none.
DType dtypeFrom(ntc_dtype_t dtype);

} // namespace ntc::rt::exec
