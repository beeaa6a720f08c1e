// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Suggestions use Levenshtein's distance; globs are matched without backtracking beyond the last
// star, so that no pattern costs more than pattern length times name length.
#include "frontend/format/Names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <regex>

namespace ntc::format {
namespace {

size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// Matches one character against the pattern element at `p` and moves p behind it. An unclosed [ is
/// a literal.
bool matchOne(std::string_view pattern, size_t &p, char c) {
  if (pattern[p] == '?') {
    ++p;
    return true;
  }
  size_t close = pattern[p] == '[' ? pattern.find(']', p + 2) : std::string_view::npos;
  if (close == std::string_view::npos) {
    return pattern[p++] == c;
  }
  bool negated = pattern[p + 1] == '!';
  bool found = false;
  for (size_t i = p + 1 + negated; i < close; ++i) {
    if (i + 2 < close && pattern[i + 1] == '-') {
      found |= pattern[i] <= c && c <= pattern[i + 2];
      i += 2;
    } else {
      found |= pattern[i] == c;
    }
  }
  p = close + 1;
  return found != negated;
}

bool matchGlob(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0;
  size_t starAt = std::string_view::npos, resumeAt = 0;
  while (n < name.size()) {
    size_t next = p;
    if (p < pattern.size() && pattern[p] == '*') {
      starAt = p++;
      resumeAt = n;
    } else if (p < pattern.size() && matchOne(pattern, next, name[n])) {
      p = next;
      ++n;
    } else if (starAt != std::string_view::npos) {
      p = starAt + 1;
      n = ++resumeAt;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

} // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  size_t limit = std::max<size_t>(1, word.size() / 3);
  if (word.size() > 64) {
    return best;
  }
  for (const std::string &candidate : candidates) {
    size_t distance = editDistance(word, candidate);
    if (distance <= limit) {
      best = candidate;
      limit = distance ? distance - 1 : 0;
    }
    if (distance == 0) {
      break;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  std::string near = nearest(word, candidates);
  if (!near.empty()) {
    return "; did you mean " + quoted(near) + "?";
  }
  return candidates.empty() ? std::string() : "; known: " + join(candidates);
}

std::string join(std::span<const std::string> words, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    text += (i ? std::string(separator) : std::string()) + words[i];
  }
  return text;
}

std::string layerOf(const onnx::NodeProto &node) {
  std::string_view name = node.name();
  if (!name.starts_with('/')) {
    return {};
  }
  size_t last = name.rfind('/');
  return last == 0 ? std::string() : std::string(name.substr(1, last - 1));
}

std::string describe(const onnx::NodeProto &node) {
  std::string op = node.op_type().empty() ? "no operator" : quoted(node.op_type());
  op = op.starts_with('\'') ? op.substr(1, op.size() - 2) : op;
  if (!node.name().empty()) {
    return "node " + quoted(node.name()) + " (" + op + ")";
  }
  std::string text = "nameless node (" + op + ")";
  return node.output_size() ? text + " that makes " + quoted(node.output(0)) : text;
}

std::string metricNameProblem(std::string_view name) {
  constexpr std::array<std::string_view, 14> used = {
      "loss", "accuracy", "correct", "penalty", "grad_norm", "epoch",       "epochs",
      "step", "steps",    "lr",      "time_s",  "samples",   "interrupted", "index"};
  auto isPlain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, isPlain)) {
    return "1 to 64 letters, digits and '_'";
  }
  if (name.starts_with("val_") || std::ranges::find(used, name) != used.end()) {
    return "none that records of runs use already";
  }
  return "";
}

struct NamePattern::Impl {
  std::string glob;
  std::optional<std::regex> expression;
};

Result<NamePattern> NamePattern::parse(std::string_view text) {
  auto impl = std::make_shared<Impl>();
  if (text.size() > 1000) {
    return failure("pattern " + quoted(text) + " is longer than 1000 bytes");
  }
  if (text.size() >= 2 && text.starts_with('/') && text.ends_with('/')) {
    try { // std::regex reports errors by exception only
      impl->expression.emplace(std::string(text.substr(1, text.size() - 2)));
    } catch (const std::regex_error &error) {
      return failure("pattern " + quoted(text) + " is no regular expression: " + error.what());
    }
  } else {
    impl->glob = text;
  }
  NamePattern pattern;
  pattern.impl = std::move(impl);
  return pattern;
}

bool NamePattern::matches(std::string_view name) const {
  if (!impl->expression) {
    return matchGlob(impl->glob, name);
  }
  if (name.size() > 4096) { // std::regex recurses per character
    return false;
  }
  try {
    return std::regex_match(name.begin(), name.end(), *impl->expression);
  } catch (const std::regex_error &) { // too complex for the library: no match
    return false;
  }
}

} // namespace ntc::format
