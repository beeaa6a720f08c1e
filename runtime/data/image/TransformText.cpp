// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A parser of one level of parentheses and tuples within.
#include "runtime/data/image/TransformText.h"

#include "runtime/data/Suggest.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ntc::rt::data {
namespace {

constexpr size_t kMostCalls = 64;
constexpr size_t kMostArguments = 64;

bool isNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

class CallParser {
public:
  explicit CallParser(std::string_view text) : all_(text), left_(text) {}

  Result<std::vector<Call>> parse() {
    std::vector<Call> calls;
    skipBlanks();
    while (!left_.empty()) {
      if (calls.size() == kMostCalls) {
        return error(Code::InvalidArgument, "more than ", kMostCalls, " transforms");
      }
      const Status status = isChoice() ? parseChoice(calls) : parseOne(calls, false);
      if (!status) {
        return status;
      }
      if (!left_.empty() && !take(',') && !take(';')) {
        return expected("a comma or the end");
      }
    }
    if (calls.empty()) {
      return error(Code::InvalidArgument, "expected transforms, found nothing");
    }
    return calls;
  }

private:
  void skipBlanks() {
    while (!left_.empty() && (left_.front() == ' ' || left_.front() == '\n' ||
                              left_.front() == '\t' || left_.front() == '\r')) {
      left_.remove_prefix(1);
    }
  }

  bool take(char c) {
    if (left_.empty() || left_.front() != c) {
      return false;
    }
    left_.remove_prefix(1);
    skipBlanks();
    return true;
  }

  Status expected(std::string_view what) const {
    return error(Code::InvalidArgument, "expected ", what, ", found ",
                 left_.empty() ? "the end" : quoted(left_.substr(0, 24)), " at character ",
                 all_.size() - left_.size() + 1);
  }

  std::string_view takeName() {
    size_t count = 0;
    while (count < left_.size() && isNameCharacter(left_[count])) {
      ++count;
    }
    std::string_view name = left_.substr(0, count);
    left_.remove_prefix(count);
    return name;
  }

  Status parseOne(std::vector<Call> &calls, bool isChoice) {
    Call call;
    Status status = parseCall(call);
    call.isChoice = isChoice;
    calls.push_back(std::move(call));
    return status;
  }

  bool isChoice() const {
    const auto end = std::ranges::find_if_not(left_, isNameCharacter);
    const std::string_view name = left_.substr(0, static_cast<size_t>(end - left_.begin()));
    return name.substr(name.rfind('.') + 1) == "RandomChoice";
  }

  /// RandomChoice([CutMix(), MixUp()]): the calls within.
  Status parseChoice(std::vector<Call> &calls) {
    (void)takeName();
    skipBlanks();
    if (!take('(') || !take('[')) {
      return expected("'([' behind RandomChoice");
    }
    while (!take(']')) {
      if (calls.size() == kMostCalls) {
        return expected("']'");
      }
      if (Status status = parseOne(calls, true); !status) {
        return status;
      }
      if (!take(',') && (left_.empty() || left_.front() != ']')) {
        return expected("a comma or ']'");
      }
    }
    return take(')') ? Status::ok() : expected("')' behind RandomChoice");
  }

  Status parseCall(Call &call) {
    const std::string_view begin = left_;
    std::string_view name = takeName();
    // "transforms.ToTensor" and "v2.ToTensor" are the same to those who paste.
    if (size_t dot = name.rfind('.'); dot != std::string_view::npos) {
      name.remove_prefix(dot + 1);
    }
    if (name.empty()) {
      return expected("the name of a transform");
    }
    call.name = name;
    skipBlanks();
    if (take('(')) {
      if (Status status = parseArguments(call); !status) {
        return withContext(status, call.name);
      }
    }
    call.text = begin.substr(0, begin.size() - left_.size());
    while (!call.text.empty() && call.text.back() == ' ') {
      call.text.pop_back();
    }
    return Status::ok();
  }

