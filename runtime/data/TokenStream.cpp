// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams of tokens in memory and in mapped files.
#include "runtime/data/TokenStream.h"

#include "runtime/data/Suggest.h"
#include "runtime/data/WholeNumbers.h"
#include "runtime/format/Npy.h"

#include <algorithm>
#include <cstring>

namespace ntc::rt::data {
namespace {

constexpr int64_t kMostContext = 1 << 20;
constexpr std::array<std::string_view, 5> kTypes = {"u8", "u16", "u32", "i32", "i64"};

size_t widthOf(TokenType type) {
  constexpr std::array<size_t, 5> widths = {1, 2, 4, 4, 8};
  return widths[static_cast<size_t>(type)];
}

template <typename T> void copyAs(const uint8_t *from, std::span<int64_t> out) {
  for (int64_t &value : out) {
    T each;
    std::memcpy(&each, from, sizeof(T));
    value = static_cast<int64_t>(each);
    from += sizeof(T);
  }
}

class StreamDataset : public Dataset {
public:
  StreamDataset(Tokens tokens, std::vector<std::string> names, int64_t vocabulary, Windows windows)
      : tokens_(std::move(tokens)), names_(std::move(names)), windows_(windows),
        fields_{Field{"x", DType::I64, {windows.context}, false, 0},
                Field{"y", DType::I64, {windows.context}, true, vocabulary}} {}

  int64_t size() const override {
    return (tokens_.count - windows_.context - 1) / windows_.stride + 1;
  }
  std::span<const Field> fields() const override { return fields_; }
  std::span<const std::string> classNames() const override { return names_; }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override {
    std::vector<int64_t> sample(static_cast<size_t>(windows_.context));
    for (int64_t row : rows) {
      tokens_.copy(row * windows_.stride + static_cast<int64_t>(field), sample);
      convertValues(DType::I64, reinterpret_cast<const std::byte *>(sample.data()), dtype,
                    destination, windows_.context);
      destination += sample.size() * sizeOf(dtype);
    }
  }

private:
  Tokens tokens_;
  std::vector<std::string> names_;
  Windows windows_;
  std::array<Field, 2> fields_;
};

/// NumPy's names of the types, in their order.
constexpr std::array<std::string_view, 5> kNumpyTypes = {"|u1", "<u2", "<u4", "<i4", "<i8"};

Result<Tokens> readArray(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file) {
    return file.status();
  }
  Result<format::NpyView> array = format::viewNpy(file->bytes());
  if (!array) {
    return withContext(array.status(), path);
  }
  if (array->shape.size() != 1 || !isWhole(array->dtype)) {
    return error(Code::Corrupt, "'", path,
                 "': expected tokens, whole numbers in one dimension, found ", nameOf(array->dtype),
                 shapeText(array->shape));
  }
  Tokens tokens;
  tokens.count = array->shape[0];
  if (auto type = std::ranges::find(kNumpyTypes, array->type); type != kNumpyTypes.end()) {
    tokens.type = static_cast<TokenType>(type - kNumpyTypes.begin());
    tokens.data = array->bytes.data();
    tokens.storage = file.take();
    return tokens;
  }
  // The others become i32.
  std::vector<uint8_t> widened(static_cast<size_t>(tokens.count) * sizeof(int32_t));
  array->widen(array->bytes.data(), static_cast<uint64_t>(tokens.count), widened.data());
  tokens.type = TokenType::I32;
  tokens.data = tokens.storage.emplace<std::vector<uint8_t>>(std::move(widened)).data();
  return tokens;
}

Result<Tokens> mapRaw(const DataSource &source) {
  Tokens tokens;
  tokens.type = TokenType::U16;
  if (const std::string *type = source.find("dtype")) {
    auto known = std::ranges::find(kTypes, *type);
    if (known == kTypes.end()) {
      return error(Code::InvalidArgument, "data '", source.text, "': option 'dtype' cannot be ",
                   quoted(*type), didYouMean(*type, kTypes));
    }
    tokens.type = static_cast<TokenType>(known - kTypes.begin());
  }
  Result<MappedFile> file = MappedFile::open(source.place);
  if (!file) {
    return file.status();
  }
  const size_t width = widthOf(tokens.type);
  if (file->bytes().size() % width != 0) {
    return error(Code::Corrupt, "'", source.place, "': its ", file->bytes().size(),
                 " bytes are no whole number of ", kTypes[static_cast<size_t>(tokens.type)],
                 "; say another type with the option dtype");
  }
  tokens.count = static_cast<int64_t>(file->bytes().size() / width);
  tokens.data = tokens.storage.emplace<MappedFile>(file.take()).bytes().data();
  return tokens;
}

/// One more than the greatest token. Errors: Corrupt for one that is negative or too great.
Result<int64_t> vocabularyOf(const Tokens &tokens, const std::string &path, int64_t most) {
  std::vector<int64_t> block(1 << 16);
  int64_t greatest = 0;
  for (int64_t at = 0; at < tokens.count; at += std::ssize(block)) {
    const auto part =
        std::span(block).first(static_cast<size_t>(std::min(std::ssize(block), tokens.count - at)));
    tokens.copy(at, part);
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] < 0 || part[i] >= most) {
        return error(Code::Corrupt, "'", path, "': expected tokens from 0 to ", most - 1,
                     ", found ", part[i], " at place ", at + static_cast<int64_t>(i));
      }
      greatest = std::max(greatest, part[i]);
    }
  }
  return greatest + 1;
}

} // namespace

