// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading vocabularies: tokenizer.json, or vocab.json with merges.txt.
#include "runtime/base/File.h"
#include "runtime/base/Utf8.h"
#include "runtime/data/text/Bpe.h"
#include "runtime/format/Json.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ntc::rt::data {
namespace {

using format::JsonValue;

constexpr uint64_t kMostBytes = uint64_t{256} << 20;
constexpr int64_t kMostTokens = 1 << 24;
constexpr size_t kMostSpecials = 1024;

/// GPT-2 writes bytes as printable characters: those that are printable as themselves, the others
/// as U+0100, U+0101, … in their order.
std::array<uint32_t, 256> byteCharacters() {
  std::array<uint32_t, 256> out{};
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool isPrintable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    out[byte] = isPrintable ? byte : next++;
  }
  return out;
}

/// The bytes that a key of the vocabulary writes; nothing where a character stands for no byte.
std::optional<std::string> bytesOf(std::string_view key) {
  static const auto numbers = [] {
    std::unordered_map<std::string, char> out;
    const auto characters = byteCharacters();
    for (size_t byte = 0; byte < characters.size(); ++byte) {
      std::string text;
      appendUtf8(text, characters[byte]);
      out.emplace(text, static_cast<char>(byte));
    }
    return out;
  }();
  std::string out;
  for (size_t at = 0; at < key.size();) {
    const size_t length = std::max<size_t>(utf8SequenceLength(key.substr(at)), 1);
    auto found = numbers.find(std::string(key.substr(at, length)));
    if (found == numbers.end()) {
      return std::nullopt;
    }
    out += found->second;
    at += length;
  }
  return out;
}

Result<std::string> readText(const std::string &path) {
  auto bytes = readFile(path, kMostBytes);
  if (!bytes) {
    return bytes.status();
  }
  return std::string(bytes->begin(), bytes->end());
}

/// True for what says "nothing of that": null, false, "" or a missing member.
bool isOff(const JsonValue *value) {
  return value == nullptr || value->isNull() || value->asBool() == false ||
         (value->isString() && value->text().empty());
}

} // namespace

class BpeReader {
public:
  explicit BpeReader(std::string vocabulary) : path_(std::move(vocabulary)) {}

  Result<Bpe> read(const std::string &merges) {
    auto text = readText(path_);
    if (!text) {
      return text.status();
    }
    auto json = format::parseJson(*text, {.depth = 32, .values = size_t{1} << 23});
    if (!json) {
      return withContext(json.status(), path_);
    }
    const JsonValue *model = json->find("model");
    const bool isTokenizer = model != nullptr && model->isObject();
    if (isTokenizer != merges.empty()) {
      return error(Code::InvalidArgument,
                   isTokenizer
                       ? concat("'", path_, "' has merges of its own; leave out the option merges")
                       : concat("'", path_,
                                "' has no merges; name them with the option "
                                "merges=merges.txt, or give a tokenizer.json"));
    }
    Status status = isTokenizer ? tokenizer(*json, *model) : vocabulary(*json);
    status = status && !isTokenizer ? mergesFile(merges) : status;
    return status ? Result<Bpe>(std::move(bpe_)) : Result<Bpe>(status);
  }

private:
  template <typename... Parts> Status corrupt(const Parts &...parts) const {
    return error(Code::Corrupt, "'", path_, "': ", parts...);
  }
  Status unsupported(std::string_view what) const {
    return error(Code::Unsupported, "'", path_, "': ", what,
                 "; byte-level BPE as GPT-2's is read: model BPE, pre-tokenizer ByteLevel, no "
                 "normalizer");
  }

