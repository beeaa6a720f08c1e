// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a text to tokens, once, and from tokens to shifted sequences.
#include "runtime/data/TextDataset.h"

#include "runtime/base/File.h"
#include "runtime/base/Utf8.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <unordered_map>

namespace ntc::rt::data {
namespace {

constexpr int64_t kMostContext = 1 << 20;

class TextDataset : public Dataset {
public:
  TextDataset(std::vector<int32_t> tokens, std::vector<std::string> names, int64_t vocabulary,
              int64_t context, int64_t stride)
      : tokens_(std::move(tokens)), names_(std::move(names)), context_(context), stride_(stride),
        fields_{Field{"x", DType::I64, {context}, false, 0},
                Field{"y", DType::I64, {context}, true, vocabulary}} {}

  int64_t size() const override { return (std::ssize(tokens_) - context_ - 1) / stride_ + 1; }
  std::span<const Field> fields() const override { return fields_; }
  std::span<const std::string> classNames() const override { return names_; }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override {
    for (int64_t row : rows) {
      const int32_t *at = tokens_.data() + row * stride_ + static_cast<int64_t>(field);
      convertValues(DType::I32, reinterpret_cast<const std::byte *>(at), dtype, destination,
                    context_);
      destination += static_cast<size_t>(context_) * sizeOf(dtype);
    }
  }

private:
  std::vector<int32_t> tokens_;
  std::vector<std::string> names_;
  int64_t context_, stride_;
  std::array<Field, 2> fields_;
};

/// The characters of `text` in their order. Errors: Corrupt.
Result<std::vector<std::string_view>> charactersOf(const std::string &path, std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8SequenceLength(text.substr(at));
    if (length == 0) {
      return error(Code::Corrupt, "'", path, "' is not UTF-8 text at byte ", at,
                   "; read it with the option by=bytes");
    }
    out.push_back(text.substr(at, length));
    at += length;
  }
  return out;
}

Result<std::vector<int32_t>> tokensOf(const std::string &path, std::string_view text,
                                      std::vector<std::string> &vocabulary) {
  Result<std::vector<std::string_view>> characters = charactersOf(path, text);
  if (!characters) {
    return characters.status();
  }
  if (vocabulary.empty()) {
    const std::set<std::string_view> distinct(characters->begin(), characters->end());
    vocabulary.assign(distinct.begin(), distinct.end());
  }
  std::unordered_map<std::string_view, int32_t> numbers;
  for (size_t i = 0; i < vocabulary.size(); ++i) {
    numbers.emplace(vocabulary[i], static_cast<int32_t>(i));
  }
  std::vector<int32_t> tokens;
  for (std::string_view character : *characters) {
    auto found = numbers.find(character);
    if (found == numbers.end()) {
      return error(Code::Corrupt, "'", path, "' has the character ", quoted(character), " at byte ",
                   character.data() - text.data(), ", which was not in the training data");
    }
    tokens.push_back(found->second);
  }
  return tokens;
}

} // namespace

Result<std::unique_ptr<Dataset>> openText(const DataSource &source,
                                          std::span<const std::string> classes) {
  constexpr std::array<std::string_view, 2> units = {"chars", "bytes"};
  const std::string *by = source.find("by");
  if (by && std::ranges::find(units, *by) == units.end()) {
    return error(Code::InvalidArgument, "data '", source.text, "': option 'by' cannot be ",
                 quoted(*by), didYouMean(*by, units));
  }
  Result<int64_t> context = source.integer("context", 64, 1, kMostContext);
  Result<int64_t> stride = source.integer("stride", context ? *context : 1, 1, int64_t{1} << 40);
  if (!context || !stride) {
    return context ? stride.status() : context.status();
  }
  Result<MappedFile> file = MappedFile::open(source.place);
  if (!file) {
    return file.status();
  }
  const std::span<const uint8_t> bytes = file->bytes();
  std::vector<std::string> vocabulary(classes.begin(), classes.end());
  Result<std::vector<int32_t>> tokens(std::vector<int32_t>{});
  if (by && *by == "bytes") {
    vocabulary.clear();
    tokens->assign(bytes.begin(), bytes.end());
  } else {
    tokens = tokensOf(source.place, {reinterpret_cast<const char *>(bytes.data()), bytes.size()},
                      vocabulary);
  }
  if (!tokens) {
    return tokens.status();
  }
  if (std::ssize(*tokens) <= *context) {
    return error(Code::InvalidArgument, "data '", source.text, "': '", source.place, "' has ",
                 tokens->size(), " tokens, too few for a context of ", *context, " and one more");
  }
  const int64_t count = vocabulary.empty() ? 256 : std::ssize(vocabulary);
  return std::unique_ptr<Dataset>(std::make_unique<TextDataset>(
      tokens.take(), std::move(vocabulary), count, *context, *stride));
}

} // namespace ntc::rt::data
