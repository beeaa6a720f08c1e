// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Words, messages and exit statuses of verbs.
#include "tools/ntc/Verb.h"

#include "runtime/data/Suggest.h"
#include "runtime/train/Options.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ntc::driver {
namespace {

bool asksForHelp(Words words) {
  for (const std::string &word : words) {
    if (word == "--") {
      return false;
    }
    if (word == "--help" || word == "-h") {
      return true;
    }
  }
  return false;
}

int columns() {
  struct winsize size = {};
  bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60;
  return known ? std::min<int>(size.ws_col, 110) : 100;
}

} // namespace

std::optional<int> parseWords(const Verb &verb, Words words, std::vector<Flag> flags, Arity arity,
                              std::vector<std::string> &positionals) {
  bool ignored = false;
  flags.push_back(rt::train::switchFlag("--help,-h", ignored, "this text"));
  if (asksForHelp(words)) {
    std::string text = concat("usage: ntc ", verb.name, verb.arguments.empty() ? "" : " ",
                              verb.arguments, "\n\n", verb.details, "\noptions:\n");
    print(text + rt::train::helpText(flags, columns()));
    return kDone;
  }
  if (Status status = rt::train::parseFlags(words, flags, positionals); !status) {
    return failUsage(verb, status.message());
  }
  if (positionals.size() < arity.least) {
    return failUsage(verb, concat("expected ", arity.what, ", found nothing more"));
  }
  if (positionals.size() > arity.most) {
    return failUsage(verb, arity.most == 0
                               ? concat("expected options only, found ", quoted(positionals[0]))
                               : concat("expected ", arity.what, ", found ",
                                        quoted(positionals[arity.most]), " too"));
  }
  return std::nullopt;
}

Flag jsonFlag(bool &target) {
  return rt::train::switchFlag("--json", target, "print the result as JSON");
}

Flag listFlag(std::string name, std::string value, std::vector<std::string> &target,
              std::string help) {
  auto set = [&target](std::string_view text) {
    if (text.empty()) {
      return rt::error(Code::InvalidArgument, "expected a value, found nothing");
    }
    target.emplace_back(text);
    return Status::ok();
  };
  return {std::move(name), std::move(value), std::move(help), set, false};
}

Flag choiceFlag(std::string name, std::string value, std::vector<std::string_view> choices,
                size_t &target, std::string help) {
  auto set = [&target, choices = std::move(choices)](std::string_view text) {
    auto found = std::ranges::find(choices, text);
    if (found == choices.end()) {
      return rt::error(Code::InvalidArgument, "unknown value ", quoted(text),
                       rt::data::didYouMean(text, choices));
    }
    target = static_cast<size_t>(found - choices.begin());
    return Status::ok();
  };
  return {std::move(name), std::move(value), std::move(help), set, false};
}

Flag sizesFlag(std::string name, std::vector<int64_t> &target, std::string help) {
  auto set = [&target](std::string_view text) {
    target.clear();
    for (size_t begin = 0; begin <= text.size();) {
      size_t end = std::min(text.find(',', begin), text.size());
      auto size = rt::train::parseInteger(text.substr(begin, end - begin));
      if (!size || *size < 1 || *size > (1 << 24)) {
        return rt::error(Code::InvalidArgument,
                         "expected sizes from 1 to 16777216 divided by commas, found ",
                         quoted(text));
      }
      target.push_back(*size);
      begin = end + 1;
    }
    return Status::ok();
  };
  return {std::move(name), "N[,N…]", std::move(help), set, false};
}

int fail(const Verb &verb, const Status &status) {
  int code = rt::train::exitCodeOf(status);
  if (code == kUsage) {
    return failUsage(verb, status.message());
  }
  std::fprintf(stderr, "ntc %s: error: %s\n", std::string(verb.name).c_str(),
               status.message().c_str());
  return code;
}

int failUsage(const Verb &verb, std::string_view message) {
  std::string name(verb.name);
  std::fprintf(stderr, "ntc %s: error: %s\ntry 'ntc help %s'\n", name.c_str(),
               std::string(message).c_str(), name.c_str());
  return kUsage;
}

void note(std::string_view message) { std::fprintf(stderr, "%s\n", std::string(message).c_str()); }

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void printLine(std::string_view text) {
  print(text);
  std::fputc('\n', stdout);
}

bool isFolder(const std::string &path) {
  std::error_code problem;
  return std::filesystem::is_directory(path, problem);
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int64_t i = static_cast<int64_t>(digits.size()) - 3; i > (number < 0 ? 1 : 0); i -= 3) {
    digits.insert(static_cast<size_t>(i), ",");
  }
  return digits;
}

} // namespace ntc::driver
