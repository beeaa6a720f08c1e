// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of IDX files (Y. LeCun's MNIST page: magic 00 00 TYPE DIMS, one big-endian 32-bit size
// per dimension, then the elements) and CIFAR-10's binary records, checked against the real size of
// every file before anything is allocated.
#include "runtime/base/File.h"
#include "runtime/data/GzipFile.h"
#include "runtime/data/ImageDataset.h"

#include <algorithm>
#include <new>
#include <unistd.h>

namespace ntc::rt::data {
namespace {

constexpr uint8_t kTypeU8 = 0x08;

struct IdxArray {
  std::string path;
  std::vector<int64_t> dims;
  std::shared_ptr<const uint8_t[]> values;
};

std::unique_ptr<uint8_t[]> allocate(uint64_t bytes) {
  return std::unique_ptr<uint8_t[]>(new (std::nothrow) uint8_t[bytes]);
}

std::string_view typeName(uint8_t type) {
  switch (type) {
  case 0x09:
    return "i8";
  case 0x0b:
    return "i16";
  case 0x0c:
    return "i32";
  case 0x0d:
    return "f32";
  case 0x0e:
    return "f64";
  default:
    return "unknown";
  }
}

/// Checks the first four bytes; `rank` is what the file must have.
Status checkMagic(const std::string &path, std::span<const uint8_t, 4> magic, size_t rank) {
  if (magic[0] != 0 || magic[1] != 0) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string found;
    for (uint8_t byte : magic) {
      found += kDigits[byte >> 4];
      found += kDigits[byte & 15];
    }
    return error(Code::Corrupt, "'", path, "' is no IDX file: expected it to begin with the bytes ",
                 "0000080", rank, ", found ", found);
  }
  if (magic[2] != kTypeU8) {
    return error(Code::Corrupt, "'", path, "': expected IDX elements of type u8 (8), found type ",
                 magic[2], " (", typeName(magic[2]), ")");
  }
  if (magic[3] != rank) {
    return error(Code::Corrupt, "'", path, "': expected ", rank, " dimension", rank > 1 ? "s" : "",
                 rank > 1 ? " (images)" : " (labels)", ", found ", magic[3]);
  }
  return Status::ok();
}

/// The values of an uncompressed file where they lie, which may be more than memory holds.
Result<IdxArray> mapped(IdxArray array, size_t headerBytes, uint64_t total) {
  Result<MappedFile> file = MappedFile::open(array.path);
  if (!file) {
    return file.status();
  }
  if (file->bytes().size() != headerBytes + total) {
    return error(Code::Corrupt, "'", array.path, "' was changed while it was opened");
  }
  auto owner = std::make_shared<const MappedFile>(file.take());
  array.values = {owner, owner->bytes().data() + headerBytes};
  return array;
}

Result<IdxArray> readIdx(const std::string &path, size_t rank) {
  auto maybeFile = GzipFile::open(path);
  if (!maybeFile) {
    return maybeFile.status();
  }
  GzipFile file = maybeFile.take();
  uint8_t header[16] = {};
  const size_t headerBytes = 4 + 4 * rank;
  auto maybeGot = file.read(std::span(header).first(headerBytes));
  if (!maybeGot) {
    return maybeGot.status();
  }
  size_t got = maybeGot.take();
  if (got < headerBytes) {
    return error(Code::Corrupt, "'", path, "': expected an IDX header of ", headerBytes,
                 " bytes, found ", got, got == 0 ? " (the file is empty)" : "");
  }
  if (Status status = checkMagic(path, std::span(header).first<4>(), rank); !status) {
    return status;
  }
  IdxArray array{path, {}, nullptr};
  uint64_t total = 1;
  for (size_t i = 0; i < rank; ++i) {
    const uint8_t *at = header + 4 + 4 * i;
    uint32_t dim = uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
    array.dims.push_back(dim);
    if (dim == 0 || __builtin_mul_overflow(total, uint64_t{dim}, &total)) {
      return error(Code::Corrupt, "'", path,
                   "': expected sizes above 0 whose product fits 64 bits, ", "found dimension ", i,
                   " of size ", dim);
    }
  }
  if (total > file.greatestContentBytes()) {
    return error(Code::Corrupt, "'", path, "' is truncated: its header declares ",
                 shapeText(array.dims), " = ", total, " bytes, but the file has ", file.fileBytes(),
                 " bytes");
  }
  if (!file.isCompressed() && file.fileBytes() == headerBytes + total) {
    return mapped(std::move(array), headerBytes, total);
  }
  std::unique_ptr<uint8_t[]> values = allocate(total);
  if (!values) {
    return error(Code::OutOfMemory, "'", path, "': no memory for ", total, " bytes");
  }
  auto maybeContent = file.read({values.get(), total});
  if (!maybeContent) {
    return maybeContent.status();
  }
  size_t content = maybeContent.take();
  if (content < total) {
    return error(Code::Corrupt, "'", path, "' is truncated: expected ", total, " bytes for ",
                 shapeText(array.dims), ", found ", content);
  }
  // Reaching the end also checks the compressed file's own checksum.
  uint8_t extra = 0;
  auto maybeMore = file.read({&extra, 1});
  if (!maybeMore) {
    return maybeMore.status();
  }
  size_t more = maybeMore.take();
  if (more != 0) {
    return error(Code::Corrupt, "'", path, "': expected ", total, " bytes after the header for ",
                 shapeText(array.dims), ", found more");
  }
  array.values = std::move(values);
  return array;
}

/// The file in `folder` under one of the names in use, plain before compressed.
Result<std::string> findFile(const std::string &folder, std::string_view stem,
                             std::string_view kind) {
  std::string plain = concat(folder, "/", stem, "-", kind);
  std::string dotted = concat(folder, "/", stem, ".", kind);
  for (const std::string &path : {plain, plain + ".gz", dotted, dotted + ".gz"}) {
    if (::access(path.c_str(), F_OK) == 0) {
      return path;
    }
  }
  return error(Code::Io, "folder '", folder, "' has no file '", stem, "-", kind, "' or '", stem,
               "-", kind, ".gz'");
}

} // namespace

