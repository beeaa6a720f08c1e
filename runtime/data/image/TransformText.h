// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of transforms, as they are written in Python: calls with numbers, words, and tuples of
// numbers, "RandomCrop(28, padding=2),ToTensor(),Normalize((0.5,), (0.5,))".
#pragma once

#include "runtime/base/Status.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::data {

/// One argument of a call.
struct Argument {
  std::string key;             ///< empty: by position
  std::string word;            ///< a word (bilinear, 'edge', True, None), else empty
  std::vector<double> numbers; ///< one number, or those of a tuple
  bool isTuple = false;
};

struct Call {
  std::string name;
  std::string text; ///< as typed
  std::vector<Argument> arguments;
  bool isChoice = false; ///< one of those within RandomChoice([…])
};

/// Splits a list of calls, divided by commas or semicolons, blanks anywhere between; Compose([…])
/// around it is taken off, of RandomChoice([…]) the calls within are given. At most 64
/// calls. Errors (InvalidArgument): what was expected and found, with the text from there on.
Result<std::vector<Call>> parseCalls(std::string_view text);

/// Takes the arguments of one call by name and by position: the n-th question is also answered by
/// the n-th argument without a name, as in a Python signature. The first thing that is wrong is
/// kept; later questions answer with their fallbacks.
class Arguments {
public:
  explicit Arguments(const Call &call) : call_(call), used_(call.arguments.size()) {}

  /// A number in [least, most]; without fallback it must be there.
  double number(std::string_view name, std::optional<double> fallback, double least, double most);
  int64_t integer(std::string_view name, std::optional<int64_t> fallback, int64_t least,
                  int64_t most);
  /// A number or a tuple, of `fewest` to `most` numbers. Empty where it is missing or None and
  /// `isOptional`.
  std::vector<double> numbers(std::string_view name, bool isOptional, size_t fewest, size_t most);
  bool truth(std::string_view name, bool fallback);
  /// The index of a word in `choices`, or of a number in `codes`.
  size_t choice(std::string_view name, std::span<const std::string_view> choices, size_t fallback,
                std::span<const double> codes = {});
  /// The word of an argument; nothing, and the question does not count, where it is no word.
  std::optional<std::string> word(std::string_view name);
  /// Says that a part of the call is wrong.
  void refuse(std::string_view name, std::string_view what);

  /// The first problem; an argument that nobody asked for is one.
  Status finish();

private:
  const Argument *take(std::string_view name);

  const Call &call_;
  std::vector<bool> used_;
  std::vector<std::string_view> asked_;
  Status status_;
};

} // namespace ntc::rt::data
