// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Deterministic writing of safetensors files; see Safetensors.h.
#include "runtime/format/Safetensors.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/base/Sha256.h"
#include "runtime/base/Utf8.h"
#include "runtime/format/Json.h"

#include <algorithm>

namespace ntc::rt::format {

namespace {

Status checkTensor(const TensorToStore &tensor) {
  if (tensor.name.empty() || tensor.name == "__metadata__" || !isUtf8(tensor.name)) {
    return error(Code::InvalidArgument, "a tensor cannot be stored under the name ",
                 quoted(tensor.name));
  }
  auto expected = byteSize(tensor.shape, sizeOf(tensor.dtype));
  if (!expected || sizeOf(tensor.dtype) == 0 || *expected != tensor.bytes.size()) {
    return error(Code::InvalidArgument, "tensor ", quoted(tensor.name), ": ", tensor.bytes.size(),
                 " bytes do not make shape ", shapeText(tensor.shape), " of ",
                 nameOf(tensor.dtype));
  }
  return Status::ok();
}

Status checkTensors(std::span<const TensorToStore> tensors) {
  std::vector<std::string_view> names;
  for (const TensorToStore &tensor : tensors) {
    if (Status status = checkTensor(tensor); !status) {
      return status;
    }
    names.push_back(tensor.name);
  }
  std::sort(names.begin(), names.end());
  auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    return error(Code::InvalidArgument, "two tensors have the name ", quoted(*twice));
  }
  return Status::ok();
}

void writeTensorEntry(JsonWriter &json, const TensorToStore &tensor, uint64_t begin) {
  json.key(tensor.name);
  json.beginObject();
  json.member("dtype", safetensorsName(tensor.dtype));
  json.key("shape");
  json.beginArray();
  for (int64_t dimension : tensor.shape) {
    json.integer(dimension);
  }
  json.endArray();
  json.key("data_offsets");
  json.beginArray();
  json.integer(static_cast<int64_t>(begin));
  json.integer(static_cast<int64_t>(begin + tensor.bytes.size()));
  json.endArray();
  json.endObject();
}

} // namespace

Result<std::string> encodeSafetensorsHeader(std::span<const TensorToStore> tensors,
                                            const Metadata &metadata, size_t &checksumAt) {
  if (Status status = checkTensors(tensors); !status) {
    return status;
  }
  JsonWriter json;
  checksumAt = 0;
  json.beginObject();
  if (!metadata.empty()) {
    json.key("__metadata__");
    json.beginObject();
    for (const auto &[key, value] : metadata) {
      if (!isUtf8(key) || !isUtf8(value)) {
        return error(Code::InvalidArgument, "metadata ", quoted(key), " is not valid UTF-8");
      }
      json.member(key, value);
      if (key == kChecksumKey) {
        checksumAt = 8 + json.text().size() - 1 - value.size();
      }
    }
    json.endObject();
  }
  uint64_t at = 0;
  for (const TensorToStore &tensor : tensors) {
    writeTensorEntry(json, tensor, at);
    at += tensor.bytes.size();
  }
  json.endObject();
  std::string text = json.text();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string header;
  for (int shift = 0; shift < 64; shift += 8) {
    header.push_back(static_cast<char>(uint64_t{text.size()} >> shift));
  }
  return header + text;
}

Status writeSafetensors(const std::string &path, std::vector<TensorToStore> tensors,
                        Metadata metadata, Checksum checksum) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorToStore &a, const TensorToStore &b) {
    return std::pair(sizeOf(b.dtype), std::string_view(a.name)) <
           std::pair(sizeOf(a.dtype), std::string_view(b.name));
  });
  metadata.erase(std::string(kChecksumKey));
  if (checksum == Checksum::With) {
    metadata[std::string(kChecksumKey)] = std::string(64, '0');
  }
  size_t checksumAt = 0;
  auto header = encodeSafetensorsHeader(tensors, metadata, checksumAt);
  if (!header) {
    return withContext(header.status(), path);
  }
  auto file = AtomicFile::create(path);
  if (!file) {
    return file.status();
  }
  Sha256 hash;
  hash.update(*header);
  Status status = file->write(*header);
  for (size_t i = 0; status && i < tensors.size(); ++i) {
    // In pieces that stay in a cache between hashing and writing.
    for (auto rest = tensors[i].bytes; status && !rest.empty();) {
      auto piece = rest.first(std::min<size_t>(rest.size(), size_t{1} << 20));
      if (checksum == Checksum::With) {
        hash.update(piece);
      }
      status = file->write(piece);
      rest = rest.subspan(piece.size());
    }
  }
  if (status && checksum == Checksum::With) {
    std::string digits = hex(hash.finish());
    status = file->writeAt(
        checksumAt, std::span(reinterpret_cast<const uint8_t *>(digits.data()), digits.size()));
  }
  return status ? file->commit() : status;
}

} // namespace ntc::rt::format
