// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sequences of different lengths, padded to one.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Opens `sequences:PLACE`, one of
///   a folder of .txt files: a sample per line, the class is the file's name;
///   a .txt file: a sample per line;
///   a .csv or .tsv table: the text in the column `text`, the class in `label` where it is given;
///   an .npz archive: "x", all sequences one behind the other, [total] of tokens or [total, F] of
///   numbers, "offsets" (whole numbers, n + 1 of them, from 0 to total), and "y": [n] of labels or
///   numbers, or [total] of labels of each element.
/// Texts become tokens as Tokenizer's options say it, by bytes where they say nothing. `classes`
/// and `characters` are those of the training data, empty where this is it.
///
/// Fields: "x" [T] or [T, F]; "lengths" (i64); "mask" (bool, [T]), true where x is no padding; the
/// target "y". T is `length`, the greatest bucket, or the longest sequence; one that is longer is
/// refused, or cut where `truncate=yes`. Behind its end a sample has `pad`: a token, by default one
/// of its own behind all others for texts, 0 for numbers; labels of elements have -100.
/// `buckets=8,16,32` are ascending lengths for the sampler "bucketed".
///
/// Errors: NotFound, Io; Corrupt with file and line or key; InvalidArgument for options.
Result<std::unique_ptr<Dataset>> openSequences(const DataSource &source,
                                               std::span<const std::string> classes,
                                               std::span<const std::string> characters);

} // namespace ntc::rt::data
