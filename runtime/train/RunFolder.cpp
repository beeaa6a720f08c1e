// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Records of a run.
#include "runtime/train/RunFolder.h"

#include "runtime/base/File.h"
#include "runtime/format/Json.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/EarlyStop.h"
#include "runtime/train/ScheduleSpec.h"

#include <cctype>
#include <filesystem>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

constexpr uint64_t kGreatestRecord = uint64_t{1} << 20;

std::string recordPath(const std::string &folder) { return folder + "/run.json"; }

Status writeText(const std::string &path, std::string_view text) {
  return writeFileAtomically(path, {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
}

/// Copies a file unless it is the run's own.
Status copyFile(const std::string &from, const std::string &to) {
  std::error_code problem;
  if (std::filesystem::equivalent(from, to, problem)) {
    return Status::ok();
  }
  Result<MappedFile> source = MappedFile::open(from);
  if (!source) {
    return source.status();
  }
  return writeFileAtomically(to, source->bytes());
}

std::string safeName(const std::string &model) {
  std::string out;
  for (char c : model) {
    bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    out += plain ? c : '-';
  }
  return out.empty() || out[0] == '.' ? "model" + out : out;
}

/// Removes the event files that this process wrote into the folder (report::EventFile's names).
void removeEventFiles(const std::string &folder) {
  const std::string own = concat(".", ::getpid(), ".");
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(folder, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    const std::string name = at->path().filename();
    if (name.starts_with("events.out.tfevents.") && name.find(own) != std::string::npos) {
      found.push_back(at->path());
    }
  }
  for (const std::filesystem::path &each : found) {
    std::filesystem::remove(each, ignored);
  }
}

/// What to do about a flag that a resumed run cannot take.
constexpr std::string_view kInstead =
    "; leave it out to continue bit for bit, or continue the state alone with --resume=state";

Status differs(std::string_view flag, std::string_view was, std::string_view now) {
  return error(Code::InvalidArgument, "the run was started with ", flag, " ", was, ", found ", now,
               kInstead);
}

std::string numberText(int64_t value) { return std::to_string(value); }

template <typename T>
Status takeNumber(std::string_view flag, bool exact, int64_t was, std::optional<T> &option) {
  if (!option) {
    if (was != 0 || flag == "--seed") {
      option = static_cast<T>(was);
    }
    return Status::ok();
  }
  bool same = std::cmp_equal(*option, was);
  return exact && !same ? differs(flag, numberText(was), concat(*option)) : Status::ok();
}

Status takeText(std::string_view flag, bool exact, const std::string &was, std::string &option) {
  if (option.empty()) {
    option = was;
  }
  return exact && option != was ? differs(flag, quoted(was), quoted(option)) : Status::ok();
}

Status takeSwitch(std::string_view flag, bool exact, bool was, Switch &option) {
  if (exact && option.isGiven && option.isOn != was) {
    return error(Code::InvalidArgument, "the run was started ", was ? "with " : "without ", flag,
                 kInstead);
  }
  option = option.isGiven ? option.isOn : was;
  return Status::ok();
}

/// The part of the data that validates decides what trains: it is one thing, whichever flag says
/// it.
Status takeValidation(const RunRecord &record, bool exact, TrainOptions &options) {
  TrainOptions was;
  was.valSplit = record.valSplit != 0 ? std::optional(record.valSplit) : std::nullopt;
  was.valRule = record.valRule;
  was.fold = record.fold;
  const bool isInherited = options.val.empty() && splitText(options).empty();
  if (record.fold && record.splitVersion != kSplitVersion && (exact || isInherited)) {
    return error(Code::InvalidArgument, "the run was started with ", splitText(was),
                 " by a version of ntc whose folds held other samples: it would now validate on ",
                 "samples that it has trained on; train it anew, or continue its state alone with ",
                 "--resume=state and --val");
  }
  if (isInherited) {
    options.val = record.val;
    options.valSplit = was.valSplit;
    options.valRule = was.valRule;
    options.fold = was.fold;
    return Status::ok();
  }
  const std::string before = splitText(was), now = splitText(options);
  if (!exact || (before == now && record.val == options.val)) {
    return Status::ok();
  }
  auto text = [](const std::string &split, const std::string &val) {
    return !split.empty() ? split : val.empty() ? "no validation" : "--val " + val;
  };
  return error(Code::InvalidArgument, "the run was started with ", text(before, record.val),
               ", found ", text(now, options.val), kInstead);
}

/// Learning rates, schedule and controls.
Status takeRates(const RunRecord &record, bool exact, TrainOptions &options) {
  if (!options.learningRate) {
    options.learningRate = record.learningRate;
  } else if (exact && options.learningRate != record.learningRate) {
    return differs("--lr", record.learningRate ? concat(*record.learningRate) : "of the recipe",
                   concat(*options.learningRate));
  }
  if (exact && !options.controls.empty() && options.controls != record.controls) {
    return error(Code::InvalidArgument, "the run was started with other --control", kInstead);
  }
  if (options.controls.empty()) {
    options.controls = record.controls;
  }
  if (Result<ScheduleSpec> spec = parseSchedule(options.schedule);
      !options.schedule.empty() && spec) {
    options.schedule = toText(*spec);
  }
  return takeText("--schedule", exact, record.schedule, options.schedule);
}

} // namespace

std::string toJson(const RunRecord &record) {
  format::JsonWriter json;
  json.beginObject();
  json.member("data", record.data);
  json.member("val", record.val);
  json.member("val_split", record.valSplit);
  if (record.fold) {
    json.member("fold", record.fold->fold + 1);
    json.member("folds", record.fold->folds);
    json.member("split_version", record.splitVersion);
    if (record.fold->isStratified) {
      json.member("stratified", true);
    }
  }
  if (!record.controls.empty()) {
    json.key("controls");
    json.beginObject();
    for (const auto &[name, value] : record.controls) {
      json.member(name, value);
    }
    json.endObject();
  }
  if (!record.valRule.empty()) {
    json.member("val_rule", record.valRule);
  }
  if (!record.testSplit.empty()) {
    json.member("test_split", record.testSplit);
  }
  json.member("samples", record.samples);
  json.member("batch_size", record.batchSize);
  json.member("drop_last", record.dropLast);
  json.member("shuffle", record.shuffle);
  if (!record.sampler.empty()) {
    json.member("sampler", record.sampler);
  }
  if (!record.transform.empty()) {
    json.member("transform", record.transform);
  }
  if (!record.valTransform.empty()) {
    json.member("val_transform", record.valTransform);
  }
  json.member("seed", record.seed);
  json.member("epochs", record.epochs);
  json.member("max_steps", record.maxSteps);
  if (record.learningRate) {
    json.member("lr", *record.learningRate);
  }
  json.member("schedule", record.schedule);
  json.member("early_stop", record.earlyStop);
  json.member("monitor", record.monitor);
  json.member("metrics", record.metrics);
  for (const auto &[key, value] :
       {std::pair("log_interval", record.logInterval), std::pair("save_every", record.saveEvery),
        std::pair("keep", record.keep)}) {
    if (value) {
      json.member(key, *value);
    }
  }
  json.member("program", record.program);
  json.member("ntc_version", record.version);
  json.endObject();
  return json.text() + "\n";
}

namespace {

Status readFold(const format::JsonValue &json, RunRecord &record) {
  const format::JsonValue *folds = json.find("folds");
  if (!folds) {
    return Status::ok();
  }
  const format::JsonValue *fold = json.find("fold");
  const int64_t number = fold ? fold->asInt64().value_or(0) : 0; // from 1
  const int64_t count = folds->asInt64().value_or(0);
  if (number < 1 || number > count) {
    return error(Code::Corrupt, "expected 'fold' from 1 to 'folds'");
  }
  const format::JsonValue *stratified = json.find("stratified");
  record.fold = Fold{number - 1, count, stratified && stratified->asBool().value_or(false)};
  const format::JsonValue *version = json.find("split_version");
  record.splitVersion = version ? version->asInt64().value_or(0) : 0;
  return Status::ok();
}

Status readControls(const format::JsonValue &json, RunRecord &record) {
  const format::JsonValue *controls = json.find("controls");
  for (size_t i = 0; controls && i < controls->keys().size(); ++i) {
    const std::optional<double> value = controls->items()[i].asDouble();
    if (!value) {
      return error(Code::Corrupt, "expected a number for control ", quoted(controls->keys()[i]));
    }
    record.controls.emplace_back(controls->keys()[i], *value);
  }
  return Status::ok();
}

} // namespace

Result<RunRecord> parseRunRecord(std::string_view json) {
  Result<format::JsonValue> value = format::parseJson(json);
  if (!value) {
    return value.status();
  }
  if (!value->isObject()) {
    return error(Code::Corrupt, "expected a JSON object");
  }
  RunRecord record;
  Status bad = Status::ok();
  auto member = [&](std::string_view key) { return value->find(key); };
  auto text = [&](std::string_view key, std::string &out) {
    const format::JsonValue *found = member(key);
    out = found ? found->text() : "";
  };
  auto number = [&](std::string_view key, int64_t &out) {
    const format::JsonValue *found = member(key);
    std::optional<int64_t> whole = found ? found->asInt64() : std::nullopt;
    if (!whole || *whole < 0) {
      bad = error(Code::Corrupt, "expected a whole number from 0 for '", key, "'");
    }
    out = whole.value_or(0);
  };
  auto truth = [&](std::string_view key, bool &out) {
    const format::JsonValue *found = member(key);
    std::optional<bool> flag = found ? found->asBool() : std::nullopt;
    if (!flag) {
      bad = error(Code::Corrupt, "expected true or false for '", key, "'");
    }
    out = flag.value_or(false);
  };
  text("data", record.data);
  text("val", record.val);
  number("val_split", record.valSplit);
  for (auto read : {readFold, readControls}) {
    if (Status status = read(*value, record); !status) {
      bad = status;
    }
  }
  text("val_rule", record.valRule);
  text("test_split", record.testSplit);
  number("samples", record.samples);
  number("batch_size", record.batchSize);
  truth("drop_last", record.dropLast);
  truth("shuffle", record.shuffle);
  text("sampler", record.sampler);
  text("transform", record.transform);
  text("val_transform", record.valTransform);
  number("seed", record.seed);
  number("epochs", record.epochs);
  number("max_steps", record.maxSteps);
  const format::JsonValue *rate = member("lr");
  record.learningRate = rate ? rate->asDouble() : std::nullopt;
  text("schedule", record.schedule);
  text("early_stop", record.earlyStop);
  text("monitor", record.monitor);
  text("metrics", record.metrics);
  for (const auto &[key, value] :
       {std::pair("log_interval", &record.logInterval), std::pair("save_every", &record.saveEvery),
        std::pair("keep", &record.keep)}) {
    if (member(key)) {
      number(key, value->emplace());
    }
  }
  text("program", record.program);
  text("ntc_version", record.version);
  if (!bad) {
    return bad;
  }
  return record;
}

Status continueFrom(const RunRecord &record, TrainOptions &options) {
  const bool exact = options.resume == ResumeMode::Exact;
  if (Status s = takeText("--data", exact, record.data, options.data); !s) {
    return s;
  }
  if (Status s = takeValidation(record, exact, options); !s) {
    return s;
  }
  if (Status s = takeText("--test-split", exact, record.testSplit, options.testSplit); !s) {
    return s;
  }
  if (Status s = takeRates(record, exact, options); !s) {
    return s;
  }
  if (Status s = takeNumber("--batch-size", exact, record.batchSize, options.batchSize); !s) {
    return s;
  }
  if (Status s = takeNumber("--seed", exact, record.seed, options.seed); !s) {
    return s;
  }
  if (Status s = takeSwitch("--drop-last", exact, record.dropLast, options.dropLast); !s) {
    return s;
  }
  if (Status s = takeSwitch("--no-shuffle", exact, !record.shuffle, options.noShuffle); !s) {
    return s;
  }
  if (Status s = takeText("--sampler", exact, record.sampler, options.sampler); !s) {
    return s;
  }
  if (Status s = takeText("--transform", exact, record.transform, options.transform); !s) {
    return s;
  }
  if (Status s = takeText("--val-transform", exact, record.valTransform, options.valTransform);
      !s) {
    return s;
  }
  auto take = [](std::string &option, const std::string &was) {
    option = option.empty() ? was : option;
  };
  take(options.earlyStop, record.earlyStop);
  take(options.monitor, record.monitor);
  for (std::string_view left = options.metrics.empty() ? std::string_view(record.metrics) : "";
       !left.empty();) {
    const size_t end = std::min(left.find(','), left.size());
    options.metrics.emplace_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  for (const auto &[option, was] :
       {std::pair(&options.logInterval, record.logInterval),
        std::pair(&options.saveEvery, record.saveEvery), std::pair(&options.keep, record.keep)}) {
    *option = *option ? *option : was;
  }
  if (!options.epochs && !options.maxSteps) {
    options.epochs = record.epochs != 0 ? std::optional(record.epochs) : std::nullopt;
    options.maxSteps = record.maxSteps != 0 ? std::optional(record.maxSteps) : std::nullopt;
  }
  return Status::ok();
}

void keepLength(const RunRecord &before, int64_t stepsPerEpoch, RunRecord &record) {
  auto end = [&](const RunRecord &run) {
    int64_t steps = 0;
    const bool isBounded =
        run.epochs != 0 && !__builtin_mul_overflow(run.epochs, stepsPerEpoch, &steps);
    return std::min(isBounded ? steps : INT64_MAX, run.maxSteps != 0 ? run.maxSteps : INT64_MAX);
  };
  if (end(before) > end(record)) {
    record.epochs = before.epochs;
    record.maxSteps = before.maxSteps;
  }
}

bool holdsRun(const std::string &folder) { return ::access(recordPath(folder).c_str(), F_OK) == 0; }

std::optional<int64_t> chosenStep(const std::string &folder, std::string_view which) {
  const Checkpoints checkpoints = Checkpoints::view(folder);
  if (which.empty() && holdsRun(folder)) {
    const Result<RunRecord> record = readRunRecord(folder);
    const Result<EarlyStopSpec> stop =
        record && !record->earlyStop.empty() ? parseEarlyStop(record->earlyStop) : EarlyStopSpec();
    which = stop && !stop->restoreBest ? "latest" : which;
  }
  std::optional<int64_t> step = which != "latest" ? checkpoints.marked(Mark::Best) : std::nullopt;
  return step || which == "best" ? step : checkpoints.marked(Mark::Latest);
}

std::string newRunNote(std::string_view folder) {
  return concat("note: a new run of the model of ", quoted(folder),
                "; with --resume that run itself goes on");
}

Result<RunRecord> readRunRecord(const std::string &folder) {
  Result<std::vector<uint8_t>> bytes = readFile(recordPath(folder), kGreatestRecord);
  if (!bytes) {
    return bytes.status().code() == Code::NotFound
               ? error(Code::NotFound, "folder '", folder, "' holds no run to resume (no run.json)")
               : bytes.status();
  }
  return withContext(parseRunRecord({reinterpret_cast<const char *>(bytes->data()), bytes->size()}),
                     recordPath(folder));
}

void releaseRunFolder(const std::string &folder) {
  if (Checkpoints::view(folder).steps().empty()) {
    std::error_code ignored;
    std::filesystem::remove(recordPath(folder), ignored);
    removeEventFiles(folder);
  }
}

Result<std::string> newRunFolder(const std::string &requested, const std::string &model) {
  if (!requested.empty()) {
    if (holdsRun(requested)) {
      const bool isBegun = !Checkpoints::view(requested).steps().empty();
      return error(Code::InvalidArgument, "folder '", requested, "' holds a run already; ",
                   isBegun ? "continue it with --resume"
                           : "it has no checkpoint: delete the folder unless the run is under way,",
                   " or choose another --out");
    }
    return requested;
  }
  const std::string base = "runs/" + safeName(model);
  std::string folder = base;
  for (int64_t n = 2; ::access(folder.c_str(), F_OK) == 0; ++n) {
    folder = concat(base, "-", n);
  }
  return folder;
}

Status writeRunFolder(const std::string &folder, const RunRecord &record,
                      const std::string &recipeJson, const std::string &artifact,
                      const std::string &weightsFile) {
  if (Result<bool> created = createFolders(folder); !created) {
    return created.status();
  }
  if (!artifact.empty()) {
    if (Status status = copyFile(artifact, folder + "/model.so"); !status) {
      return status;
    }
    if (!weightsFile.empty()) {
      Status status = copyFile(folderOf(artifact) + "/" + weightsFile, folder + "/" + weightsFile);
      if (!status) {
        return withContext(status, "the weights that the program was compiled with");
      }
    }
  }
  if (Status status = writeText(folder + "/train.json", recipeJson); !status) {
    return status;
  }
  return writeText(recordPath(folder), toJson(record));
}

} // namespace ntc::rt::train
