// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data sets whose fields are arrays of files, read where they lie: mapped files may be larger than
// memory, of which the kernel keeps the parts in use.
#pragma once

#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"
#include "runtime/format/Npy.h"

#include <memory>
#include <string>
#include <vector>

namespace ntc::rt::data {

/// Bytes of mapped arrays that stay in a process's memory.
inline constexpr uint64_t kKeptBytes = uint64_t{256} << 20;

/// Collects arrays as the fields of one set, samples along their first dimension.
class StoredArrays {
public:
  /// `file` is for messages, as in "'d.npz': array 'x'"; empty where each array names its own.
  explicit StoredArrays(std::string file) : prefix_(file.empty() ? "" : concat("'", file, "': ")) {}

  /// Adds an array of a mapped file as the field `name`; `label` is what messages call it. A target
  /// of whole numbers, none negative, is a label. Errors (Corrupt): no samples, another number of
  /// them than the first array's (both named), bools that are neither 0 nor 1.
  Status add(const std::string &label, std::string name, bool isTarget, format::NpyView view);
  /// Adds an array that the set keeps itself.
  Status add(const std::string &label, std::string name, bool isTarget, format::NpyArray array);

  /// The set of all fields, inputs first, each in the order of adding; at least one was added.
  /// `owner` keeps the bytes of the views alive; of those above `keptBytes` about so many stay in
  /// the process's memory.
  /// Options of `source`: class_names. Errors: that option's.
  Result<std::unique_ptr<Dataset>> take(const DataSource &source, std::shared_ptr<const void> owner,
                                        uint64_t keptBytes = kKeptBytes);

private:
  struct Entry {
    Field field;
    format::NpyView view;
    std::vector<uint8_t> own; ///< what `view` shows, if the set keeps it
  };
  class Set;

  Status append(const std::string &label, Entry entry);

  std::string prefix_;
  std::string firstLabel_;
  int64_t samples_ = 0;
  std::vector<Entry> entries_;
};

} // namespace ntc::rt::data
