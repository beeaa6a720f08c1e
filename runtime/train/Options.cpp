// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables of flags.
#include "runtime/train/Options.h"

#include "runtime/data/SamplerSpec.h"
#include "runtime/data/Split.h"
#include "runtime/data/Suggest.h"
#include "runtime/data/image/Transform.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/Collector.h"
#include "runtime/train/EarlyStop.h"
#include "runtime/train/Initializers.h"
#include "runtime/train/ScheduleSpec.h"

#include <algorithm>
#include <array>

namespace ntc::rt::train {
namespace {

constexpr int64_t kMostThreads = 1024;
constexpr int64_t kMostWorkers = 256;

Flag threadsFlag(std::optional<int64_t> &target) {
  return integerFlag(
      "--threads", target, 1, kMostThreads,
      "most threads to compute with; results do not depend on it (default: all cores that "
      "the process may use)");
}

Flag allThreadsFlag(bool &target) {
  return switchFlag("--all-threads", target,
                    "use all threads in every step, also where fewer are measured to be faster");
}

Flag resumeFlag(ResumeMode &target) {
  auto set = [&target](std::string_view text) {
    if (!text.empty() && text != "state") {
      return error(Code::InvalidArgument, "expected --resume or --resume=state, found ",
                   quoted(text));
    }
    target = text.empty() ? ResumeMode::Exact : ResumeMode::State;
    return Status::ok();
  };
  return {
      "--resume", "state",
      "continue --out from its last checkpoint, bit for bit; with =state also after the step was "
      "compiled anew, without that promise",
      set, true};
}

/// A switch that "=false" turns off, where a recipe may have turned it on.
Flag switchFlag(std::string name, Switch &target, std::string help) {
  auto set = [&target](std::string_view text) {
    if (!text.empty() && text != "true" && text != "false") {
      return error(Code::InvalidArgument, "expected true or false, found ", quoted(text));
    }
    target = text != "false";
    return Status::ok();
  };
  return {std::move(name), "false", std::move(help), set, true};
}

Flag keepFlag(std::optional<int64_t> &target) {
  Flag flag = integerFlag("--keep", target, Checkpoints::kLeastKept, INT32_MAX,
                          "newest checkpoints to keep (default and least: 2, so that a damaged one "
                          "leaves another)");
  flag.set = [set = flag.set](std::string_view text) {
    const Status status = set(text);
    const bool isTooFew = parseInteger(text).value_or(INT64_MAX) < Checkpoints::kLeastKept;
    return !status && isTooFew
               ? error(Code::InvalidArgument, status.message(),
                       ": at least two checkpoints are kept, so that a damaged newest one leaves ",
                       "another")
               : status;
  };
  return flag;
}

Flag foldFlag(std::optional<Fold> &target) {
  auto set = [&target](std::string_view text) {
    const Result<data::SplitRule> rule = data::SplitRule::parse(text);
    if (!rule || rule->folds == 0) {
      return error(Code::InvalidArgument, "expected a fold such as 1/5 or 1/5,stratified, found ",
                   quoted(text));
    }
    target = Fold{rule->fold - 1, rule->folds, rule->isStratified};
    return Status::ok();
  };
  return {"--fold", "I/K",
          "validate on part I of K equal parts of --data, train on the others; with ',stratified' "
          "each class keeps its share in every part",
          set, false};
}

Flag controlFlag(std::vector<std::pair<std::string, double>> &target) {
  auto set = [&target](std::string_view text) {
    const size_t equals = text.find('=');
    const auto value =
        equals == std::string_view::npos ? std::nullopt : parseNumber(text.substr(equals + 1));
    if (!value || equals == 0) {
      return error(Code::InvalidArgument, "expected a control and its value such as ",
                   "weight_decay=1e-4, found ", quoted(text));
    }
    target.emplace_back(text.substr(0, equals), *value);
    return Status::ok();
  };
  return {"--control", "NAME=X",
          "set a hyperparameter that the program takes while it runs (beta1, weight_decay, …; 'ntc "
          "inspect model.so' lists them); may be repeated",
          set, false};
}

Flag progressFlag(bool &table) {
  auto set = [&table](std::string_view text) {
    constexpr std::array<std::string_view, 2> names = {"lines", "table"};
    if (text != "lines" && text != "table") {
      return error(Code::InvalidArgument, "expected lines or table, found ", quoted(text),
                   data::didYouMean(text, names));
    }
    table = text == "table";
    return Status::ok();
  };
  return {"--progress", "FORM", "how ends of epochs are printed: lines (default) or table", set,
          false};
}

Flag deviceFlag() {
  auto set = [](std::string_view text) {
    if (text == "auto" || text == "cpu") {
      return Status::ok();
    }
    if (text == "cuda") {
      return error(Code::InvalidArgument,
                   "this version runs on the CPU only; leave it out or write "
                   "--device=cpu");
    }
    constexpr std::array<std::string_view, 3> names = {"auto", "cpu", "cuda"};
    return error(Code::InvalidArgument, "expected auto, cpu or cuda, found ", quoted(text),
                 data::didYouMean(text, names));
  };
  return {"--device", "NAME", "auto or cpu", set, false};
}

/// A list of transforms, checked for syntax.
Flag transformFlag(std::string name, std::string &target, std::string help) {
  auto set = [&target](std::string_view text) {
    Result<data::TransformList> list = data::TransformList::parse(text);
    target = list ? std::string(text) : "";
    return list.status();
  };
  return {std::move(name), "LIST", std::move(help), set, false};
}

Flag splitFlag(TrainOptions &o) {
  auto set = [&o](std::string_view text) {
    Result<data::SplitRule> rule = data::SplitRule::parse(text);
    if (!rule) {
      return rule.status();
    }
    const bool isNumber = rule->count > 0 && !rule->isStratified && !rule->isLast;
    o.valSplit = isNumber ? std::optional(rule->count) : std::nullopt;
    o.valRule = isNumber ? "" : std::string(text);
    return Status::ok();
  };
  return {"--val-split", "PART",
          "validate on a part of --data, chosen by the seed, instead: N samples, a share (0.2, "
          "20%), or fold I of K (2/5); with ',stratified' each class keeps its share, with ',last' "
          "the last samples of a series",
          set, false};
}

Flag testFlag(std::string &target) {
  auto set = [&target](std::string_view text) {
    Result<data::SplitRule> rule = data::SplitRule::parse(text);
    if (rule && rule->folds > 0) {
      return error(Code::InvalidArgument,
                   "expected a number of samples or a share, found the fold ", quoted(text));
    }
    target = rule ? std::string(text) : "";
    return rule.status();
  };
  return {"--test-split", "PART",
          "keep a part of --data from training and validation, for 'ntc eval RUN': N samples or a "
          "share, as --val-split, which divides the rest",
          set, false};
}

Flag partFlag(std::string &target) {
  auto set = [&target](std::string_view text) {
    constexpr std::array<std::string_view, 3> names = {"train", "val", "test"};
    if (std::ranges::find(names, text) == names.end()) {
      return error(Code::InvalidArgument, "expected train, val or test, found ", quoted(text),
                   data::didYouMean(text, names));
    }
    target = text;
    return Status::ok();
  };
  return {"--part", "NAME",
          "train, val or test: that part of the run's own data, as the run divided it (default "
          "without --data: test)",
          set, false};
}

Flag samplerFlag(std::string &target) {
  auto set = [&target](std::string_view text) {
    target = text;
    return data::parseSampler(text).status();
  };
  return {"--sampler", "SAMPLER",
          "which samples make an epoch, with settings after commas: random (each once, the "
          "default), 'window,size=10000' (each once, shuffled among that many that lie beside each "
          "other, for data larger than memory), weighted (drawn with replacement, each class "
          "equally likely, or by 'weights=FILE.npy' or 'weights=FILE.csv:COLUMN'; num_samples=N, "
          "replacement=false), stratified (each once, batches with the classes' shares), bucketed "
          "(each once, batches of sequences of about the same length)",
          set, false};
}

Flag workersFlag(std::optional<int64_t> &target) {
  return integerFlag("--workers", target, 0, kMostWorkers,
                     "threads that read and transform data; results do not depend on it (default: "
                     "up to 4 for pictures, else one where it pays)");
}

constexpr std::string_view kCheckpointHelp =
    "state to take from a run folder: best, latest or a safetensors file (default: best, else "
    "latest); needed with an artifact";

} // namespace

std::string shellWord(std::string_view word) {
  constexpr std::string_view harmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
  if (!word.empty() && word.find_first_not_of(harmless) == std::string_view::npos) {
    return std::string(word);
  }
  std::string out = "'";
  for (char c : word) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

Flag averagedFlag(ModelOptions &options) {
  return switchFlag("--averaged", options.averaged,
                    "take the averages of the weights that the run kept (--average)");
}

namespace {

void appendModelFlags(std::vector<Flag> &flags, ModelOptions &options) {
  flags.push_back(
      textFlag("--checkpoint", "WHICH", options.checkpoint, std::string(kCheckpointHelp)));
  flags.push_back(averagedFlag(options));
  flags.push_back(threadsFlag(options.threads));
  flags.push_back(allThreadsFlag(options.allThreads));
  flags.push_back(deviceFlag());
}

Flag initFlag(std::vector<std::string> &target) {
  auto set = [&target](std::string_view text) {
    target.emplace_back(text);
    return parseInitRule(text).status();
  };
  return {
      "--init", "RULE",
      concat(
          "first values by name, as torch.nn.init: 'fc*.weight=kaiming_normal(mode=fan_out)'; "
          "the pattern is a glob over the whole name (* ? [abc]) or a regular expression between "
          "slashes; may be repeated, the last rule that fits counts. Known: ",
          initFunctionsText()),
      set, false};
}

Flag metricsFlag(std::vector<std::string> &target, std::string_view what) {
  auto set = [&target](std::string_view text) {
    target.clear();
    for (bool more = true; more;) {
      const size_t end = std::min(text.find(','), text.size());
      if (end == 0) {
        return error(Code::InvalidArgument, "expected names as f1,roc_auc");
      }
      target.emplace_back(text.substr(0, end));
      if (Status status = checkMetricName(target.back()); !status) {
        return status;
      }
      more = end < text.size();
      text.remove_prefix(more ? end + 1 : end);
    }
    return Status::ok();
  };
  return {"--metrics", "LIST", concat(what, ", as scikit-learn's: ", metricNamesText()), set,
          false};
}

Flag earlyStopFlag(std::string &target) {
  auto set = [&target](std::string_view text) {
    target = text.empty() ? "patience=3" : text;
    return parseEarlyStop(text).status();
  };
  return {"--early-stop", "SETTINGS",
          "stop when a metric no longer improves: patience=3,monitor=val_loss,mode=min,min_delta=0,"
          "restore_best=true are the defaults; mode follows the metric",
          set, true};
}

} // namespace

Flag scheduleFlag(std::string &target) {
  std::string names;
  for (std::string_view name : scheduleNames()) {
    names += concat(names.empty() ? "" : ", ", name);
  }
  auto set = [&target](std::string_view text) {
    target = text;
    return parseSchedule(text).status();
  };
  return {"--schedule", "SCHEDULE",
          concat("learning rate over the run, as PyTorch's schedulers, with settings after commas: "
                 "cosine,t_max=20, onecycle,max_lr=0.1, plateau,monitor=val_loss,patience=3, "
                 "'sequential(linear,total_iters=5;exponential,gamma=0.9),milestones=5'; "
                 "interval=step counts steps instead of epochs (default: the model's). Known: ",
                 names),
          set, false};
}

std::vector<Flag> trainFlags(TrainOptions &o) {
  return {
      textFlag("--data", "DATA", o.data,
               "what to train on: fashion-mnist, mnist:DIR, cifar10:DIR, imagefolder:DIR, "
               "csv:FILE?target=COLUMN, npz:FILE, synthetic and others (docs/data.md); options "
               "follow a question mark"),
      textFlag("--val", "DATA", o.val, "what to validate on after every epoch"),
      splitFlag(o),
      foldFlag(o.fold),
      testFlag(o.testSplit),
      controlFlag(o.controls),
      integerFlag("--epochs", o.epochs, 1, INT64_MAX,
                  "passes over the data (default: the model's, else 10)"),
      integerFlag("--max-steps", o.maxSteps, 1, INT64_MAX,
                  "stop after N steps, counted from the run's start"),
      durationFlag("--max-time", o.maxTime,
                   "stop when this process has trained that long: the step under way is finished "
                   "with all its batches, then the run validates and saves"),
      integerFlag("--batch-size", o.batchSize, 1, INT32_MAX,
                  "samples per step; the artifact must have been compiled for it"),
      switchFlag("--drop-last", o.dropLast, "leave out an epoch's last batch if it is smaller"),
      switchFlag("--no-shuffle", o.noShuffle, "keep the data's order"),
      samplerFlag(o.sampler),
      transformFlag("--transform", o.transform,
                    "torchvision's transforms of training pictures, for example "
                    "'RandomCrop(28,padding=2),RandomHorizontalFlip(),ToTensor(),Normalize(0.286,"
                    "0.353)'"),
      transformFlag("--val-transform", o.valTransform,
                    "those of pictures that validate or are evaluated later (default: --transform "
                    "without what is random)"),
      workersFlag(o.workers),
      integerFlag("--prefetch-factor", o.prefetchFactor, 1, 1024,
                  "batches that each worker makes ahead (default: 2, more of small ones)"),
      numberFlag("--lr", o.learningRate, 0.0, "learning rate (default: the model's)"),
      scheduleFlag(o.schedule),
      earlyStopFlag(o.earlyStop),
      metricsFlag(o.metrics, "metrics that every validation computes from predictions"),
      textFlag("--monitor", "METRIC", o.monitor,
               "metric that decides which checkpoint is 'best' (default: that of --early-stop, "
               "else val_accuracy, else val_loss)"),
      initFlag(o.init),
      textFlag("--weights", "FILE", o.weights,
               "initial parameters from a safetensors file, by state_dict names"),
      unsignedFlag(
          "--seed", o.seed,
          "seed of initial values, of the order of samples and of dropout (default: the model's)"),
      threadsFlag(o.threads),
      allThreadsFlag(o.allThreads),
      deviceFlag(),
      textFlag("--out,-o", "DIR", o.out, "run folder (default: runs/MODEL)"),
      resumeFlag(o.resume),
      integerFlag("--save-every", o.saveEvery, 1, INT64_MAX,
                  "write a checkpoint every N steps, besides the one after each epoch"),
      keepFlag(o.keep),
      integerFlag(
          "--log-interval", o.logInterval, 1, INT64_MAX,
          "steps between log lines and records in metrics.jsonl (default: ten lines and one "
          "record per epoch)"),
      switchFlag("--no-tensorboard", o.noTensorboard,
                 "write no event files for TensorBoard into the run folder"),
      progressFlag(o.progressTable),
      switchFlag("--no-report", o.noReport, "write no report.html at the end"),
      switchFlag("--check-numerics", o.checkNumerics,
                 "stop at the first value that is nan or infinite and name it; slow"),
      switchFlag("--dry-run", o.dryRun, "run one batch of each kind and write nothing"),
      switchFlag("--json", o.json, "print the result as one JSON object"),
  };
}

std::vector<Flag> stepFlagsRefused() {
  auto refuse = [](std::string name, std::string_view what) {
    return refusedFlag(name,
                       concat("the ", what, " is compiled into the artifact; compile the model ",
                              "again with it: 'ntc compile model.pb ", name, "=…'"));
  };
  std::vector<Flag> flags = {
      refuse("--optimizer", "optimizer"),
      refuse("--loss", "loss"),
      refuse("--precision", "precision"),
      refuse("--freeze", "set of trained parameters"),
      refuse("--mcpu", "instruction set"),
      refuse("--memory-budget", "memory plan"),
      refusedFlag("--no-cache", "an artifact is run as it is; there is no cache to bypass"),
  };
  for (const char *name :
       {"--spec", "--unfreeze", "--reinit", "--clip-grad-norm", "--clip-grad-value",
        "--log-grad-norm", "--accumulate", "--average", "--param-group", "--penalty", "--denormals",
        "--disable-pass", "--tuning", "-O0", "-O1", "-O2", "-O3"}) {
    flags.push_back(refusedFlag(
        name,
        "this is compiled into the artifact; give it to 'ntc compile' or train the model.pb"));
  }
  return flags;
}

std::vector<Flag> evalFlags(EvalOptions &o) {
  std::vector<Flag> flags = {
      textFlag("--data", "DATA", o.data, "what to evaluate on (its test split where it has one)"),
      partFlag(o.part),
      transformFlag("--transform", o.transform, "transforms of pictures (default: the run's)"),
      workersFlag(o.workers),
      integerFlag("--batch-size", o.batchSize, 1, INT32_MAX, "samples per step"),
      switchFlag("--drop-last", o.dropLast, "leave out the last batch if it is smaller"),
      metricsFlag(o.metrics, "metrics computed from predictions"),
      switchFlag("--report", o.report,
                 "precision, recall, F1 and support of every class; with --json also the confusion "
                 "matrix"),
      switchFlag("--json", o.json, "print the result as one JSON object"),
  };
  appendModelFlags(flags, o.model);
  return flags;
}

std::vector<Flag> predictFlags(PredictOptions &o) {
  std::vector<Flag> flags = {
      textFlag("--data", "DATA", o.data, "what to predict for (its test split where it has one)"),
      partFlag(o.part),
      transformFlag("--transform", o.transform, "transforms of pictures (default: the run's)"),
      workersFlag(o.workers),
      textFlag("--out,-o", "FILE", o.out,
               "where to write: FILE.csv, FILE.jsonl or FILE.npy; - is CSV to standard output"),
      integerFlag("--batch-size", o.batchSize, 1, INT32_MAX, "samples per step"),
  };
  appendModelFlags(flags, o.model);
  return flags;
}

std::vector<Flag> benchFlags(BenchOptions &o) {
  return {
      integerFlag("--batch-size", o.batchSize, 1, INT32_MAX, "samples per step"),
      threadsFlag(o.threads),
      allThreadsFlag(o.allThreads),
      numberFlag("--seconds", o.seconds, 0.01, "measured time (default: 3)"),
      switchFlag("--json", o.json, "print the result as one JSON object"),
  };
}

std::string joined(std::span<const std::string> names) {
  std::string out;
  for (const std::string &name : names) {
    out += concat(out.empty() ? "" : ",", name);
  }
  return out;
}

std::vector<Flag> profileFlags(ProfileOptions &o) {
  return {
      integerFlag("--batch-size", o.batchSize, 1, INT32_MAX, "samples per step"),
      threadsFlag(o.threads),
      integerFlag("--steps", o.steps, 1, 1'000'000, "measured steps (default: 20)"),
      textFlag("--trace", "FILE", o.trace,
               "also write every call's time for chrome://tracing or Perfetto"),
      switchFlag("--json", o.json, "print the result as one JSON object"),
  };
}

Result<data::SplitRule> splitRuleOf(const TrainOptions &options) {
  if (options.fold) {
    return data::SplitRule{.fold = options.fold->fold + 1,
                           .folds = options.fold->folds,
                           .isStratified = options.fold->isStratified};
  }
  if (options.valRule.empty()) {
    return data::SplitRule{.count = options.valSplit.value_or(0)};
  }
  return data::SplitRule::parse(options.valRule);
}

std::string foldText(const Fold &fold) {
  return concat(fold.fold + 1, "/", fold.folds, fold.isStratified ? ",stratified" : "");
}

std::string splitText(const TrainOptions &options) {
  if (options.fold) {
    return "--fold " + foldText(*options.fold);
  }
  const bool isThere = options.valSplit || !options.valRule.empty();
  return isThere ? concat("--val-split ",
                          options.valSplit ? std::to_string(*options.valSplit) : options.valRule)
                 : "";
}

std::string commandLine(const TrainOptions &o) {
  std::string out = o.model.empty() ? "" : shellWord(o.model);
  auto text = [&out](std::string_view flag, std::string_view value) {
    out += value.empty() ? "" : concat(" ", flag, " ", shellWord(value));
  };
  auto number = [&out](std::string_view flag, const auto &value) {
    out += value ? concat(" ", flag, " ", *value) : "";
  };
  text("--data", o.data);
  text("--val", o.val);
  number("--val-split", o.valSplit);
  text("--val-split", o.valRule);
  text("--fold", o.fold ? foldText(*o.fold) : "");
  text("--test-split", o.testSplit);
  for (const auto &[name, value] : o.controls) {
    out += concat(" --control ", shellWord(concat(name, "=", value)));
  }
  number("--epochs", o.epochs);
  number("--max-steps", o.maxSteps);
  number("--max-time", o.maxTime);
  number("--batch-size", o.batchSize);
  out += o.dropLast ? " --drop-last" : "";
  out += o.noShuffle ? " --no-shuffle" : "";
  text("--sampler", o.sampler);
  text("--transform", o.transform);
  text("--val-transform", o.valTransform);
  number("--workers", o.workers);
  number("--prefetch-factor", o.prefetchFactor);
  number("--lr", o.learningRate);
  for (const std::string &rule : o.init) {
    text("--init", rule);
  }
  text("--schedule", o.schedule);
  out += o.earlyStop.empty() ? "" : " --early-stop=" + shellWord(o.earlyStop);
  text("--monitor", o.monitor);
  text("--metrics", joined(o.metrics));
  out += o.checkNumerics ? " --check-numerics" : "";
  text("--weights", o.weights);
  number("--seed", o.seed);
  number("--threads", o.threads);
  out += o.allThreads ? " --all-threads" : "";
  text("--out", o.out);
  number("--save-every", o.saveEvery);
  number("--keep", o.keep);
  number("--log-interval", o.logInterval);
  out += o.progressTable ? " --progress=table" : "";
  out += o.noTensorboard ? " --no-tensorboard" : "";
  out += o.noReport ? " --no-report" : "";
  return out;
}

int exitCodeOf(const Status &status) {
  switch (status.code()) {
  case Code::Ok:
    return 0;
  case Code::InvalidArgument:
    return 2;
  case Code::Unsupported:
    return 3;
  default:
    return 1;
  }
}

} // namespace ntc::rt::train
