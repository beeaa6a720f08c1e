// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Headers of .npy files and conversion to row-major; see Npy.h. The header is the text of a Python
// dictionary with three keys; only that form is accepted, nothing is evaluated.
#include "runtime/format/Npy.h"

#include "runtime/base/CheckedMath.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace ntc::rt::format {

namespace {

constexpr size_t kMaxRank = 16;

struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Reads the dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}, keys in any
/// order.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  std::optional<Header> parse() {
    Header header;
    unsigned seen = 0;
    if (!accept("{")) {
      return std::nullopt;
    }
    while (!accept("}")) {
      auto key = parseString();
      if (!key || !accept(":")) {
        return std::nullopt;
      }
      unsigned bit = *key == "descr" ? 1 : *key == "fortran_order" ? 2 : *key == "shape" ? 4 : 8;
      bool good = bit == 1   ? parseDescr(header)
                  : bit == 2 ? parseOrder(header)
                             : bit == 4 && parseShape(header);
      if (!good || (seen & bit)) {
        return std::nullopt;
      }
      seen |= bit;
      if (!accept(",") && !peek('}')) {
        return std::nullopt;
      }
    }
    skipSpace();
    return seen == 7 && text_.empty() ? std::optional(header) : std::nullopt;
  }

private:
  void skipSpace() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) {
      text_.remove_prefix(1);
    }
  }

  bool peek(char c) {
    skipSpace();
    return text_.starts_with(c);
  }

  bool accept(std::string_view word) {
    skipSpace();
    if (!text_.starts_with(word)) {
      return false;
    }
    text_.remove_prefix(word.size());
    return true;
  }

  std::optional<std::string> parseString() {
    skipSpace();
    char quote = text_.empty() ? '\0' : text_[0];
    size_t end = quote == '\'' || quote == '"' ? text_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value.find('\\') == std::string::npos ? std::optional(value) : std::nullopt;
  }

  bool parseDescr(Header &header) {
    // The fields of a structured type are a list, which is no string and thus refused.
    auto value = parseString();
    header.descr = value.value_or("");
    return value.has_value();
  }

  bool parseOrder(Header &header) {
    header.fortranOrder = accept("True");
    return header.fortranOrder || accept("False");
  }

  bool parseShape(Header &header) {
    if (!accept("(")) {
      return false;
    }
    while (!accept(")")) {
      skipSpace();
      int64_t dimension = 0;
      auto [end, failure] = std::from_chars(text_.data(), text_.data() + text_.size(), dimension);
      if (failure != std::errc() || dimension < 0 || header.shape.size() == kMaxRank) {
        return false;
      }
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      header.shape.push_back(dimension);
      if (!accept(",") && !peek(')')) {
        return false;
      }
    }
    return true;
  }

  std::string_view text_;
};

template <typename From, typename To>
void widen(const uint8_t *source, uint64_t count, uint8_t *out) {
  for (uint64_t i = 0; i < count; ++i) {
    From from;
    std::memcpy(&from, source + i * sizeof(From), sizeof(From));
    const auto to = static_cast<To>(from);
    std::memcpy(out + i * sizeof(To), &to, sizeof(To));
  }
}

/// How NumPy's type is stored and what it becomes.
struct ElementType {
  std::string_view descr;
  size_t storedBytes;
  DType dtype;
  NpyWiden widen = nullptr;
};

constexpr ElementType kElementTypes[] = {
    {"<f4", 4, DType::F32},
    {"<f8", 8, DType::F64},
    {"<i4", 4, DType::I32},
    {"<i8", 8, DType::I64},
    {"|u1", 1, DType::U8},
    {"|b1", 1, DType::Bool},
    {"<f2", 2, DType::F16},
    {"|i1", 1, DType::I32, widen<int8_t, int32_t>},
    {"<i2", 2, DType::I32, widen<int16_t, int32_t>},
    {"<u2", 2, DType::I32, widen<uint16_t, int32_t>},
    {"<u4", 4, DType::I64, widen<uint32_t, int64_t>},
};

std::vector<uint8_t> converted(const NpyView &view) {
  if (!view.widen) {
    return {view.bytes.begin(), view.bytes.end()};
  }
  const uint64_t count = view.bytes.size() / view.storedBytes;
  std::vector<uint8_t> out(count * sizeOf(view.dtype));
  view.widen(view.bytes.data(), count, out.data());
  return out;
}

/// Copies a column-major array into row-major order: walks the output and keeps the input's offset.
std::vector<uint8_t> rowMajor(const std::vector<uint8_t> &columnMajor,
                              std::span<const int64_t> shape, size_t elementBytes) {
  std::vector<uint8_t> out(columnMajor.size());
  size_t rank = shape.size();
  std::vector<uint64_t> stride(rank, elementBytes);
  for (size_t d = 1; d < rank; ++d) {
    stride[d] = stride[d - 1] * static_cast<uint64_t>(shape[d - 1]);
  }
  std::vector<int64_t> index(rank, 0);
  uint64_t from = 0;
  for (uint64_t to = 0; to < out.size(); to += elementBytes) {
    std::memcpy(out.data() + to, columnMajor.data() + from, elementBytes);
    for (size_t d = rank; d > 0; --d) {
      from += stride[d - 1];
      if (++index[d - 1] < shape[d - 1]) {
        break;
      }
      from -= stride[d - 1] * static_cast<uint64_t>(shape[d - 1]);
      index[d - 1] = 0;
    }
  }
  return out;
}

