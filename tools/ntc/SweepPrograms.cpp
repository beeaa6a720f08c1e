// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a point to flags, from flags to a model, from a model to an artifact.
#include "tools/ntc/SweepPrograms.h"

#include "frontend/format/OptimizerFunctions.h"
#include "frontend/zoo/Zoo.h"
#include "runtime/data/Suggest.h"
#include "tools/ntc/DataSizes.h"
#include "tools/ntc/ModelInput.h"

#include <algorithm>
#include <filesystem>

namespace ntc::driver {
namespace {

using rt::train::TrainOptions;
namespace fs = std::filesystem;

const Flag *findFlag(std::span<const Flag> flags, const std::string &name) {
  const std::string wanted = "--" + name;
  for (const Flag &flag : flags) {
    if (flag.name == wanted || flag.name.starts_with(wanted + ",")) {
      return &flag;
    }
  }
  return nullptr;
}

bool isHyperparameter(const std::string &name) {
  return name != "lr" && std::ranges::any_of(format::optimizerRules(), [&](const auto &rule) {
           return std::ranges::count(rule.hyperparameters, name,
                                     &format::HyperparameterRule::name) > 0;
         });
}

/// What a family of the zoo may be told.
std::vector<std::string_view> familyOptions(const std::string &name) {
  auto found = std::ranges::find(zoo::list(), name, &zoo::Family::name);
  return found == zoo::list().end() ? std::vector<std::string_view>() : found->options;
}

/// A name that nothing takes, with the nearest one that something takes.
Status unknownName(const Sweep &sweep, const std::string &name, std::span<const Flag> train,
                   std::span<const Flag> step) {
  const bool isParameter = std::ranges::count(sweep.space, name, &rt::search::Parameter::name) > 0;
  std::vector<std::string_view> known = familyOptions(sweep.family);
  for (const auto &table : {train, step}) {
    for (const Flag &flag : table) {
      const std::string_view text = flag.name;
      known.push_back(text.substr(2, text.find(',') - 2));
    }
  }
  for (const format::OptimizerRule &rule : format::optimizerRules()) {
    for (const format::HyperparameterRule &each : rule.hyperparameters) {
      known.push_back(each.name);
    }
  }
  const std::string_view nearest = name == "learning_rate" ? "lr" : rt::data::nearest(name, known);
  return rt::error(
      Code::InvalidArgument, isParameter ? "parameter " : "option ", quoted(name),
      " is neither a flag of 'ntc train', nor a hyperparameter of an optimizer",
      sweep.family.empty() ? std::string()
                           : concat(", nor an option of the family ", quoted(sweep.family)),
      nearest.empty() ? std::string() : concat("; did you mean ", quoted(nearest), "?"));
}

/// A flag with its value as a word. A switch is there for "true" and not for "false".
std::vector<std::string> wordOf(const Flag *flag, const std::string &name,
                                const std::string &value) {
  if (flag && flag->value.empty() && (value == "true" || value == "false")) {
    return value == "true" ? std::vector{"--" + name} : std::vector<std::string>{};
  }
  return {concat("--", name, "=", value)};
}

Status usageError(const ModelProblem &problem) {
  std::string text;
  for (const std::string &message : problem.messages) {
    text += concat(text.empty() ? "" : "; ", message);
  }
  return rt::error(problem.code == kUnsupported ? Code::Unsupported : Code::InvalidArgument, text);
}

/// The recipe's optimizer as a flag, with `values` in place of its own. Decay and momentum of 0 are
/// left out of a program; a value that is searched is there, whatever it is in the recipe.
Result<std::string> optimizerText(const OptimizerSpec &optimizer,
                                  const std::map<std::string, double> &values) {
  std::map<std::string, double> all(optimizer.hyperparameters().begin(),
                                    optimizer.hyperparameters().end());
  for (const auto &[name, value] : values) {
    if (!all.contains(name)) {
      return rt::error(Code::InvalidArgument, "optimizer ", optimizer.name(),
                       " has no hyperparameter ", quoted(name));
    }
    all[name] = value;
  }
  std::string out = optimizer.name();
  for (const auto &[name, value] : all) {
    out += concat(",", name, "=", value);
  }
  return out + (optimizer.nesterov() ? ",nesterov" : "");
}

} // namespace

Result<SweepPrograms::Words> SweepPrograms::sort(const rt::search::Point &point) const {
  TrainOptions ignored;
  StepFlags step;
  TargetFlags target;
  const std::vector<Flag> trainTable = rt::train::trainFlags(ignored);
  std::vector<Flag> stepTable;
  addModelFlags(stepTable, step, target);
  std::map<std::string, std::string> settings = sweep_.options;
  for (size_t i = 0; i < sweep_.space.size(); ++i) {
    settings[sweep_.space[i].name] = rt::search::valueText(sweep_.space[i], point[i]);
  }
  Words out;
  for (const auto &[name, value] : settings) {
    auto append = [&, &name = name, &value = value](const Flag *flag, auto &words) {
      std::ranges::move(wordOf(flag, name, value), std::back_inserter(words));
    };
    if (const Flag *flag = findFlag(trainTable, name)) {
      append(flag, out.train);
    } else if (const Flag *other = findFlag(stepTable, name)) {
      append(other, out.step);
    } else if (isHyperparameter(name)) {
      const auto number = rt::train::parseNumber(value);
      if (!number) {
        return rt::error(Code::InvalidArgument, quoted(name), ": expected a number, found ",
                         quoted(value));
      }
      out.controls[name] = *number;
    } else if (std::ranges::count(familyOptions(sweep_.family), name) > 0) {
      append(nullptr, out.family);
    } else {
      return unknownName(sweep_, name, trainTable, stepTable);
    }
  }
  return out;
}

Result<Model> SweepPrograms::load(const Words &words) {
  std::string path = sweep_.model;
  if (!sweep_.family.empty()) {
    path = concat(folder_, "/model-", programs_.size(), ".pb");
    std::error_code problem;
    fs::create_directories(folder_, problem);
    std::vector<std::string> line = {sweep_.family, "--out", path};
    line.insert(line.end(), words.family.begin(), words.family.end());
    const Verb verb{"sweep", "", "", "", runNew};
    if (runNew(verb, line) != kDone) {
      return rt::error(Code::InvalidArgument, "'ntc new ", sweep_.family, "' failed");
    }
  }
  StepFlags step;
  TargetFlags target;
  std::vector<Flag> table;
  addModelFlags(table, step, target);
  std::vector<std::string> positionals;
  if (Status status = rt::train::parseFlags(words.step, table, positionals); !status) {
    return status;
  }
  Model model;
  if (auto problem = loadModel(path, step, NeedStep::Yes, model)) {
    return usageError(*problem);
  }
  if (words.controls.empty()) {
    return model;
  }
  // Any value that is not 0 puts the hyperparameter into the program; each run sets its own.
  std::map<std::string, double> nominal;
  for (const auto &[name, value] : words.controls) {
    nominal[name] = value != 0 ? value : 0.5;
    for (const rt::search::Parameter &parameter : sweep_.space) {
      nominal[name] =
          parameter.name == name && parameter.high != 0 ? parameter.high : nominal[name];
    }
  }
  Result<std::string> optimizer = optimizerText(model.spec.optimizer(), nominal);
  if (!optimizer) {
    return optimizer.status();
  }
  step.optimizer = *optimizer;
  model = Model();
  if (auto problem = loadModel(path, step, NeedStep::Yes, model)) {
    return usageError(*problem);
  }
  return model;
}

Result<SweepProgram> SweepPrograms::make(const Words &words, const TrainOptions &options) {
  SweepProgram out;
  if (!sweep_.model.empty() && kindOf(sweep_.model) == FileKind::Elf) {
    out.path = sweep_.model;
  } else {
    Result<Model> model = load(words);
    if (!model) {
      return model.status();
    }
    Result<rt::train::Recipe> recipe = loopRecipe(*model);
    if (!recipe) {
      return recipe.status();
    }
    std::vector<int64_t> sizes;
    for (int64_t fold = 0; fold < sweep_.folds; ++fold) {
      TrainOptions one = options;
      if (sweep_.folds > 1) {
        one.fold = rt::train::Fold{fold, sweep_.folds, sweep_.isStratified};
      }
      rt::train::applyTo(one, *recipe);
      if (one.data.empty()) {
        return rt::error(Code::InvalidArgument,
                         "expected options { key: \"data\" value: \"…\" }: ", "what to train on");
      }
      Result<std::vector<int64_t>> each = trainSizes(*model, one);
      if (!each) {
        return each.status();
      }
      for (int64_t size : *each) {
        if (std::ranges::find(sizes, size) == sizes.end()) {
          sizes.push_back(size);
        }
      }
    }
    TargetFlags target;
    CompiledModel compiled;
    if (auto problem = compileOrReuse(*model, compileOptions(*model, target, sizes), CacheUse::Yes,
                                      compiled)) {
      return usageError(*problem);
    }
    compiled_ += compiled.cached ? 0 : 1;
    out.path = compiled.path;
    owners_.push_back(std::move(compiled));
  }
  auto artifact = rt::artifact::Artifact::open(out.path);
  if (!artifact) {
    return artifact.status();
  }
  out.artifact = artifact.take();
  return out;
}

Result<SweepProgram> SweepPrograms::prepare(const rt::search::Point &point, TrainOptions &options) {
  Result<Words> words = sort(point);
  if (!words) {
    return words.status();
  }
  std::vector<std::string> positionals;
  if (Status status =
          rt::train::parseFlags(words->train, rt::train::trainFlags(options), positionals);
      !status) {
    return status;
  }
  options.controls.assign(words->controls.begin(), words->controls.end());
  std::string key = concat(options.batchSize.value_or(0));
  for (const std::vector<std::string> &part : {words->family, words->step}) {
    for (const std::string &word : part) {
      key += "\n" + word;
    }
  }
  const std::lock_guard lock(mutex_);
  auto found = programs_.find(key);
  if (found == programs_.end()) {
    Result<SweepProgram> program = make(*words, options);
    if (!program) {
      return program.status();
    }
    found = programs_.emplace(key, program.take()).first;
  }
  return found->second;
}

} // namespace ntc::driver
