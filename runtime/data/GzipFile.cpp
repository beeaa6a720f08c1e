// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// zlib's file interface behind checks of what the path names.
#include "runtime/data/GzipFile.h"

#include "runtime/base/File.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <zlib.h>

namespace ntc::rt::data {
namespace {

/// One length byte of deflate stands for at most 258 bytes of output, at two bits: 1032 to 1 (RFC
/// 1951).
constexpr uint64_t kGreatestRatio = 1032;
constexpr unsigned kBufferBytes = 256 * 1024;
constexpr size_t kGreatestRead = size_t{1} << 30;

} // namespace

Result<GzipFile> GzipFile::open(const std::string &path) {
  Result<FileDescriptor> descriptor = openForReading(path);
  if (!descriptor) {
    return descriptor.status();
  }
  Result<uint64_t> bytes = fileSize(*descriptor, path);
  if (!bytes) {
    return bytes.status();
  }
  GzipFile file;
  file.path_ = path;
  file.fileBytes_ = *bytes;
  file.file_ = gzdopen(descriptor->get(), "rb");
  if (!file.file_) {
    return error(Code::OutOfMemory, "cannot read '", path, "': out of memory");
  }
  descriptor->release();
  gzbuffer(file.file_, kBufferBytes);
  return file;
}

GzipFile::GzipFile(GzipFile &&other) noexcept
    : path_(std::move(other.path_)), fileBytes_(other.fileBytes_),
      file_(std::exchange(other.file_, nullptr)) {}

GzipFile::~GzipFile() {
  if (file_) {
    gzclose_r(file_);
  }
}

bool GzipFile::isCompressed() const { return gzdirect(file_) == 0; }

uint64_t GzipFile::greatestContentBytes() const {
  if (!isCompressed()) {
    return fileBytes_;
  }
  return fileBytes_ > UINT64_MAX / kGreatestRatio ? UINT64_MAX : fileBytes_ * kGreatestRatio;
}

Result<size_t> GzipFile::read(std::span<uint8_t> out) {
  size_t done = 0;
  while (done < out.size()) {
    unsigned wanted = static_cast<unsigned>(std::min(out.size() - done, kGreatestRead));
    int got = gzread(file_, out.data() + done, wanted);
    int code = Z_OK;
    const char *reason = gzerror(file_, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      if (code == Z_ERRNO) {
        return error(Code::Io, "cannot read '", path_, "': ", errnoText(errno));
      }
      if (code == Z_BUF_ERROR) {
        return error(Code::Corrupt, "'", path_, "' is truncated: its compressed data ends after ",
                     fileBytes_, " bytes without an end mark");
      }
      return error(Code::Corrupt, "'", path_, "' is damaged: ", reason);
    }
    if (got == 0) {
      break;
    }
    done += static_cast<size_t>(got);
  }
  return done;
}

} // namespace ntc::rt::data
