// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc pack: a training recipe for an inference model.
#include "frontend/format/ModelFile.h"
#include "frontend/format/TrainingInfo.h"
#include "tools/ntc/ModelInput.h"

namespace ntc::driver {

int runPack(const Verb &verb, Words words) {
  StepFlags step;
  std::string out;
  std::vector<int64_t> sizes;
  std::optional<int64_t> epochs;
  std::vector<Flag> flags = stepFlags(step);
  flags.push_back(rt::train::textFlag("--out,-o", "FILE", out, "the file to write (needed)"));
  flags.push_back(sizesFlag("--batch-size", sizes,
                            "sizes of batches that the recipe names, the training batch first"));
  flags.push_back(rt::train::integerFlag("--epochs", epochs, 1, UINT32_MAX,
                                         "passes over the data that the recipe names"));
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, flags, {1, 1, "one model"}, positionals)) {
    return *code;
  }
  if (out.empty()) {
    return failUsage(verb, "say where to write the model with -o model.pb");
  }
  Model model;
  if (auto problem = loadModel(positionals[0], step, NeedStep::Yes, model)) {
    return fail(verb, *problem);
  }
  TrainSpec spec = model.spec;
  if (!sizes.empty()) {
    spec.clear_batch_sizes();
    for (int64_t size : sizes) {
      spec.add_batch_sizes(static_cast<uint32_t>(size));
    }
  }
  if (epochs) {
    spec.set_epochs(static_cast<uint32_t>(*epochs));
  }
  // Neither of these is part of the step, so the recorded hash stays right.
  format::setMetadata(model.proto, format::recipeKey, format::recipeText(spec));
  if (Status status = format::writeModel(model.proto, out); !status) {
    return fail(verb, Status(Code::Io, status.message()));
  }
  std::string frozen = spec.frozen_size() == 0 ? "" : concat(", ", spec.frozen_size(), " frozen");
  note(concat("wrote ", out, ": ", spec.loss().name(), ", ", spec.optimizer().name(), frozen));
  return kDone;
}

} // namespace ntc::driver
