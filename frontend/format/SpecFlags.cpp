// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recipe as a whole, from a file or an API. The flags' short forms are beside: OptimizerFlag.cpp,
// LossFlag.cpp.
#include "frontend/format/SpecFlags.h"

#include "frontend/format/Names.h"
#include "frontend/format/RecipeParts.h"

namespace ntc::format {

std::vector<Diagnostic> complete(TrainSpec &spec) {
  std::vector<Diagnostic> problems;
  completeLoss(*spec.mutable_loss(), problems);
  completeOptimizer(*spec.mutable_optimizer(), problems);
  for (const auto *patterns : {&spec.frozen(), &spec.eval_layers()}) {
    for (const std::string &pattern : *patterns) {
      if (auto parsed = NamePattern::parse(pattern); !parsed) {
        problems.push_back({"", parsed.status().message()});
      }
    }
  }
  completeGradients(spec, problems);
  completeUnfreeze(spec, problems);
  if (spec.accumulate() > mostAccumulated) {
    problems.push_back({"", rt::concat("accumulate: expected at most ", mostAccumulated,
                                       " batches for a step, found ", spec.accumulate())});
  }
  if (const std::string &how = spec.denormals(); !how.empty() && how != "flush" && how != "keep") {
    problems.push_back({"", "denormals: expected flush or keep, found " + quoted(how)});
  }
  if (spec.has_average()) {
    completeAverage(*spec.mutable_average(), problems);
  }
  for (const std::string &metric : spec.metrics()) {
    if (metric != "accuracy") {
      problems.push_back({"", "unknown metric " + quoted(metric) + "; known: accuracy"});
    }
  }
  return problems;
}

} // namespace ntc::format