Result<std::unique_ptr<Dataset>> openIdxFolder(const DataSource &source, const std::string &folder,
                                               Split split, int64_t classes,
                                               std::vector<std::string> names) {
  std::string_view stem = split == Split::Train ? "train" : "t10k";
  auto maybeImagePath = findFile(folder, concat(stem, "-images"), "idx3-ubyte");
  if (!maybeImagePath) {
    return maybeImagePath.status();
  }
  std::string imagePath = maybeImagePath.take();
  auto maybeLabelPath = findFile(folder, concat(stem, "-labels"), "idx1-ubyte");
  if (!maybeLabelPath) {
    return maybeLabelPath.status();
  }
  std::string labelPath = maybeLabelPath.take();
  auto maybeLabels = readIdx(labelPath, 1);
  if (!maybeLabels) {
    return maybeLabels.status();
  }
  IdxArray labels = maybeLabels.take();
  const int64_t samples = labels.dims[0];
  auto maybeCheckedClasses =
      checkLabels(labelPath, {labels.values.get(), static_cast<size_t>(samples)}, classes);
  if (!maybeCheckedClasses) {
    return maybeCheckedClasses.status();
  }
  int64_t checkedClasses = maybeCheckedClasses.take();
  auto maybeImages = readIdx(imagePath, 3);
  if (!maybeImages) {
    return maybeImages.status();
  }
  IdxArray images = maybeImages.take();
  if (images.dims[0] != samples) {
    return error(Code::Corrupt, "'", imagePath, "' has ", images.dims[0], " images, but '",
                 labelPath, "' has ", samples, " labels");
  }
  return makeImages(source, {samples,
                             {1, images.dims[1], images.dims[2]},
                             checkedClasses,
                             std::move(images.values),
                             std::move(labels.values),
                             std::move(names)});
}

} // namespace ntc::rt::data