  Status tokenizer(const JsonValue &json, const JsonValue &model) {
    const JsonValue *type = model.find("type");
    if (type != nullptr && type->text() != "BPE") {
      return unsupported(concat("its model is ", quoted(type->text())));
    }
    for (const char *key : {"dropout", "unk_token", "continuing_subword_prefix",
                            "end_of_word_suffix", "byte_fallback", "ignore_merges"}) {
      if (!isOff(model.find(key))) {
        return unsupported(concat("its model has ", quoted(key)));
      }
    }
    if (!isOff(json.find("normalizer"))) {
      return unsupported("it has a normalizer");
    }
    if (Status status = preTokenizer(json.find("pre_tokenizer")); !status) {
      return status;
    }
    const JsonValue *vocab = model.find("vocab"), *merges = model.find("merges");
    if (vocab == nullptr || !vocab->isObject() || merges == nullptr || !merges->isArray()) {
      return corrupt("expected model.vocab, an object, and model.merges, a list");
    }
    if (Status status = vocabulary(*vocab); !status) {
      return status;
    }
    for (const JsonValue &each : merges->items()) {
      const bool isPair = each.isArray() && each.items().size() == 2;
      const size_t blank = each.text().find(' ');
      if (!isPair && blank == std::string::npos) {
        return corrupt("byte ", each.offset(), ": expected a merge of two tokens");
      }
      Status status = isPair ? merge(each.items()[0].text(), each.items()[1].text(), path_)
                             : merge(std::string_view(each.text()).substr(0, blank),
                                     std::string_view(each.text()).substr(blank + 1), path_);
      if (!status) {
        return status;
      }
    }
    return specials(json.find("added_tokens"));
  }

  Status preTokenizer(const JsonValue *value) {
    const JsonValue *type = value != nullptr ? value->find("type") : nullptr;
    if (type == nullptr || type->text() != "ByteLevel") {
      return unsupported(concat("its pre-tokenizer is ",
                                type != nullptr ? quoted(type->text()) : std::string("missing")));
    }
    if (const JsonValue *regex = value->find("use_regex"); regex && regex->asBool() == false) {
      return unsupported("its pre-tokenizer does not divide texts");
    }
    const JsonValue *space = value->find("add_prefix_space");
    bpe_.addsSpace_ = space != nullptr && space->asBool() == true;
    return Status::ok();
  }

  Status addToken(const JsonValue &number, const std::string &name) {
    const auto token = number.asInt64();
    if (!token || *token < 0 || *token >= kMostTokens) {
      return corrupt("the token ", quoted(name), " should have a number from 0 to ",
                     kMostTokens - 1);
    }
    // A file of n tokens has few gaps: memory follows the file's size.
    if (*token > 64 * (std::ssize(ids_) + 1024)) {
      return corrupt("the token ", quoted(name), " has the number ", *token,
                     ", far above those of ", "the others");
    }
    if (!ids_.emplace(name, static_cast<int32_t>(*token)).second) {
      return corrupt("the token ", quoted(name), " is there twice");
    }
    bpe_.names_.resize(std::max(bpe_.names_.size(), static_cast<size_t>(*token) + 1));
    std::string &shown = bpe_.names_[static_cast<size_t>(*token)];
    if (!shown.empty()) {
      return corrupt("the tokens ", quoted(shown), " and ", quoted(name), " have the same number ",
                     *token);
    }
    const auto bytes = bytesOf(name);
    shown = bytes && !bytes->empty() && isUtf8(*bytes) ? *bytes : name;
    return Status::ok();
  }

  Status vocabulary(const JsonValue &vocab) {
    if (!vocab.isObject() || vocab.keys().empty()) {
      return corrupt("expected an object of tokens and their numbers");
    }
    std::vector<std::pair<int64_t, size_t>> order; // ascending, so that gaps are seen as such
    for (size_t i = 0; i < vocab.keys().size(); ++i) {
      order.emplace_back(vocab.items()[i].asInt64().value_or(-1), i);
    }
    std::ranges::sort(order);
    for (const auto &[number, i] : order) {
      if (Status status = addToken(vocab.items()[i], vocab.keys()[i]); !status) {
        return status;
      }
    }
    const auto characters = byteCharacters();
    for (uint32_t character : characters) {
      std::string name;
      appendUtf8(name, character);
      auto found = ids_.find(name);
      bpe_.bytes_.push_back(found == ids_.end() ? -1 : found->second);
    }
    return Status::ok();
  }