  Status parseArguments(Call &call) {
    while (!take(')')) {
      if (call.arguments.size() == kMostArguments) {
        return expected("')'");
      }
      Argument argument;
      if (Status status = parseArgument(argument); !status) {
        return status;
      }
      if (argument.key.empty() && !call.arguments.empty() && !call.arguments.back().key.empty()) {
        return error(Code::InvalidArgument, "an argument without a name follows one with a name");
      }
      call.arguments.push_back(std::move(argument));
      if (!take(',') && (left_.empty() || left_.front() != ')')) {
        return expected("a comma or ')'");
      }
    }
    return Status::ok();
  }

  Status parseArgument(Argument &argument) {
    const std::string_view before = left_;
    std::string_view name = takeName();
    skipBlanks();
    if (!name.empty() && take('=')) {
      argument.key = name;
    } else {
      left_ = before;
    }
    return parseValue(argument);
  }

  Status parseValue(Argument &argument) {
    if (take('(') || take('[')) {
      argument.isTuple = true;
      while (!take(')') && !take(']')) {
        double value = 0.0;
        if (argument.numbers.size() == kMostArguments || !takeNumber(value)) {
          return expected("a number");
        }
        argument.numbers.push_back(value);
        if (!take(',') && (left_.empty() || (left_.front() != ')' && left_.front() != ']'))) {
          return expected("a comma or ')'");
        }
      }
      return argument.numbers.empty() ? expected("a number before") : Status::ok();
    }
    double value = 0.0;
    if (takeNumber(value)) {
      argument.numbers.push_back(value);
      return Status::ok();
    }
    const char quote = !left_.empty() && (left_[0] == '\'' || left_[0] == '"') ? left_[0] : '\0';
    left_.remove_prefix(quote ? 1 : 0);
    argument.word = takeName();
    if (argument.word.empty() || (quote && (left_.empty() || left_.front() != quote))) {
      return expected(quote ? "a word in quotes" : "a number, a word or a tuple of numbers");
    }
    left_.remove_prefix(quote ? 1 : 0);
    skipBlanks();
    return Status::ok();
  }

  /// A finite number, or two of them divided by '/'.
  bool takeNumber(double &value) {
    auto one = [this](double &out) {
      auto [end, problem] = std::from_chars(left_.data(), left_.data() + left_.size(), out);
      const size_t count = static_cast<size_t>(end - left_.data());
      const bool ends = count == left_.size() || !isNameCharacter(left_[count]);
      if (problem != std::errc() || !std::isfinite(out) || !ends) {
        return false;
      }
      left_.remove_prefix(count);
      skipBlanks();
      return true;
    };
    double divisor = 1.0;
    if (!one(value) || (take('/') && (!one(divisor) || divisor == 0.0))) {
      return false;
    }
    value /= divisor;
    return true;
  }

