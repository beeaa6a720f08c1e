// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc new: a model of the zoo.
#include "frontend/format/LossFit.h"
#include "frontend/format/ModelFile.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/zoo/Zoo.h"
#include "tools/ntc/Verb.h"

namespace ntc::driver {
namespace {

/// No choice of a stem was made.
constexpr size_t kNoStem = 2;

struct NewFlags {
  std::string out;
  std::string loss;
  std::string optimizer;
  std::vector<int64_t> input;
  std::vector<int64_t> hidden;
  std::optional<int64_t> output;
  std::optional<int64_t> classes;
  std::optional<uint64_t> seed;
  size_t stem = kNoStem;
  bool list = false;
};

std::vector<Flag> newFlags(NewFlags &flags) {
  using namespace rt::train;
  constexpr int64_t most = 1 << 24;
  return {
      switchFlag("--list", flags.list, "list the families and their options"),
      textFlag("--out,-o", "FILE", flags.out, "the file to write (default: model.pb)"),
      sizesFlag("--input", flags.input,
                "linear: number of features (default: 5); mlp: sizes of one sample (default: "
                "1,28,28)"),
      integerFlag("--output", flags.output, 1, most, "linear: number of outputs (default: 1)"),
      sizesFlag("--hidden", flags.hidden, "mlp: sizes of the hidden layers (default: 128)"),
      integerFlag("--classes", flags.classes, 1, most,
                  "number of classes (default: 10; resnet18 with stem imagenet: 1000)"),
      choiceFlag("--stem", "STEM", {"cifar", "imagenet"}, flags.stem,
                 "resnet18: for images of 32x32 or of 224x224 (default: cifar)"),
      textFlag("--loss", "LOSS", flags.loss, "replaces the family's loss, as in 'ntc help pack'"),
      textFlag("--optimizer", "OPTIMIZER", flags.optimizer,
               "replaces the family's optimizer, as in 'ntc help pack'"),
      unsignedFlag("--seed", flags.seed, "seed of the initial parameters (default: 0)"),
  };
}

int listFamilies() {
  for (const zoo::Family &family : zoo::list()) {
    std::string name(family.name);
    name.resize(10, ' ');
    std::string options;
    for (std::string_view option : family.options) {
      options += concat(" --", option);
    }
    printLine(concat(name, family.description, options.empty() ? "" : ";", options));
  }
  return kDone;
}

} // namespace

int runNew(const Verb &verb, Words words) {
  NewFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, newFlags(flags), {0, 1, "one family"}, positionals)) {
    return *code;
  }
  if (flags.list) {
    return listFamilies();
  }
  if (positionals.empty()) {
    return failUsage(verb, "say which family; 'ntc new --list' names them");
  }
  zoo::Options options{.input = flags.input,
                       .output = flags.output,
                       .hidden = flags.hidden,
                       .classes = flags.classes,
                       .seed = flags.seed.value_or(0)};
  if (flags.stem != kNoStem) {
    options.stem = flags.stem == 0 ? zoo::Stem::Cifar : zoo::Stem::ImageNet;
  }
  if (!flags.loss.empty()) {
    auto loss = format::parseLoss(flags.loss);
    if (!loss) {
      return failUsage(verb, "--loss: " + loss.status().message());
    }
    options.loss = *loss;
  }
  if (!flags.optimizer.empty()) {
    auto optimizer = format::parseOptimizer(flags.optimizer);
    if (!optimizer) {
      return failUsage(verb, "--optimizer: " + optimizer.status().message());
    }
    options.optimizer = *optimizer;
  }
  auto model = zoo::make(positionals[0], options);
  if (!model) {
    return failUsage(verb, model.status().message());
  }
  const std::string out = flags.out.empty() ? "model.pb" : flags.out;
  if (Status status = format::writeModel(*model, out); !status) {
    return fail(verb, Status(Code::Io, status.message()));
  }
  if (std::string misfit = format::lossMisfit(model->graph(), options.loss.value_or(LossSpec()));
      !misfit.empty()) {
    note("note: " + misfit);
  }
  note(concat("wrote ", out));
  return kDone;
}

} // namespace ntc::driver
