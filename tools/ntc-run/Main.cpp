// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc-run: trains, evaluates, predicts with or measures a compiled model. No compiler is in it.
#include "runtime/train/Bench.h"
#include "runtime/train/Evaluate.h"
#include "runtime/train/Interrupt.h"
#include "runtime/train/Predict.h"
#include "runtime/train/Train.h"

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace ntc::rt;
using namespace ntc::rt::train;

constexpr const char *kUsage =
    "usage: ntc-run MODEL --data DATA [options]              train a compiled model\n"
    "       ntc-run MODEL --eval --data DATA [options]       metrics on a data set\n"
    "       ntc-run MODEL --predict --data DATA -o FILE      predictions\n"
    "       ntc-run MODEL --bench [options]                  training steps per second\n"
    "\n"
    "MODEL is an artifact (model.so) or, after training, a run folder.\n";

enum class Verb : uint8_t { Train, Eval, Predict, Bench };

struct Arguments {
  Verb verb = Verb::Train;
  bool help = false;
  bool version = false;
  std::vector<std::string> rest; ///< without the verb
};

/// Takes the verb and --help out of the command line. Errors: two verbs.
Result<Arguments> splitVerb(int argc, char **argv) {
  Arguments out;
  std::string seen;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--") {
      out.rest.insert(out.rest.end(), argv + i, argv + argc);
      break;
    }
    if (word == "--help" || word == "-h") {
      out.help = true;
    } else if (word == "--version") {
      out.version = true;
    } else if (word == "--eval" || word == "--predict" || word == "--bench") {
      if (!seen.empty() && seen != word) {
        return error(Code::InvalidArgument, seen, " and ", word, " exclude each other");
      }
      seen = word;
      out.verb = word == "--eval" ? Verb::Eval : word == "--predict" ? Verb::Predict : Verb::Bench;
    } else {
      out.rest.push_back(std::move(word));
    }
  }
  return out;
}

/// The verbs, for did-you-mean; splitVerb has taken them out.
std::vector<Flag> verbFlags() {
  auto nothing = [](std::string_view) { return Status::ok(); };
  return {{"--eval", "", "metrics on a data set instead of training", nothing},
          {"--predict", "", "predictions instead of training", nothing},
          {"--bench", "", "measure training steps instead of training", nothing},
          {"--help,-h", "", "this text", nothing},
          {"--version", "", "the version", nothing}};
}

void printHelp(std::span<const Flag> train, std::span<const Flag> eval,
               std::span<const Flag> predict, std::span<const Flag> bench) {
  std::string out = kUsage;
  out += "\n" + helpText(verbFlags());
  out += "\ntraining:\n" + helpText(train);
  out += "\n--eval:\n" + helpText(eval);
  out += "\n--predict:\n" + helpText(predict);
  out += "\n--bench:\n" + helpText(bench);
  std::fputs(out.c_str(), stdout);
}

/// Parses flags and the one positional.
Status parse(std::span<const std::string> words, std::vector<Flag> flags, std::string &model) {
  for (std::vector<Flag> more : {verbFlags(), stepFlagsRefused()}) {
    flags.insert(flags.end(), more.begin(), more.end());
  }
  std::vector<std::string> positionals;
  if (Status status = parseFlags(words, flags, positionals); !status) {
    return status;
  }
  if (positionals.size() > 1) {
    return error(Code::InvalidArgument, "expected one model, found ", quoted(positionals[0]),
                 " and ", quoted(positionals[1]));
  }
  model = positionals.empty() ? "" : positionals[0];
  return Status::ok();
}

int finish(const Status &status) {
  if (!status) {
    std::fprintf(stderr, "ntc-run: error: %s\n", status.message().c_str());
    if (status.code() == Code::InvalidArgument) {
      std::fputs("try 'ntc-run --help'\n", stderr);
    }
  }
  return exitCodeOf(status);
}

int run(int argc, char **argv) {
  TrainOptions train;
  EvalOptions eval;
  PredictOptions predict;
  BenchOptions bench;
  const std::vector<Flag> trainTable = trainFlags(train), evalTable = evalFlags(eval),
                          predictTable = predictFlags(predict), benchTable = benchFlags(bench);
  Result<Arguments> arguments = splitVerb(argc, argv);
  if (!arguments) {
    return finish(arguments.status());
  }
  if (arguments->help) {
    printHelp(trainTable, evalTable, predictTable, benchTable);
    return 0;
  }
  if (arguments->version) {
    std::puts("ntc-run " NTC_VERSION);
    return 0;
  }
  if (argc < 2) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  Interrupt interrupt;
  Hooks hooks;
  hooks.stop = &interrupt.flag();
  int code = 0;
  switch (arguments->verb) {
  case Verb::Train: {
    Status status = parse(arguments->rest, trainTable, train.model);
    code = finish(status ? runTrain(train, hooks).status() : status);
    break;
  }
  case Verb::Eval: {
    Status status = parse(arguments->rest, evalTable, eval.model.model);
    code = finish(status ? runEval(eval, hooks).status() : status);
    break;
  }
  case Verb::Predict: {
    Status status = parse(arguments->rest, predictTable, predict.model.model);
    code = finish(status ? runPredict(predict, hooks).status() : status);
    break;
  }
  case Verb::Bench: {
    Status status = parse(arguments->rest, benchTable, bench.model);
    code = finish(status ? runBench(bench, hooks).status() : status);
    break;
  }
  }
  return hooks.isStopped() && code <= 1 ? kExitInterrupted : code;
}

} // namespace

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("ntc-run: error: out of memory\n", stderr);
  } catch (const std::exception &problem) {
    std::fprintf(stderr, "ntc-run: error: %s\n", problem.what());
  }
  return 1;
}