  Status merge(std::string_view left, std::string_view right, const std::string &path) {
    const auto rank = static_cast<int32_t>(bpe_.merges_.size());
    std::array<int32_t, 3> tokens{};
    const std::array<std::string, 3> names = {std::string(left), std::string(right),
                                              std::string(left) + std::string(right)};
    for (size_t i = 0; i < names.size(); ++i) {
      auto found = ids_.find(names[i]);
      if (found == ids_.end()) {
        return error(Code::Corrupt, "'", path, "': merge ", rank + 1, " needs the token ",
                     quoted(names[i]), ", which the vocabulary does not have");
      }
      tokens[i] = found->second;
    }
    const uint64_t pair =
        uint64_t{static_cast<uint32_t>(tokens[0])} << 32 | static_cast<uint32_t>(tokens[1]);
    if (!bpe_.merges_.emplace(pair, Bpe::Merge{rank, tokens[2]}).second) {
      return error(Code::Corrupt, "'", path, "': the merge of ", quoted(left), " and ",
                   quoted(right), " is there twice");
    }
    return Status::ok();
  }

  /// A line per merge, "left right"; a first line that begins with "#version" is none.
  Status mergesFile(const std::string &path) {
    auto text = readText(path);
    if (!text) {
      return text.status();
    }
    std::string_view rest = *text;
    for (size_t line = 1; !rest.empty(); ++line) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view one = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      one = one.ends_with('\r') ? one.substr(0, one.size() - 1) : one;
      if (one.empty() || (line == 1 && one.starts_with("#version"))) {
        continue;
      }
      const size_t blank = one.find(' ');
      if (blank == std::string_view::npos || one.find(' ', blank + 1) != std::string_view::npos) {
        return error(Code::Corrupt, "'", path, "': line ", line, ": expected two tokens, found ",
                     quoted(one));
      }
      if (Status status = merge(one.substr(0, blank), one.substr(blank + 1), path); !status) {
        return status;
      }
    }
    return Status::ok();
  }

  Status specials(const JsonValue *added) {
    if (added == nullptr || added->isNull()) {
      return Status::ok();
    }
    if (!added->isArray() || added->items().size() > kMostSpecials) {
      return corrupt("added_tokens should be a list of at most ", kMostSpecials);
    }
    for (const JsonValue &each : added->items()) {
      const JsonValue *content = each.find("content"), *number = each.find("id");
      if (content == nullptr || content->text().empty() || number == nullptr) {
        return corrupt("byte ", each.offset(), ": an added token needs content and id");
      }
      for (const char *key : {"lstrip", "rstrip", "single_word"}) {
        if (!isOff(each.find(key))) {
          return unsupported(concat("its token ", quoted(content->text()), " has ", quoted(key)));
        }
      }
      auto known = ids_.find(content->text());
      if (known == ids_.end()) {
        if (Status status = addToken(*number, content->text()); !status) {
          return status;
        }
        known = ids_.find(content->text());
      } else if (number->asInt64() != known->second) {
        return corrupt("the token ", quoted(content->text()), " has the numbers ", known->second,
                       " and ", number->asInt64().value_or(-1));
      }
      bpe_.specials_.push_back({content->text(), known->second});
    }
    std::ranges::sort(bpe_.specials_, std::greater<>(),
                      [](const auto &special) { return special.text.size(); });
    return Status::ok();
  }

  std::string path_;
  std::unordered_map<std::string, int32_t> ids_;
  Bpe bpe_;
};

Result<Bpe> Bpe::open(const std::string &vocabulary, const std::string &merges) {
  return BpeReader(vocabulary).read(merges);
}

} // namespace ntc::rt::data
