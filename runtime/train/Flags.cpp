// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser of flags and its help.
#include "runtime/train/Flags.h"

#include "runtime/base/Utf8.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ntc::rt::train {
namespace {

template <typename T> std::optional<T> parseWhole(std::string_view text) {
  T value{};
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = problem == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> spellings(const Flag &flag) {
  std::vector<std::string_view> out;
  std::string_view left = flag.name;
  while (true) {
    size_t comma = std::min(left.find(','), left.size());
    out.push_back(left.substr(0, comma));
    if (comma == left.size()) {
      return out;
    }
    left.remove_prefix(comma + 1);
  }
}

const Flag *findFlag(std::span<const Flag> flags, std::string_view name) {
  for (const Flag &flag : flags) {
    if (std::ranges::count(spellings(flag), name) > 0) {
      return &flag;
    }
  }
  return nullptr;
}

/// What other programs call a flag, where no spelling leads to ours.
constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {
    {"--learning-rate", "--lr"},    {"--batch", "--batch-size"}, {"--bs", "--batch-size"},
    {"--num-workers", "--workers"}, {"--output", "--out"},       {"--max-epochs", "--epochs"},
    {"--scheduler", "--schedule"},  {"--dataset", "--data"},     {"--criterion", "--loss"}};

Status unknownFlag(std::string_view name, std::span<const Flag> flags) {
  std::vector<std::string_view> names;
  for (const Flag &flag : flags) {
    names.push_back(spellings(flag)[0]);
  }
  std::string_view best = data::nearest(name, names);
  for (const auto &[usual, ours] : kOtherNames) {
    best = name == usual && findFlag(flags, ours) ? ours : best;
  }
  return error(Code::InvalidArgument, "unknown flag ", quoted(name),
               best.empty() ? "; --help lists them all" : concat("; did you mean '", best, "'?"));
}

/// Whether a word is of the form "patience=2,…", and no file.
bool looksLikeSettings(std::string_view word) {
  const std::string_view key = word.substr(0, word.find('='));
  return key.size() < word.size() && !key.empty() &&
         key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

/// Applies one flag; takes its value from `attached` or from `rest`, of which it removes what it
/// took.
Status applyFlag(const Flag &flag, std::string_view name, std::optional<std::string_view> attached,
                 std::span<const std::string> &rest) {
  if (flag.value.empty() && attached) {
    return error(Code::InvalidArgument, "flag '", name, "' takes no value, found ",
                 quoted(*attached));
  }
  if (flag.valueIsOptional && !attached && !rest.empty() && looksLikeSettings(rest.front())) {
    return error(Code::InvalidArgument, "flag '", name, "' takes its value after an equals sign: '",
                 name, "=", rest.front(), "'");
  }
  std::string_view value = attached.value_or("");
  if (!flag.value.empty() && !attached && !flag.valueIsOptional) {
    if (rest.empty()) {
      return error(Code::InvalidArgument, "flag '", name, "' needs a value: '", name, " ",
                   flag.value, "'");
    }
    value = rest.front();
    rest = rest.subspan(1);
  }
  return withContext(flag.set(value), "flag '", name, "'");
}

void appendWrapped(std::string &out, std::string_view text, size_t indent, size_t columns) {
  size_t column = indent;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > columns) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += utf8Characters(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

} // namespace

std::optional<int64_t> parseInteger(std::string_view text) { return parseWhole<int64_t>(text); }

std::optional<double> parseNumber(std::string_view text) {
  std::optional<double> value = parseWhole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

Flag textFlag(std::string name, std::string value, std::string &target, std::string help) {
  return {std::move(name), std::move(value), std::move(help),
          [&target](std::string_view text) {
            if (text.empty()) {
              return error(Code::InvalidArgument, "expected a value, found nothing");
            }
            target = text;
            return Status::ok();
          },
          false};
}

Flag switchFlag(std::string name, bool &target, std::string help) {
  return {std::move(name), "", std::move(help),
          [&target](std::string_view) {
            target = true;
            return Status::ok();
          },
          false};
}

Flag integerFlag(std::string name, std::optional<int64_t> &target, int64_t least, int64_t most,
                 std::string help) {
  auto set = [&target, least, most](std::string_view text) {
    std::optional<int64_t> value = parseInteger(text);
    if (!value || *value < least || *value > most) {
      return most == INT64_MAX ? error(Code::InvalidArgument, "expected a whole number from ",
                                       least, ", found ", quoted(text))
                               : error(Code::InvalidArgument, "expected a whole number from ",
                                       least, " to ", most, ", found ", quoted(text));
    }
    target = value;
    return Status::ok();
  };
  return {std::move(name), "N", std::move(help), std::move(set), false};
}

Flag unsignedFlag(std::string name, std::optional<uint64_t> &target, std::string help) {
  auto set = [&target](std::string_view text) {
    std::optional<uint64_t> value = parseWhole<uint64_t>(text);
    if (!value) {
      return error(Code::InvalidArgument, "expected a whole number from 0, found ", quoted(text));
    }
    target = value;
    return Status::ok();
  };
  return {std::move(name), "N", std::move(help), std::move(set), false};
}

Flag numberFlag(std::string name, std::optional<double> &target, double least, std::string help) {
  auto set = [&target, least](std::string_view text) {
    std::optional<double> value = parseNumber(text);
    if (!value || *value < least) {
      return error(Code::InvalidArgument, "expected a number from ", least, ", found ",
                   quoted(text));
    }
    target = value;
    return Status::ok();
  };
  return {std::move(name), "X", std::move(help), std::move(set), false};
}

Flag durationFlag(std::string name, std::optional<double> &target, std::string help) {
  auto set = [&target](std::string_view text) {
    std::optional<double> seconds = parseDuration(text);
    if (!seconds || *seconds <= 0) {
      return error(Code::InvalidArgument,
                   "expected a time such as 90s, 10m, 1h30m or 01:30:00, found ", quoted(text));
    }
    target = seconds;
    return Status::ok();
  };
  return {std::move(name), "TIME", std::move(help), std::move(set), false};
}

Flag refusedFlag(std::string name, std::string reason) {
  return {std::move(name), "VALUE", "",
          [reason = std::move(reason)](std::string_view) {
            return Status(Code::InvalidArgument, reason);
          },
          true};
}

std::optional<double> parseDuration(std::string_view text) {
  double seconds = 0;
  if (text.find(':') != std::string_view::npos) {
    constexpr std::array<double, 3> factors = {60, 60, 24}; // from minutes to days
    size_t parts = 0;
    for (size_t begin = 0; begin <= text.size(); ++parts) {
      const size_t end = std::min(text.find(':', begin), text.size());
      const auto part = parseInteger(text.substr(begin, end - begin));
      if (!part || *part < 0 || parts == 4) {
        return std::nullopt;
      }
      const size_t left = static_cast<size_t>(std::ranges::count(text.substr(end), ':'));
      double unit = 1;
      for (size_t i = 0; i < std::min(left, factors.size()); ++i) {
        unit *= factors[i];
      }
      seconds += static_cast<double>(*part) * unit;
      begin = end + 1;
    }
    return parts == 3 || parts == 4 ? std::optional(seconds) : std::nullopt;
  }
  if (auto plain = parseNumber(text)) {
    return plain;
  }
  for (double previous = INFINITY; !text.empty();) {
    const size_t end = text.find_first_of("smhd");
    const auto part =
        end == std::string_view::npos ? std::nullopt : parseNumber(text.substr(0, end));
    if (!part || *part < 0) {
      return std::nullopt;
    }
    const double unit = text[end] == 's'   ? 1
                        : text[end] == 'm' ? 60
                        : text[end] == 'h' ? 3600
                                           : 86400;
    if (unit >= previous) { // from days to seconds, each once
      return std::nullopt;
    }
    previous = unit;
    seconds += *part * unit;
    text.remove_prefix(end + 1);
  }
  return seconds;
}

Status parseFlags(std::span<const std::string> arguments, std::span<const Flag> flags,
                  std::vector<std::string> &positionals) {
  bool onlyPositionals = false;
  while (!arguments.empty()) {
    std::string_view argument = arguments.front();
    arguments = arguments.subspan(1);
    if (argument == "--" && !onlyPositionals) {
      onlyPositionals = true;
      continue;
    }
    if (onlyPositionals || argument.size() < 2 || argument[0] != '-') {
      positionals.emplace_back(argument);
      continue;
    }
    size_t equals = argument.starts_with("--") ? argument.find('=') : std::string_view::npos;
    std::string_view name = argument.substr(0, equals);
    const Flag *flag = findFlag(flags, name);
    if (!flag) {
      return unknownFlag(name, flags);
    }
    std::optional<std::string_view> attached;
    if (equals != std::string_view::npos) {
      attached = argument.substr(equals + 1);
    }
    if (Status status = applyFlag(*flag, name, attached, arguments); !status) {
      return status;
    }
  }
  return Status::ok();
}

std::string helpText(std::span<const Flag> flags, int columns) {
  constexpr size_t kIndent = 26;
  std::string out;
  for (const Flag &flag : flags) {
    if (flag.help.empty()) {
      continue;
    }
    std::string left = "  ";
    for (std::string_view name : spellings(flag)) {
      left += concat(left.size() > 2 ? ", " : "", name);
    }
    left += flag.value.empty()     ? ""
            : flag.valueIsOptional ? concat("[=", flag.value, "]")
                                   : concat(" ", flag.value);
    out += left;
    const size_t width = utf8Characters(left);
    if (width + 2 > kIndent) {
      out += '\n';
      out.append(kIndent, ' ');
    } else {
      out.append(kIndent - width, ' ');
    }
    appendWrapped(out, flag.help, kIndent, static_cast<size_t>(columns));
  }
  return out;
}

} // namespace ntc::rt::train
