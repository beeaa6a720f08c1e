// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The safetensors format: u64 length of the header, the header (a JSON object: name -> dtype,
// shape, data_offsets; and `__metadata__`, string -> string), then the data, little-endian,
// row-major, without holes or overlaps.
//
// The reader trusts nothing: lengths are checked against the real file before anything is
// allocated, and every tensor's range must equal its shape times its element size. The writer is
// deterministic: the same tensors and metadata give the same bytes, whatever order they come in.
// With a checksum, `__metadata__` has the key `ntc.sha256`: the SHA-256 in 64 hexadecimal digits
// over all bytes of the file with those 64 digits replaced by the character '0'.
#pragma once

#include "runtime/base/DType.h"
#include "runtime/base/File.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::format {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// The key of the checksum in `__metadata__`.
inline constexpr std::string_view kChecksumKey = "ntc.sha256";

/// The format's own name of an element type ("F32", "BOOL", …).
std::string_view safetensorsName(DType dtype);

/// One tensor of a file that was read.
struct StoredTensor {
  std::string name;
  std::string dtypeName; ///< as in the file
  std::optional<DType>
      dtype; ///< nothing for types that the runtime does not compute with (I8, F8_E4M3, …)
  std::vector<int64_t> shape;       ///< rank at most 16
  uint64_t offset = 0;              ///< bytes from the start of the file
  std::span<const uint8_t> bytes{}; ///< in the mapping; aligned to nothing
};

struct SafetensorsLimits {
  uint64_t headerBytes = uint64_t{16} << 20;
  size_t nameBytes = 4096;
};

/// A parsed file: a view on its bytes.
class Safetensors {
public:
  /// Maps and parses `path`. Errors: as MappedFile::open and parse, with the path in front.
  static Result<Safetensors> open(const std::string &path, SafetensorsLimits limits = {});
  /// Parses `bytes`, which must outlive the result. Errors: Corrupt; Unsupported beyond the limits
  /// or for an unknown element type.
  static Result<Safetensors> parse(std::span<const uint8_t> bytes, SafetensorsLimits limits = {});

  /// Sorted by name.
  const std::vector<StoredTensor> &tensors() const { return tensors_; }
  const StoredTensor *find(std::string_view name) const;
  const Metadata &metadata() const { return metadata_; }
  /// The value of a metadata key, or nothing.
  std::optional<std::string_view> metadataValue(std::string_view key) const;

  /// Compares the file with its `ntc.sha256`. True: equal; false: the file carries no checksum.
  /// Errors: Corrupt when it differs or is no checksum. Reads the whole file.
  Result<bool> verifyChecksum() const;

private:
  MappedFile file_;
  std::span<const uint8_t> bytes_;
  std::vector<StoredTensor> tensors_;
  Metadata metadata_;
  size_t checksumAt_ = 0; ///< byte offset of the checksum's digits; 0 when the file has none
};

/// One tensor to write; its bytes are borrowed.
struct TensorToStore {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  std::span<const uint8_t> bytes{}; ///< little-endian, row-major; exactly shape times element size
};

enum class Checksum : uint8_t { Without, With };

/// The header's bytes, length included, padded so that the data starts at a multiple of 8.
/// `tensors` must be in the order of their data. A checksum's digits are zeros and lie at
/// `checksumAt` (0 when there are none). Errors: InvalidArgument for duplicate, empty or non-UTF-8
/// names or a size that does not fit.
Result<std::string> encodeSafetensorsHeader(std::span<const TensorToStore> tensors,
                                            const Metadata &metadata, size_t &checksumAt);

/// Writes a file atomically (see AtomicFile), without a copy of the data in memory. Tensors are
/// stored in the order of decreasing element size, then by name, so that each is aligned to its
/// element. Errors: InvalidArgument as encodeSafetensorsHeader; Io.
Status writeSafetensors(const std::string &path, std::vector<TensorToStore> tensors,
                        Metadata metadata, Checksum checksum);

} // namespace ntc::rt::format
