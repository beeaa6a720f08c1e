// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc predict: outputs of a trained model for every sample.
#include "runtime/train/Predict.h"

#include "runtime/train/Interrupt.h"
#include "tools/ntc/ModelInput.h"
#include "tools/ntc/TrainChecks.h"

namespace ntc::driver {

int runPredict(const Verb &verb, Words words) {
  rt::train::PredictOptions options;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, rt::train::predictFlags(options), {1, 1, "one run"},
                             positionals)) {
    return *code;
  }
  options.model.model = positionals[0];
  if (kindOf(positionals[0]) == FileKind::Model) {
    return failUsage(verb, positionals[0] + " is not trained; name a run folder or a compiled "
                                            "model with --checkpoint");
  }
  if (Status status = checkOutputFile("-o", options.out); !status) {
    return fail(verb, status);
  }
  rt::train::Interrupt interrupt;
  rt::train::Hooks hooks;
  hooks.stop = &interrupt.flag();
  hooks.command = "ntc predict";
  auto report = rt::train::runPredict(options, hooks);
  if (report && options.out != "-") {
    note(concat("wrote ", options.out, ": ", report->samples, " samples"));
  }
  int code = report ? kDone : fail(verb, report.status());
  return hooks.isStopped() && code <= kFailed ? kInterrupted : code;
}

} // namespace ntc::driver
