// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strict reading of safetensors files; see Safetensors.h.
#include "runtime/format/Safetensors.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/base/Sha256.h"
#include "runtime/format/Json.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ntc::rt::format {

static_assert(std::endian::native == std::endian::little,
              "tensors are used as they are in the file");

namespace {

constexpr size_t kMaxRank = 16;

struct ElementType {
  std::string_view name;
  size_t bytes;
  std::optional<DType> dtype;
};

constexpr ElementType kElementTypes[] = {
    {"F32", 4, DType::F32},   {"F64", 8, DType::F64},       {"I32", 4, DType::I32},
    {"I64", 8, DType::I64},   {"U8", 1, DType::U8},         {"BOOL", 1, DType::Bool},
    {"F16", 2, DType::F16},   {"BF16", 2, DType::BF16},     {"I8", 1, std::nullopt},
    {"I16", 2, std::nullopt}, {"U16", 2, std::nullopt},     {"U32", 4, std::nullopt},
    {"U64", 8, std::nullopt}, {"F8_E4M3", 1, std::nullopt}, {"F8_E5M2", 1, std::nullopt},
};

const ElementType *findElementType(std::string_view name) {
  auto found = std::find_if(std::begin(kElementTypes), std::end(kElementTypes),
                            [&](const ElementType &type) { return type.name == name; });
  return found == std::end(kElementTypes) ? nullptr : found;
}

uint64_t loadLittleEndian64(const uint8_t *bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, 8);
  return value;
}

Status parseShape(const JsonValue &value, std::vector<int64_t> &shape) {
  if (!value.isArray()) {
    return error(Code::Corrupt, "'shape' must be an array");
  }
  if (value.items().size() > kMaxRank) {
    return error(Code::Unsupported, "has ", value.items().size(), " dimensions, at most ", kMaxRank,
                 " are supported");
  }
  for (const JsonValue &item : value.items()) {
    auto dimension = item.isString() ? std::nullopt : item.asInt64();
    if (!dimension || *dimension < 0) {
      return error(Code::Corrupt, "'shape' must hold non-negative integers");
    }
    shape.push_back(*dimension);
  }
  return Status::ok();
}

/// Reads one member of the header into `out`; the offsets are still relative to the data.
Status parseTensor(const JsonValue &value, std::span<const uint8_t> data, StoredTensor &out) {
  const JsonValue *dtype = value.find("dtype");
  const JsonValue *shape = value.find("shape");
  const JsonValue *range = value.find("data_offsets");
  if (!value.isObject() || value.keys().size() != 3 || !dtype || !shape || !range) {
    return error(Code::Corrupt, "must have exactly 'dtype', 'shape' and 'data_offsets'");
  }
  if (!dtype->isString()) {
    return error(Code::Corrupt, "'dtype' must be a string");
  }
  const ElementType *type = findElementType(dtype->text());
  if (type == nullptr) {
    return error(Code::Unsupported, "unknown element type ", quoted(dtype->text()));
  }
  out.dtypeName = type->name;
  out.dtype = type->dtype;
  if (Status status = parseShape(*shape, out.shape); !status) {
    return status;
  }
  bool pair = range->isArray() && range->items().size() == 2;
  auto begin = pair ? range->items()[0].asUInt64() : std::nullopt;
  auto end = pair ? range->items()[1].asUInt64() : std::nullopt;
  if (!begin || !end || *begin > *end || *end > data.size()) {
    return error(Code::Corrupt, "'data_offsets' must be [begin, end] within the ", data.size(),
                 " bytes of data");
  }
  auto expected = byteSize(out.shape, type->bytes);
  if (!expected || *expected != *end - *begin) {
    return error(Code::Corrupt, "shape ", shapeText(out.shape), " of ", type->name, " needs ",
                 expected ? concat(*expected) : "too many", " bytes, 'data_offsets' gives ",
                 *end - *begin);
  }
  out.offset = *begin;
  out.bytes = data.subspan(*begin, *end - *begin);
  return Status::ok();
}

/// The ranges, sorted by offset, must tile the data.
Status checkTiling(const std::vector<StoredTensor> &tensors, uint64_t dataBytes) {
  std::vector<const StoredTensor *> order;
  for (const StoredTensor &tensor : tensors) {
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const StoredTensor *a, const StoredTensor *b) {
    return std::pair(a->offset, a->bytes.size()) < std::pair(b->offset, b->bytes.size());
  });
  uint64_t at = 0;
  for (const StoredTensor *tensor : order) {
    if (tensor->offset != at) {
      return error(Code::Corrupt, "tensor ", quoted(tensor->name), " begins at byte ",
                   tensor->offset, " of the data, expected ", at);
    }
    at += tensor->bytes.size();
  }
  if (at != dataBytes) {
    return error(Code::Corrupt, "the tensors cover ", at, " of ", dataBytes, " bytes of data");
  }
  return Status::ok();
}

} // namespace