Tokens Tokens::of(std::vector<int32_t> values) {
  Tokens tokens;
  tokens.count = std::ssize(values);
  auto &kept = tokens.storage.emplace<std::vector<int32_t>>(std::move(values));
  tokens.data = reinterpret_cast<const uint8_t *>(kept.data());
  return tokens;
}

void Tokens::copy(int64_t first, std::span<int64_t> out) const {
  const uint8_t *from = data + static_cast<size_t>(first) * widthOf(type);
  switch (type) {
  case TokenType::U8:
    return copyAs<uint8_t>(from, out);
  case TokenType::U16:
    return copyAs<uint16_t>(from, out);
  case TokenType::U32:
    return copyAs<uint32_t>(from, out);
  case TokenType::I32:
    return copyAs<int32_t>(from, out);
  case TokenType::I64:
    return copyAs<int64_t>(from, out);
  }
}

Result<Windows> windowsOf(const DataSource &source) {
  Result<int64_t> context = source.integer("context", 64, 1, kMostContext);
  Result<int64_t> stride = source.integer("stride", context ? *context : 1, 1, int64_t{1} << 40);
  if (!context || !stride) {
    return context ? stride.status() : context.status();
  }
  return Windows{*context, *stride};
}

Result<std::unique_ptr<Dataset>> streamOf(const DataSource &source, Tokens tokens,
                                          std::vector<std::string> names, int64_t vocabulary,
                                          Windows windows) {
  if (tokens.count <= windows.context) {
    return error(Code::InvalidArgument, "data '", source.text, "': '", source.place, "' has ",
                 tokens.count, " tokens, too few for a context of ", windows.context,
                 " and one more");
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<StreamDataset>(std::move(tokens), std::move(names), vocabulary, windows));
}

Result<std::unique_ptr<Dataset>> openTokens(const DataSource &source) {
  Result<Windows> windows = windowsOf(source);
  Result<int64_t> most = source.integer("vocabulary", INT32_MAX, 1, INT32_MAX);
  if (!windows || !most) {
    return windows ? most.status() : windows.status();
  }
  const bool isArray = source.place.ends_with(".npy");
  if (isArray && source.find("dtype")) {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': a .npy file names its type itself; leave out the option dtype");
  }
  Result<Tokens> tokens = isArray ? readArray(source.place) : mapRaw(source);
  if (!tokens) {
    return tokens.status();
  }
  Result<int64_t> vocabulary = vocabularyOf(*tokens, source.place, *most);
  if (!vocabulary) {
    return vocabulary.status();
  }
  return streamOf(source, tokens.take(), {}, source.find("vocabulary") ? *most : *vocabulary,
                  *windows);
}

} // namespace ntc::rt::data
