// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Byte-level byte-pair encoding, as GPT-2 has it (Sennrich et al. 2016, section 3.2, on bytes): a
// text is divided into words, a word into bytes, and neighbours are merged in the order of the
// merges until none is left.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ntc::rt::data {

class Bpe {
public:
  /// Reads `vocabulary`: a tokenizer.json of Hugging Face's tokenizers whose model is BPE with the
  /// pre-tokenizer ByteLevel, or GPT-2's vocab.json, whose merges are in `merges` (merges.txt).
  /// Files are untrusted and at most 256 MiB. Errors: NotFound, Io; Corrupt, with file and place;
  /// Unsupported for what a tokenizer.json asks for and this does not do, by name;
  /// InvalidArgument where `merges` is missing or not wanted.
  static Result<Bpe> open(const std::string &vocabulary, const std::string &merges);

  /// Appends the tokens of `text`, well-formed UTF-8. Errors: Corrupt for a byte that the
  /// vocabulary has no token for, with its place.
  Status encode(std::string_view text, std::vector<int32_t> &tokens);

  /// One more than the greatest token.
  int64_t size() const { return static_cast<int64_t>(names_.size()); }
  /// The bytes of each token, as text where they are UTF-8; empty for numbers without a token.
  const std::vector<std::string> &names() const { return names_; }

private:
  struct Merge {
    int32_t rank = 0;
    int32_t token = 0;
  };
  /// Texts that are tokens by themselves, whatever is around them.
  struct Special {
    std::string text;
    int32_t token = 0;
  };

  friend class BpeReader;

  Status encodeWords(std::string_view text, std::vector<int32_t> &tokens);
  Status encodeWord(std::string_view word, std::vector<int32_t> &tokens) const;

  std::vector<int32_t> bytes_;                 ///< the token of each byte, -1 without one
  std::unordered_map<uint64_t, Merge> merges_; ///< by the tokens of left and right
  std::vector<std::string> names_;
  std::vector<Special> specials_; ///< longest first
  bool addsSpace_ = false;        ///< before a text between specials that begins with none
  /// Words that were seen before: texts repeat them.
  std::unordered_map<std::string, std::vector<int32_t>> words_;
};

} // namespace ntc::rt::data
