// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TensorBoard's event files: records with checksums, each one Event message. Docs:
// docs/formats/run-folder.md.
#pragma once

#include "runtime/base/File.h"
#include "runtime/base/Status.h"
#include "runtime/report/Wire.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ntc::rt::report {

/// CRC-32C (Castagnoli, reflected, initial and final inversion) of `bytes`; of "123456789" it is
/// 0xe3069283.
uint32_t crc32c(std::string_view bytes);

/// One record: u64 length, masked CRC of the length, data, masked CRC of the data; little endian.
std::string recordBytes(std::string_view data);

/// The values of one step, to be written as one event. Tags may be any text; TensorBoard groups by
/// what stands before the first '/'.
class Summary {
public:
  void scalar(std::string_view tag, double value);
  /// A histogram of `values`, values that are not finite left out, in TensorBoard's buckets (each
  /// 10 % wider than the one before, from 1e-12). Nothing is added for no finite value.
  template <typename T> void histogram(std::string_view tag, std::span<const T> values);
  /// A picture; `png` is a whole PNG file.
  void image(std::string_view tag, int64_t width, int64_t height, int64_t channels,
             std::string_view png);
  /// Text, as the Text tab shows it (Markdown).
  void text(std::string_view tag, std::string_view value);
  /// A precision-recall curve of scores in [0, 1] against truths, at `thresholds` thresholds.
  void prCurve(std::string_view tag, std::span<const double> scores,
               const std::vector<bool> &truths, int64_t thresholds = 127);
  /// A value of a plugin that has no data but its metadata (hparams).
  void plugin(std::string_view tag, std::string_view plugin, std::string_view content);

  bool isEmpty() const { return message_.text().empty(); }
  const WireWriter &message() const { return message_; }

private:
  WireWriter message_;
};

/// Appends events to a file. Records are kept in memory until `flush` and written with one call, so
/// that a reader beside it never sees half of one. Not thread-safe.
class EventFile {
public:
  EventFile() = default;
  /// A new file in `folder`, with a name that sorts behind those of earlier processes:
  /// events.out.tfevents.<seconds>.<host>.<pid>.<n>. Errors: Io.
  static Result<EventFile> create(const std::string &folder);

  bool isOpen() const { return file_.isOpen(); }
  const std::string &path() const { return path_; }

  /// Tells readers that steps from `step` on are done again: what earlier files say about them is
  /// void.
  void restart(int64_t step);
  void add(int64_t step, const Summary &summary);
  /// The model's graph: a GraphDef.
  void graph(std::string_view graphDef);
  /// Writes what was added. Errors: Io.
  Status flush();

private:
  void event(int64_t step, uint32_t field, std::string_view content);

  FileDescriptor file_;
  std::string path_;
  std::string pending_;
};

} // namespace ntc::rt::report
