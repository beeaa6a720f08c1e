// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading a regular file that may be compressed with gzip, without trusting any size that it
// declares.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct gzFile_s;

namespace ntc::rt::data {

/// A file that is read from its beginning, inflated on the way if it begins as gzip does. One
/// owner, one thread.
class GzipFile {
public:
  /// Opens `path`. Errors: missing, not a regular file, not readable (with the system's text).
  static Result<GzipFile> open(const std::string &path);
  GzipFile(GzipFile &&other) noexcept;
  GzipFile &operator=(GzipFile &&) = delete;
  ~GzipFile();

  const std::string &path() const { return path_; }
  /// Size of the file on disk, bytes.
  uint64_t fileBytes() const { return fileBytes_; }
  /// The most bytes that the content can have: the file's size, times deflate's greatest ratio if
  /// it is compressed.
  uint64_t greatestContentBytes() const;
  /// Whether the content is not that of the file. Known after the first `read`.
  bool isCompressed() const;
  /// Reads up to out.size() bytes and returns how many there were; fewer only at the end. Errors:
  /// damaged or truncated compressed data, I/O.
  Result<size_t> read(std::span<uint8_t> out);

private:
  GzipFile() = default;
  std::string path_;
  uint64_t fileBytes_ = 0;
  gzFile_s *file_ = nullptr;
};

} // namespace ntc::rt::data
