// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tensorboard.hparams.HParamsPluginData.
#include "runtime/report/Hparams.h"

namespace ntc::rt::report {
namespace {

/// google.protobuf.Value.
WireWriter valueMessage(const Hparam &value) {
  WireWriter out;
  if (const double *number = std::get_if<double>(&value)) {
    out.fixed64(2, *number);
  } else if (const bool *truth = std::get_if<bool>(&value)) {
    out.varint(4, *truth ? 1 : 0);
  } else {
    out.bytes(3, std::get<std::string>(value));
  }
  return out;
}

} // namespace

std::string textOf(const Hparam &value) {
  return std::visit([](const auto &each) { return concat(each); }, value);
}

void addHparams(Summary &summary, const Hparams &hparams, double startSeconds) {
  WireWriter start;
  for (const auto &[name, value] : hparams) {
    WireWriter entry;
    entry.bytes(1, name);
    entry.message(2, valueMessage(value));
    start.message(1, entry);
  }
  start.fixed64(5, startSeconds);
  WireWriter data;
  data.message(3, start);
  summary.plugin("_hparams_/session_start_info", "hparams", data.text());
}

void addSessionEnd(Summary &summary, SessionEnd end, double endSeconds) {
  WireWriter session;
  session.varint(1, static_cast<uint64_t>(end));
  session.fixed64(2, endSeconds);
  WireWriter data;
  data.message(4, session);
  summary.plugin("_hparams_/session_end_info", "hparams", data.text());
}

} // namespace ntc::rt::report
