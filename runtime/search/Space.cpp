// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of a space, and the order of trials.
#include "runtime/search/Space.h"

#include <cstdio>
#include <set>

namespace ntc::rt::search {
namespace {

Status checkParameter(const Parameter &parameter) {
  const auto wrong = [&parameter](const auto &...parts) {
    return error(Code::InvalidArgument, "parameter ", quoted(parameter.name), ": ", parts...);
  };
  if (parameter.kind == Kind::Choice) {
    return parameter.choices.empty() ? wrong("expected at least one value") : Status::ok();
  }
  if (!std::isfinite(parameter.low) || !std::isfinite(parameter.high) ||
      parameter.low > parameter.high) {
    return wrong("low must be at most high, found ", parameter.low, " and ", parameter.high);
  }
  if (parameter.isLog && parameter.low <= 0) {
    return wrong("a logarithmic range begins above 0, found ", parameter.low);
  }
  if (parameter.kind == Kind::Integer && parameter.step < 1) {
    return wrong("the step of whole numbers is at least 1, found ", parameter.step);
  }
  return parameter.gridPoints < 1 ? wrong("a grid has at least one point") : Status::ok();
}

} // namespace

Status checkSpace(const Space &space) {
  std::set<std::string> names;
  for (const Parameter &parameter : space) {
    if (parameter.name.empty() || !names.insert(parameter.name).second) {
      return parameter.name.empty() ? error(Code::InvalidArgument, "a parameter has no name")
                                    : error(Code::InvalidArgument, "parameter ",
                                            quoted(parameter.name), " is there twice");
    }
    if (Status status = checkParameter(parameter); !status) {
      return status;
    }
  }
  return space.empty() ? error(Code::InvalidArgument, "expected at least one parameter")
                       : Status::ok();
}

std::string valueText(const Parameter &parameter, double value) {
  if (parameter.kind == Kind::Choice) {
    const size_t index = static_cast<size_t>(value);
    return index < parameter.choices.size() ? parameter.choices[index] : "?";
  }
  if (parameter.kind == Kind::Integer) {
    return concat(static_cast<int64_t>(value));
  }
  return concat(value);
}

bool isBetter(const Trial &a, const Trial &b, bool maximize) {
  const bool hasA = std::isfinite(a.value()), hasB = std::isfinite(b.value());
  if (hasA != hasB) {
    return hasA;
  }
  if (!hasA) {
    return false;
  }
  if (a.rungs.size() != b.rungs.size()) {
    return a.rungs.size() > b.rungs.size();
  }
  return maximize ? a.value() > b.value() : a.value() < b.value();
}

} // namespace ntc::rt::search