std::string_view safetensorsName(DType dtype) {
  auto found = std::find_if(std::begin(kElementTypes), std::end(kElementTypes),
                            [&](const ElementType &type) { return type.dtype == dtype; });
  return found == std::end(kElementTypes) ? "?" : found->name;
}

Result<Safetensors> Safetensors::open(const std::string &path, SafetensorsLimits limits) {
  auto file = MappedFile::open(path);
  if (!file) {
    return file.status();
  }
  auto parsed = parse(file->bytes(), limits);
  if (!parsed) {
    return withContext(parsed.status(), path);
  }
  parsed->file_ = file.take();
  return parsed;
}

Result<Safetensors> Safetensors::parse(std::span<const uint8_t> bytes, SafetensorsLimits limits) {
  if (bytes.size() < 8) {
    return error(Code::Corrupt, "a safetensors file has at least 8 bytes, this has ", bytes.size());
  }
  uint64_t headerBytes = loadLittleEndian64(bytes.data());
  if (headerBytes > bytes.size() - 8) {
    return error(Code::Corrupt, "the header should have ", headerBytes, " bytes, the file has ",
                 bytes.size() - 8);
  }
  if (headerBytes > limits.headerBytes) {
    return error(Code::Unsupported, "the header has ", headerBytes,
                 " bytes, more than the limit of ", limits.headerBytes);
  }
  std::string_view text(reinterpret_cast<const char *>(bytes.data()) + 8, headerBytes);
  if (!text.starts_with('{')) {
    return error(Code::Corrupt, "the header must begin with '{'");
  }
  auto header = parseJson(text, {.depth = 8});
  if (!header) {
    return withContext(header.status(), "header");
  }
  auto data = bytes.subspan(8 + headerBytes);
  Safetensors result;
  result.bytes_ = bytes;
  for (size_t i = 0; i < header->keys().size(); ++i) {
    const std::string &name = header->keys()[i];
    const JsonValue &value = header->items()[i];
    if (name == "__metadata__") {
      if (!value.isObject()) {
        return error(Code::Corrupt, "'__metadata__' must be an object");
      }
      for (size_t k = 0; k < value.keys().size(); ++k) {
        if (!value.items()[k].isString()) {
          return error(Code::Corrupt, "metadata ", quoted(value.keys()[k]), " must be a string");
        }
        result.metadata_[value.keys()[k]] = value.items()[k].text();
        if (value.keys()[k] == kChecksumKey) {
          result.checksumAt_ = 8 + value.items()[k].offset() + 1;
        }
      }
      continue;
    }
    if (name.size() > limits.nameBytes) {
      return error(Code::Unsupported, "tensor ", quoted(name), ": a name of ", name.size(),
                   " bytes, more than the limit of ", limits.nameBytes);
    }
    StoredTensor &tensor = result.tensors_.emplace_back();
    tensor.name = name;
    if (Status status = parseTensor(value, data, tensor); !status) {
      return withContext(status, "tensor ", quoted(name));
    }
  }
  if (Status status = checkTiling(result.tensors_, data.size()); !status) {
    return status;
  }
  for (StoredTensor &tensor : result.tensors_) {
    tensor.offset += 8 + headerBytes;
  }
  std::sort(result.tensors_.begin(), result.tensors_.end(),
            [](const StoredTensor &a, const StoredTensor &b) { return a.name < b.name; });
  return result;
}

const StoredTensor *Safetensors::find(std::string_view name) const {
  auto at = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const StoredTensor &tensor, std::string_view key) { return tensor.name < key; });
  return at != tensors_.end() && at->name == name ? &*at : nullptr;
}

std::optional<std::string_view> Safetensors::metadataValue(std::string_view key) const {
  auto found = metadata_.find(key);
  return found == metadata_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

Result<bool> Safetensors::verifyChecksum() const {
  auto recorded = metadataValue(kChecksumKey);
  if (!recorded) {
    return false;
  }
  // Written with escapes, the digits would not be the 64 bytes that are to be left out of the sum.
  bool plain = isSha256Hex(*recorded) && fitsIn(checksumAt_, 64, bytes_.size()) &&
               std::memcmp(bytes_.data() + checksumAt_, recorded->data(), 64) == 0;
  if (!plain) {
    return error(Code::Corrupt, "metadata '", kChecksumKey, "' is not a SHA-256 in hexadecimal");
  }
  Sha256 hash;
  hash.update(bytes_.first(checksumAt_));
  hash.update(std::string(64, '0'));
  hash.update(bytes_.subspan(checksumAt_ + 64));
  std::string computed = hex(hash.finish());
  if (computed != *recorded) {
    return error(Code::Corrupt, "is damaged: its SHA-256 is ", computed, ", recorded is ",
                 *recorded);
  }
  return true;
}

} // namespace ntc::rt::format
