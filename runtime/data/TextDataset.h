// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text as sequences of tokens for next-token models.
#pragma once

#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Opens `text:FILE?context=T`. Sample i is the T tokens from i * stride on: field "x" (i64, [T])
/// and "y" (i64, [T]), the tokens one further on. What a token is, say the options of Tokenizer;
/// `classes` are the characters of the training data. `stride` is T by default; what is left at the
/// end is no sample. The file is mapped; tokens take four bytes each.
///
/// Errors: NotFound, Io; Corrupt for text that is not UTF-8, with the offset, and for what
/// the vocabulary does not have; InvalidArgument for a text of at most T tokens.
Result<std::unique_ptr<Dataset>> openText(const DataSource &source,
                                          std::span<const std::string> classes);

} // namespace ntc::rt::data
