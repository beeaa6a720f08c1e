// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradual unfreezing: the flag, its checks, and from which epoch a parameter is trained.
#include "frontend/format/FlagText.h"
#include "frontend/format/Names.h"
#include "frontend/format/RecipeParts.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingGraph.h"
#include "frontend/format/TrainingInfo.h"

#include <algorithm>

namespace ntc::format {

Result<UnfreezeSpec> parseUnfreeze(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) {
    return failure("expected PATTERN@EPOCH as in 'conv*@3', found ", quoted(text));
  }
  auto epoch = parseNumber<uint32_t>(text.substr(at + 1));
  if (!epoch || *epoch == 0) {
    return failure("expected the number of epochs before ", quoted(text.substr(0, at)),
                   " is trained, at least 1, found ", quoted(text.substr(at + 1)));
  }
  UnfreezeSpec unfreeze;
  unfreeze.add_patterns(std::string(text.substr(0, at)));
  unfreeze.set_epoch(*epoch);
  return unfreeze;
}

void completeUnfreeze(const TrainSpec &spec, std::vector<Diagnostic> &problems) {
  for (const UnfreezeSpec &unfreeze : spec.unfreeze()) {
    if (unfreeze.epoch() == 0 || unfreeze.patterns().empty()) {
      problems.push_back({"unfreeze", "needs patterns and an epoch of at least 1"});
    }
    for (const std::string &pattern : unfreeze.patterns()) {
      if (auto parsed = NamePattern::parse(pattern); !parsed) {
        problems.push_back({"unfreeze", parsed.status().message()});
      }
    }
  }
}

FirstEpochs::FirstEpochs(const TrainSpec &spec) : frozen(parsePatterns(spec.frozen())) {
  for (const UnfreezeSpec &unfreeze : spec.unfreeze()) {
    stages.push_back({parsePatterns(unfreeze.patterns()), unfreeze.epoch()});
  }
  std::ranges::stable_sort(stages, {}, &Stage::epoch);
}

std::optional<int64_t> FirstEpochs::of(const std::string &parameter) const {
  for (const Stage &stage : stages) {
    if (matchesAny(stage.patterns, parameter)) {
      return stage.epoch;
    }
  }
  return matchesAny(frozen, parameter) ? std::nullopt : std::optional<int64_t>(0);
}

std::vector<Diagnostic> checkUnfreeze(const TrainSpec &spec, std::span<const std::string> names) {
  std::vector<Diagnostic> problems;
  for (const UnfreezeSpec &unfreeze : spec.unfreeze()) {
    for (const std::string &text : unfreeze.patterns()) {
      auto pattern = NamePattern::parse(text);
      const bool hits = pattern && std::ranges::any_of(names, [&](const std::string &name) {
                          return pattern->matches(name);
                        });
      if (pattern && !hits) {
        problems.push_back({"--unfreeze", "pattern " + quoted(text) + " matches no parameter" +
                                              suggestion(text, names)});
      }
    }
  }
  const FirstEpochs epochs(spec);
  std::optional<int64_t> first;
  for (const std::string &name : names) {
    const auto epoch = epochs.of(name);
    first = epoch && (!first || *epoch < *first) ? epoch : first;
  }
  if (problems.empty() && first.value_or(0) > 0) {
    problems.push_back({"--unfreeze", rt::concat("no parameter is trained in the first ", *first,
                                                 " epochs; leave one unfrozen")});
  }
  return problems;
}

} // namespace ntc::format
