// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the frontend reports problems: a list of diagnostics when all of them are wanted, a Result
// when the first one ends the work. Nothing in the frontend throws.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <vector>

namespace ntc::format {

/// One problem of a model. `where` names the user's thing ("node '/fc1/Gemm' (Gemm)", "initializer
/// 'fc1.weight'"); `message` says what was expected and what was found, without a final full stop.
struct Diagnostic {
  std::string where;
  std::string message;

  /// "where: message", or the message alone.
  std::string str() const { return where.empty() ? message : where + ": " + message; }
  friend bool operator==(const Diagnostic &, const Diagnostic &) = default;
};

/// One line per diagnostic.
inline std::string str(const std::vector<Diagnostic> &diagnostics) {
  std::string text;
  for (const Diagnostic &diagnostic : diagnostics) {
    text += (text.empty() ? "" : "\n") + diagnostic.str();
  }
  return text;
}

using rt::Result;
using rt::Status;

/// A failure whose sentence is the concatenation of `parts`; converts to a Result of any type.
template <typename... Parts> Status failure(const Parts &...parts) {
  return rt::error(rt::Code::InvalidArgument, parts...);
}

} // namespace ntc::format