/// The header's text and where the data begins.
struct Frame {
  std::string_view header;
  size_t dataOffset = 0;
};

Result<Frame> parseFrame(std::span<const uint8_t> bytes) {
  constexpr std::string_view magic = "\x93NUMPY";
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (!text.starts_with(magic) || bytes.size() < 10) {
    return error(Code::Corrupt, "does not begin as a .npy array");
  }
  unsigned major = bytes[6];
  if (major < 1 || major > 3) {
    return error(Code::Unsupported, "has version ", major, " of the .npy format, known are 1 to 3");
  }
  size_t lengthBytes = major == 1 ? 2 : 4;
  size_t begin = 8 + lengthBytes;
  if (bytes.size() < begin) {
    return error(Code::Corrupt, "its header is cut off");
  }
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, lengthBytes);
  constexpr uint32_t longest = 65536;
  if (length > longest || !fitsIn(begin, length, bytes.size())) {
    return error(Code::Corrupt, "its header of ", length, " bytes is cut off or too long");
  }
  return Frame{text.substr(begin, length), begin + length};
}

} // namespace

Result<NpyView> viewNpy(std::span<const uint8_t> bytes) {
  auto frame = parseFrame(bytes);
  if (!frame) {
    return frame.status();
  }
  auto header = HeaderParser(frame->header).parse();
  if (!header) {
    return error(Code::Corrupt, "its header is not a plain array's: ", quoted(frame->header));
  }
  auto type = std::ranges::find(kElementTypes, header->descr, &ElementType::descr);
  if (type == std::end(kElementTypes)) {
    return error(Code::Unsupported, "NumPy type ", quoted(header->descr),
                 " is not supported; convert it with astype to float32, int64 or uint8");
  }
  auto data = bytes.subspan(frame->dataOffset);
  auto expected = byteSize(header->shape, type->storedBytes);
  if (!expected || *expected != data.size()) {
    return error(Code::Corrupt, "shape ", shapeText(header->shape), " of ", header->descr,
                 " does not have the ", data.size(), " bytes that are there");
  }
  const bool isColumnMajor = header->fortranOrder && header->shape.size() > 1;
  return NpyView{std::move(header->descr),
                 type->dtype,
                 type->storedBytes,
                 type->widen,
                 std::move(header->shape),
                 isColumnMajor,
                 data};
}

Result<NpyArray> parseNpy(std::span<const uint8_t> bytes) {
  auto view = viewNpy(bytes);
  if (!view) {
    return view.status();
  }
  NpyArray array{view->dtype, view->shape, converted(*view)};
  if (view->isColumnMajor) {
    array.bytes = rowMajor(array.bytes, array.shape, sizeOf(array.dtype));
  }
  return array;
}

Result<NpyArray> readNpy(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file) {
    return file.status();
  }
  return withContext(parseNpy(file->bytes()), path);
}

Result<NpzArchive> NpzArchive::open(const std::string &path) {
  auto zip = ZipArchive::open(path);
  if (!zip) {
    return zip.status();
  }
  NpzArchive archive;
  archive.zip_ = zip.take();
  archive.path_ = path;
  return archive;
}

std::vector<std::string> NpzArchive::keys() const {
  std::vector<std::string> keys;
  for (const ZipEntry &entry : zip_.entries()) {
    std::string_view name = entry.name;
    if (name.ends_with(".npy")) {
      name.remove_suffix(4);
    }
    keys.emplace_back(name);
  }
  return keys;
}

const ZipEntry *NpzArchive::find(const std::string &key) const {
  const ZipEntry *entry = zip_.find(key + ".npy");
  return entry != nullptr ? entry : zip_.find(key);
}

Status NpzArchive::noArray(const std::string &key) const {
  std::string known;
  for (const std::string &other : keys()) {
    known += concat(known.empty() ? "" : ", ", quoted(other));
  }
  return error(Code::NotFound, path_, ": has no array ", quoted(key), "; it has ", known);
}

uint64_t NpzArchive::sizeBytes(const std::string &key) const {
  const ZipEntry *entry = find(key);
  return entry != nullptr ? entry->sizeBytes : 0;
}

Result<NpyArray> NpzArchive::read(const std::string &key, uint64_t limitBytes) const {
  const ZipEntry *entry = find(key);
  if (entry == nullptr) {
    return noArray(key);
  }
  auto bytes = zip_.read(*entry, limitBytes);
  if (!bytes) {
    return withContext(bytes.status(), path_);
  }
  return withContext(parseNpy(*bytes), path_, ": array ", quoted(key));
}

Result<std::optional<NpyView>> NpzArchive::view(const std::string &key) const {
  const ZipEntry *entry = find(key);
  if (entry == nullptr) {
    return noArray(key);
  }
  if (!entry->isStored()) {
    return std::optional<NpyView>();
  }
  auto bytes = zip_.view(*entry);
  if (!bytes) {
    return withContext(bytes.status(), path_);
  }
  auto view = viewNpy(*bytes);
  if (!view) {
    return withContext(view.status(), path_, ": array ", quoted(key));
  }
  return std::optional(view.take());
}

} // namespace ntc::rt::format
