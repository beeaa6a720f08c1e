// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a text to tokens, once, and from tokens to shifted sequences.
#include "runtime/data/TextDataset.h"

#include "runtime/base/File.h"
#include "runtime/data/TokenStream.h"
#include "runtime/data/text/Tokenizer.h"

namespace ntc::rt::data {

Result<std::unique_ptr<Dataset>> openText(const DataSource &source,
                                          std::span<const std::string> classes) {
  Result<Windows> windows = windowsOf(source);
  if (!windows) {
    return windows.status();
  }
  Result<MappedFile> file = MappedFile::open(source.place);
  if (!file) {
    return file.status();
  }
  Result<Tokenizer> tokenizer = Tokenizer::open(source, classes);
  if (!tokenizer) {
    return tokenizer.status();
  }
  const std::string_view text(reinterpret_cast<const char *>(file->bytes().data()),
                              file->bytes().size());
  const std::string where = concat("'", source.place, "'");
  if (Status status = tokenizer->learn(text, where); !status) {
    return status;
  }
  std::vector<int32_t> tokens;
  if (Status status = tokenizer->encode(text, where, tokens); !status) {
    return status;
  }
  return streamOf(source, Tokens::of(std::move(tokens)), tokenizer->names(), tokenizer->size(),
                  *windows);
}

} // namespace ntc::rt::data
