// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile vocabularies and texts: a tokenizer.json, or a vocab.json with its merges.txt, then a
// text, divided by zero bytes. The reader answers with a vocabulary or a status; a text becomes
// tokens of the vocabulary, the same again when its words are known, or a status.
#include "test/fuzz/InputFiles.h"

#include "runtime/base/Utf8.h"
#include "runtime/data/text/Bpe.h"
#include "runtime/data/text/SplitWords.h"

#include <array>

namespace {

using ntc::rt::data::Bpe;

void checkWords(std::string_view text) {
  while (!text.empty()) {
    const size_t word = ntc::rt::data::firstWord(text);
    if (word == 0 || word > text.size()) {
      std::abort();
    }
    text.remove_prefix(word);
  }
}

void checkTokens(Bpe &bpe, std::string_view text) {
  std::vector<int32_t> tokens, again;
  const bool isDivided = static_cast<bool>(bpe.encode(text, tokens));
  if (isDivided != static_cast<bool>(bpe.encode(text, again)) || tokens != again) {
    std::abort();
  }
  for (int32_t token : tokens) {
    if (token < 0 || token >= bpe.size()) {
      std::abort();
    }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ntc::fuzz::InputFiles files;
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  std::array<std::string_view, 3> parts; // vocabulary, merges, text
  for (std::string_view &part : parts) {
    part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  const std::string vocabulary = files.write("vocab.json", parts[0]);
  const std::string merges = parts[1].empty() ? "" : files.write("merges.txt", parts[1]);
  checkWords(parts[2]);
  auto bpe = Bpe::open(vocabulary, merges);
  if (!bpe) {
    return bpe.status().message().empty() ? (std::abort(), 0) : 0;
  }
  if (bpe->size() < 1 || bpe->names().size() != static_cast<size_t>(bpe->size())) {
    std::abort();
  }
  if (ntc::rt::isUtf8(parts[2])) {
    checkTokens(*bpe, parts[2]);
  }
  return 0;
}
