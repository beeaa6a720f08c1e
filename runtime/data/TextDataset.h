// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text as sequences of tokens for next-token models.
#pragma once

#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Opens `text:FILE?context=T`. Sample i is the T tokens from i * stride on: field "x" (i64, [T])
/// and "y" (i64, [T]), the tokens one further on. `by=chars` (the default): a token is a character
/// (code point) of the UTF-8 text, the vocabulary all those that occur in the order of their bytes;
/// with `classes`, those of the training data. `by=bytes`: 256 tokens. `stride` is T by default;
/// what is left at the end is no sample. The file is mapped; tokens take four bytes each.
///
/// Errors: NotFound, Io; Corrupt for text that is not UTF-8, with the offset, and for characters
/// that are not in `classes`; InvalidArgument for a text of at most T tokens.
Result<std::unique_ptr<Dataset>> openText(const DataSource &source,
                                          std::span<const std::string> classes);

} // namespace ntc::rt::data
