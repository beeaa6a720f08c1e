// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The three ways of dividing texts.
#include "runtime/data/text/Tokenizer.h"

#include "runtime/base/Utf8.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {
namespace {

constexpr std::array<std::string_view, 3> kUnits = {"chars", "bytes", "bpe"};

/// Calls `use(character, byte)` for each character. Errors: Corrupt.
template <typename Use>
Status eachCharacter(std::string_view text, const std::string &where, const Use &use) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8SequenceLength(text.substr(at));
    if (length == 0) {
      return error(Code::Corrupt, where, " is not UTF-8 text at byte ", at,
                   "; read it with the option by=bytes");
    }
    if (Status status = use(text.substr(at, length), at); !status) {
      return status;
    }
    at += length;
  }
  return Status::ok();
}

} // namespace

Result<Tokenizer> Tokenizer::open(const DataSource &source, std::span<const std::string> known,
                                  std::string_view fallback) {
  const std::string *by = source.find("by"), *vocab = source.find("vocab"),
                    *merges = source.find("merges");
  auto unit = std::ranges::find(kUnits, by ? std::string_view(*by) : vocab ? "bpe" : fallback);
  if (unit == kUnits.end()) {
    return error(Code::InvalidArgument, "data '", source.text, "': option 'by' cannot be ",
                 quoted(*by), didYouMean(*by, kUnits));
  }
  Tokenizer tokenizer;
  tokenizer.unit_ = static_cast<Unit>(unit - kUnits.begin());
  const bool isBpe = tokenizer.unit_ == Unit::Bpe;
  if (isBpe != (vocab != nullptr) || (merges && !vocab)) {
    return error(Code::InvalidArgument, "data '", source.text, "': ",
                 isBpe ? "by=bpe needs the file of its vocabulary: vocab=tokenizer.json, or "
                         "vocab=vocab.json&merges=merges.txt"
                       : "the options vocab and merges belong to by=bpe");
  }
  if (isBpe) {
    Result<Bpe> bpe = Bpe::open(*vocab, merges ? *merges : "");
    if (!bpe) {
      return withContext(bpe.status(), concat("data '", source.text, "'"));
    }
    tokenizer.bpe_ = bpe.take();
  } else if (tokenizer.unit_ == Unit::Characters && !known.empty()) {
    tokenizer.names_.assign(known.begin(), known.end());
    tokenizer.isKnown_ = true;
    tokenizer.number();
  }
  return tokenizer;
}

void Tokenizer::number() {
  numbers_.clear();
  for (size_t i = 0; i < names_.size(); ++i) {
    numbers_.emplace(names_[i], static_cast<int32_t>(i));
  }
}

Status Tokenizer::learn(std::string_view text, const std::string &where) {
  if (unit_ != Unit::Characters || isKnown_) {
    return Status::ok();
  }
  return eachCharacter(text, where, [this](std::string_view character, size_t) {
    numbers_.emplace(character, 0);
    return Status::ok();
  });
}

const std::vector<std::string> &Tokenizer::names() {
  if (unit_ == Unit::Characters && !isKnown_) {
    names_.clear();
    for (const auto &[character, token] : numbers_) {
      names_.push_back(character);
    }
    std::ranges::sort(names_);
    number();
    isKnown_ = true;
  }
  return names_;
}

int64_t Tokenizer::size() const {
  return unit_ == Unit::Bytes ? 256
         : unit_ == Unit::Bpe ? bpe_->size()
                              : static_cast<int64_t>(numbers_.size());
}

Status Tokenizer::encode(std::string_view text, const std::string &where,
                         std::vector<int32_t> &tokens) {
  if (unit_ == Unit::Bytes) {
    for (char byte : text) {
      tokens.push_back(static_cast<unsigned char>(byte));
    }
    return Status::ok();
  }
  if (unit_ == Unit::Bpe) {
    if (text.size() > INT32_MAX) {
      return error(Code::Unsupported, where, " has ", text.size(), " bytes; at most ", INT32_MAX,
                   " are divided into tokens");
    }
    Status status =
        eachCharacter(text, where, [](std::string_view, size_t) { return Status::ok(); });
    return status ? withContext(bpe_->encode(text, tokens), where) : status;
  }
  names();
  return eachCharacter(text, where, [&](std::string_view character, size_t at) {
    auto found = numbers_.find(std::string(character));
    if (found == numbers_.end()) {
      return error(Code::Corrupt, where, " has the character ", quoted(character), " at byte ", at,
                   ", which was not in the training data");
    }
    tokens.push_back(found->second);
    return Status::ok();
  });
}

} // namespace ntc::rt::data
