// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A long row of tokens as samples of a fixed context: what language models are trained on.
#pragma once

#include "runtime/base/File.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

#include <array>
#include <variant>

namespace ntc::rt::data {

/// Whole numbers of a file or of memory, little-endian.
enum class TokenType : uint8_t { U8, U16, U32, I32, I64 };

struct Tokens {
  TokenType type = TokenType::I32;
  /// Owns the bytes.
  std::variant<std::vector<int32_t>, std::vector<uint8_t>, MappedFile> storage;
  const uint8_t *data = nullptr;
  int64_t count = 0;

  static Tokens of(std::vector<int32_t> values);
  /// Writes tokens first, first + 1, … to `out`.
  void copy(int64_t first, std::span<int64_t> out) const;
};

/// Where a sample of `context` tokens begins: every `stride` tokens.
struct Windows {
  int64_t context = 64;
  int64_t stride = 64;
};

/// Reads the options context and stride. Errors: InvalidArgument.
Result<Windows> windowsOf(const DataSource &source);

/// Sample i is the context from i * stride on, "x", and the tokens one further on, "y" (both i64,
/// [context]). `tokens` lie in [0, vocabulary). Errors: InvalidArgument for too few tokens.
Result<std::unique_ptr<Dataset>> streamOf(const DataSource &source, Tokens tokens,
                                          std::vector<std::string> names, int64_t vocabulary,
                                          Windows windows);

/// Opens `tokens:FILE?context=T`: a .npy file of one dimension, or raw numbers of `dtype`, u16
/// where it is missing (u8, u16, u32, i32, i64). The file is mapped and may be larger than memory.
/// `vocabulary=N` is the number of tokens, one more than the greatest in the file where it is
/// missing. Errors: NotFound, Io; Corrupt for a file of no whole number of tokens, of negative ones
/// or of ones from N on, with the place; as parseNpy.
Result<std::unique_ptr<Dataset>> openTokens(const DataSource &source);

} // namespace ntc::rt::data
