// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checkpoints of a run folder: names, the marks `latest` and `best`, and which ones are kept.
//
//   RUN/checkpoints/step-%010d.safetensors    the state after that many steps
//   RUN/latest, RUN/best                      symbolic links to one of them (a file with the
//   target's path where the
//                                             file system has no links)
//
// A mark is moved only after the checkpoint that it names is durable, and nothing that a mark names
// is deleted.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ntc::rt::train {

enum class Mark : uint8_t { Latest, Best };

/// "latest", "best".
std::string_view nameOf(Mark mark);

/// One run's checkpoints. Reads the folder anew at every call; not thread-safe.
class Checkpoints {
public:
  /// Fewer are never kept, so that a damaged newest one leaves another.
  static constexpr int64_t kLeastKept = 2;

  /// Creates `run`/checkpoints where it is missing and removes temporary files that a killed
  /// process left. Errors: Io.
  static Result<Checkpoints> create(const std::string &run);
  /// Looks at an existing run without changing anything.
  static Checkpoints view(const std::string &run);

  /// Path of the checkpoint after `step` steps.
  std::string path(int64_t step) const;
  /// Steps of all checkpoints, newest first. Files with other names are ignored.
  std::vector<int64_t> steps() const;
  /// The step that a mark names; nothing without the mark, or where it names no checkpoint of this
  /// run.
  std::optional<int64_t> marked(Mark mark) const;

  /// Points a mark to the checkpoint of `step`, atomically and durably. Errors: Io.
  Status mark(Mark mark, int64_t step) const;
  /// Deletes all but the newest `keep` (at least kLeastKept) and the marked ones. Errors: Io.
  Status prune(int64_t keep) const;

private:
  explicit Checkpoints(std::string run) : run_(std::move(run)) {}
  std::string run_;
};

} // namespace ntc::rt::train
