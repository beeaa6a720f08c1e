// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy's .npy arrays and .npz archives (numpy.lib.format, versions 1.0 to 3.0). Arrays of objects
// hold code and are refused, as are big-endian and structured ones.
#pragma once

#include "runtime/base/DType.h"
#include "runtime/format/Zip.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ntc::rt::format {

/// A dense array, row-major whatever the file's order was.
struct NpyArray {
  DType dtype = DType::F32;
  std::vector<int64_t> shape; ///< rank at most 16
  std::vector<uint8_t> bytes;
};

/// Turns `count` stored elements into as many of the type that they become. Neither side need be
/// aligned.
using NpyWiden = void (*)(const uint8_t *from, uint64_t count, uint8_t *to);

/// A dense array where it lies, for readers that take parts of it.
struct NpyView {
  std::string type;               ///< NumPy's, such as "<f4"
  DType dtype = DType::F32;       ///< what the elements are or become
  size_t storedBytes = 0;         ///< of one element
  NpyWiden widen = nullptr;       ///< null: the elements are stored as `dtype`
  std::vector<int64_t> shape;     ///< rank at most 16
  bool isColumnMajor = false;     ///< with more than one dimension
  std::span<const uint8_t> bytes; ///< aligned to nothing
};

/// Finds one array that is all of `bytes`, which must outlive the result. Nothing is copied.
/// Errors: as parseNpy.
Result<NpyView> viewNpy(std::span<const uint8_t> bytes);

/// Reads one array that is all of `bytes`. NumPy's int8, int16, uint16 and uint32 are widened to
/// i32, i32, i32 and i64. Errors: Corrupt; Unsupported, naming NumPy's type.
Result<NpyArray> parseNpy(std::span<const uint8_t> bytes);

/// Reads a .npy file. Errors: as MappedFile::open and parseNpy.
Result<NpyArray> readNpy(const std::string &path);

/// An archive of arrays, each named by its key (its entry without ".npy").
class NpzArchive {
public:
  /// Errors: as ZipArchive::open.
  static Result<NpzArchive> open(const std::string &path);

  /// The keys, in the order of the archive.
  std::vector<std::string> keys() const;
  /// Errors: NotFound, listing the keys; as parseNpy; Unsupported above `limitBytes` after
  /// inflating.
  Result<NpyArray> read(const std::string &key, uint64_t limitBytes = uint64_t{1} << 40) const;
  /// The array where it lies in the mapped file, for as long as this archive lives; nothing where
  /// it is compressed. Its checksum is compared, for which all of it is read once. Errors: as read.
  Result<std::optional<NpyView>> view(const std::string &key) const;
  /// Bytes of the array's entry in the archive; 0 for keys that it does not have.
  uint64_t sizeBytes(const std::string &key) const;

private:
  const ZipEntry *find(const std::string &key) const;
  Status noArray(const std::string &key) const;

  ZipArchive zip_;
  std::string path_;
};

} // namespace ntc::rt::format
