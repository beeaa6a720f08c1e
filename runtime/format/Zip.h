// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading zip archives (PKWARE APPNOTE 6.3.10) as NumPy writes them: entries stored or deflated,
// with the 64-bit extension. Only the central directory is believed, and its every offset and size
// is checked against the file. Nothing is ever unpacked to disk.
#pragma once

#include "runtime/base/File.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::format {

struct ZipEntry {
  std::string name;
  uint16_t method = 0; ///< 0 stored, 8 deflated
  uint32_t crc32 = 0;
  uint64_t storedBytes = 0;
  uint64_t sizeBytes = 0;  ///< after inflating, as the archive claims
  uint64_t dataOffset = 0; ///< of the stored bytes in the file

  /// Whether the content lies in the archive as it is.
  bool isStored() const { return method == 0; }
};

/// A parsed archive: a view on its bytes.
class ZipArchive {
public:
  /// Maps and parses `path`. Errors: as MappedFile::open and parse, with the path in front.
  static Result<ZipArchive> open(const std::string &path);
  /// Parses `bytes`, which must outlive the result. Errors: Corrupt; Unsupported for encrypted
  /// entries, other methods of compression, several disks and more than a million entries.
  static Result<ZipArchive> parse(std::span<const uint8_t> bytes);

  /// In the order of the archive, names unique.
  const std::vector<ZipEntry> &entries() const { return entries_; }
  const ZipEntry *find(std::string_view name) const;

  /// The content of an entry of this archive, its CRC checked. Memory grows with what really
  /// inflates, never by the claimed size alone. Errors: Corrupt; Unsupported above `limitBytes`.
  Result<std::vector<uint8_t>> read(const ZipEntry &entry, uint64_t limitBytes) const;
  /// The content of an entry that `isStored`, where it lies; its CRC is checked, piece by piece, so
  /// that a mapped entry may be larger than memory. Errors: Corrupt.
  Result<std::span<const uint8_t>> view(const ZipEntry &entry) const;

private:
  MappedFile file_;
  std::span<const uint8_t> bytes_;
  std::vector<ZipEntry> entries_;
};

} // namespace ntc::rt::format
