// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last error of each thread, versions and names.
#include "runtime/exec/CBorder.h"

#include <string>

namespace ntc::rt::exec {
namespace {

struct LastError {
  std::string text;
  const char *fixed = ""; ///< shown when not null: a sentence that needs no memory
};

LastError &lastError() {
  thread_local LastError error;
  return error;
}

} // namespace

ntc_status_t fail(Code code, const char *sentence) {
  lastError().fixed = sentence;
  return static_cast<ntc_status_t>(code);
}

ntc_status_t report(const Status &status) {
  if (!status) {
    lastError().text = status.message();
    lastError().fixed = nullptr;
  }
  return static_cast<ntc_status_t>(status.code());
}

Status nullArgument(std::string_view name) {
  return error(Code::InvalidArgument, "'", name, "' is null");
}

const char *lastSentence() {
  const LastError &error = lastError();
  return error.fixed != nullptr ? error.fixed : error.text.c_str();
}

DType dtypeFrom(ntc_dtype_t dtype) {
  auto value = static_cast<int32_t>(dtype);
  return static_cast<DType>(value > 0 && value < 256 ? value : 0);
}

} // namespace ntc::rt::exec

using namespace ntc::rt;
using namespace ntc::rt::exec;

const char *ntc_status_name(ntc_status_t status) {
  return nameOf(static_cast<Code>(status)).data();
}

const char *ntc_last_error_message(void) { return lastSentence(); }

const char *ntc_version(void) { return NTC_VERSION_STRING; }

size_t ntc_dtype_size(ntc_dtype_t dtype) { return sizeOf(dtypeFrom(dtype)); }