  std::string_view all_, left_;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// What Compose([…]) has in its brackets; other texts as they are.
std::string_view withoutCompose(std::string_view text) {
  std::string_view left = trimmed(text);
  const auto end = std::ranges::find_if_not(left, isNameCharacter);
  std::string_view name = left.substr(0, static_cast<size_t>(end - left.begin()));
  left = trimmed(left.substr(name.size()));
  name.remove_prefix(name.rfind('.') + 1);
  for (const std::string_view brackets : {"()", "[]"}) {
    if (name != "Compose" || left.size() < 2 || left.front() != brackets[0] ||
        left.back() != brackets[1]) {
      return text;
    }
    left = trimmed(left.substr(1, left.size() - 2));
  }
  return left;
}

} // namespace

Result<std::vector<Call>> parseCalls(std::string_view text) {
  return CallParser(withoutCompose(text)).parse();
}

const Argument *Arguments::take(std::string_view name) {
  const size_t position = asked_.size();
  asked_.push_back(name);
  const Argument *found = nullptr;
  for (size_t i = 0; i < call_.arguments.size(); ++i) {
    const Argument &argument = call_.arguments[i];
    if (argument.key.empty() ? i != position : argument.key != name) {
      continue;
    }
    if (found) {
      refuse(name, "is given twice");
    }
    used_[i] = true;
    found = &argument;
  }
  return found;
}

void Arguments::refuse(std::string_view name, std::string_view what) {
  if (status_) {
    status_ = error(Code::InvalidArgument, call_.name, ": ", name, " ", what);
  }
}

double Arguments::number(std::string_view name, std::optional<double> fallback, double least,
                         double most) {
  const Argument *argument = take(name);
  if (!argument) {
    if (!fallback) {
      refuse(name, "is missing");
    }
    return fallback.value_or(least);
  }
  const double value = argument->numbers.size() == 1 ? argument->numbers[0] : std::nan("");
  if (!(value >= least && value <= most)) {
    refuse(name, concat("should be a number from ", least, " to ", most, ", found ",
                        argument->word.empty() ? concat(value) : quoted(argument->word)));
    return fallback.value_or(least);
  }
  return value;
}

int64_t Arguments::integer(std::string_view name, std::optional<int64_t> fallback, int64_t least,
                           int64_t most) {
  std::optional<double> other;
  if (fallback) {
    other = static_cast<double>(*fallback);
  }
  const double value = number(name, other, static_cast<double>(least), static_cast<double>(most));
  if (value != std::floor(value)) {
    refuse(name, concat("should be a whole number, found ", value));
  }
  return static_cast<int64_t>(value);
}

std::vector<double> Arguments::numbers(std::string_view name, bool isOptional, size_t fewest,
                                       size_t most) {
  const Argument *argument = take(name);
  if (!argument || (argument->word == "None" && isOptional)) {
    if (!isOptional) {
      refuse(name, "is missing");
    }
    return {};
  }
  const size_t count = argument->numbers.size();
  if (count < fewest || count > most) {
    refuse(name,
           concat("should be ", fewest == 1 ? "a number" : concat(fewest, " numbers"),
                  most == fewest ? "" : concat(" or up to ", most), ", found ",
                  argument->word.empty() ? concat(count, " numbers") : quoted(argument->word)));
    return {};
  }
  return argument->numbers;
}

bool Arguments::truth(std::string_view name, bool fallback) {
  const Argument *argument = take(name);
  if (!argument) {
    return fallback;
  }
  if (argument->word == "True" || argument->word == "true") {
    return true;
  }
  if (argument->word != "False" && argument->word != "false") {
    refuse(name, "should be True or False");
  }
  return false;
}

size_t Arguments::choice(std::string_view name, std::span<const std::string_view> choices,
                         size_t fallback, std::span<const double> codes) {
  const Argument *argument = take(name);
  if (!argument) {
    return fallback;
  }
  if (argument->numbers.size() == 1) {
    auto code = std::ranges::find(codes, argument->numbers[0]);
    if (code != codes.end()) {
      return static_cast<size_t>(code - codes.begin());
    }
  }
  // "InterpolationMode.BILINEAR" is "bilinear".
  std::string word = argument->word.substr(argument->word.rfind('.') + 1);
  std::ranges::transform(word, word.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  auto found = std::ranges::find(choices, word);
  if (found == choices.end()) {
    refuse(name, concat("cannot be ", word.empty() ? "a number" : quoted(argument->word),
                        didYouMean(word, choices)));
    return fallback;
  }
  return static_cast<size_t>(found - choices.begin());
}

std::optional<std::string> Arguments::word(std::string_view name) {
  const size_t position = asked_.size();
  for (size_t i = 0; i < call_.arguments.size(); ++i) {
    const Argument &argument = call_.arguments[i];
    const bool isIt = argument.key.empty() ? i == position : argument.key == name;
    if (isIt && !argument.word.empty() && argument.word != "None") {
      return take(name)->word;
    }
  }
  return std::nullopt;
}

Status Arguments::finish() {
  for (size_t i = 0; i < used_.size() && status_; ++i) {
    const Argument &argument = call_.arguments[i];
    if (used_[i]) {
      continue;
    }
    if (argument.key.empty()) {
      return error(Code::InvalidArgument, call_.name, " takes ", asked_.size(),
                   asked_.size() == 1 ? " argument" : " arguments", ", found ",
                   call_.arguments.size());
    }
    return error(Code::InvalidArgument, call_.name, " has no argument ", quoted(argument.key),
                 didYouMean(argument.key, asked_));
  }
  return status_;
}

} // namespace ntc::rt::data
