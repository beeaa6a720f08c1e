// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From texts to tokens, as the options of DATA say it.
#pragma once

#include "runtime/data/DataSource.h"
#include "runtime/data/text/Bpe.h"

#include <optional>

namespace ntc::rt::data {

/// Options: `by=chars` (the default): a token is a character (code point), the vocabulary all those
/// that occur in the order of their bytes, or those of the training data; `by=bytes`: 256 tokens;
/// `by=bpe` (the default where `vocab` is given): those of the file `vocab`, see Bpe::open, with
/// the file `merges` where that has none.
class Tokenizer {
public:
  /// `known`: the characters of the training data, empty where this is it. `fallback` is what is
  /// meant where the options do not say. Errors: InvalidArgument; as Bpe::open.
  static Result<Tokenizer> open(const DataSource &source, std::span<const std::string> known,
                                std::string_view fallback = "chars");

  /// Adds the characters of `text` to a vocabulary that is not known yet; call it for all texts
  /// before the first `encode`. `where` begins messages about the text: "'a.txt', line 3". Errors:
  /// Corrupt for text that is not UTF-8, with the byte.
  Status learn(std::string_view text, const std::string &where);

  /// Appends the tokens of `text`. Errors: Corrupt as `learn`, and for what the vocabulary lacks.
  Status encode(std::string_view text, const std::string &where, std::vector<int32_t> &tokens);

  /// Number of tokens.
  int64_t size() const;
  /// The characters, in the order of their tokens; empty for bytes and for a vocabulary of a file.
  const std::vector<std::string> &names();

private:
  enum class Unit : uint8_t { Characters, Bytes, Bpe };

  void number();

  Unit unit_ = Unit::Characters;
  bool isKnown_ = false;
  std::vector<std::string> names_;
  std::unordered_map<std::string, int32_t> numbers_;
  std::optional<Bpe> bpe_;
};

} // namespace ntc::rt::data
