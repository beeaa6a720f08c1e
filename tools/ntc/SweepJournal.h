// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What has happened in a sweep, one JSON object per line in trials.jsonl, written before it counts:
//
//   {"event":"begin","trial":3,"values":{"lr":0.01,"hidden":64}}
//   {"event":"rung","trial":3,"epochs":2,"value":0.91}
//   {"event":"end","trial":3,"state":"complete"}     or "failed" with a "message"
#pragma once

#include "runtime/base/File.h"
#include "runtime/search/Space.h"

#include <string>

namespace ntc::driver {

/// Appends to the journal; a line that a crash cut short is dropped when it is opened again. Not
/// thread-safe.
class SweepJournal {
public:
  /// Opens the journal of a sweep over `space` and reads what is there. Trials that had not ended
  /// are Paused where they reached a rung, else Running. Errors: Io; Corrupt, with the line.
  static rt::Result<SweepJournal> open(const std::string &path, const rt::search::Space &space,
                                       std::vector<rt::search::Trial> &trials);

  rt::Status begin(const rt::search::Space &space, const rt::search::Trial &trial);
  rt::Status rung(const rt::search::Trial &trial, int64_t epochs);
  rt::Status end(const rt::search::Trial &trial);

private:
  rt::Status append(const std::string &line);

  rt::FileDescriptor file_;
  std::string path_;
};

} // namespace ntc::driver
