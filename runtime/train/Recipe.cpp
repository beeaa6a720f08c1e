// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and rewriting TrainSpec's JSON.
#include "runtime/train/Recipe.h"

#include "runtime/train/EarlyStop.h"
#include "runtime/train/RecipeLines.h"
#include "runtime/train/ScheduleSpec.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ntc::rt::train {
namespace {

using format::JsonValue;
using format::JsonWriter;

const JsonValue *member(const JsonValue &object, std::string_view camel, std::string_view snake) {
  const JsonValue *value = object.find(camel);
  return value ? value : object.find(snake);
}

/// An unsigned 64-bit integer, written as a number or, as protobuf does, as a string.
std::optional<uint64_t> wholeNumber(const JsonValue &value) {
  if (!value.isString()) {
    return value.asUInt64();
  }
  const std::string &text = value.text();
  uint64_t number = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool whole = problem == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(number) : std::nullopt;
}

Status wrongKind(std::string_view name, std::string_view expected) {
  return error(Code::Corrupt, "the recipe's '", name, "' should be ", expected);
}

Status readSizes(const JsonValue &list, std::vector<int64_t> &sizes) {
  for (const JsonValue &item : list.items()) {
    std::optional<int64_t> size = item.asInt64();
    if (!size || *size < 1 || *size > INT32_MAX) {
      return wrongKind("batchSizes", "a list of whole numbers from 1");
    }
    sizes.push_back(*size);
  }
  return Status::ok();
}

Status readAverage(const JsonValue &average, AverageRecipe &recipe) {
  const JsonValue *name = average.find("name");
  recipe.isOn = name && !name->text().empty();
  recipe.isEma = recipe.isOn && name->text() == "ema";
  for (auto [key, target] :
       {std::pair("every", &recipe.every), std::pair("start", &recipe.start)}) {
    const JsonValue *value = average.find(key);
    std::optional<uint64_t> number = value ? wholeNumber(*value) : 0;
    if (!number || *number > static_cast<uint64_t>(INT64_MAX)) {
      return wrongKind(concat("average.", key), "a whole number");
    }
    *target = static_cast<int64_t>(*number);
  }
  return Status::ok();
}

/// Refuses numbers that are beyond those of 64 bits, such as 1e999. `path` is for messages.
Status checkNumbers(const JsonValue &value, const std::string &path) {
  if (value.kind() == JsonValue::Kind::Number && !value.asDouble()) {
    return wrongKind(path, concat("a finite number of 64 bits, found ", value.text()));
  }
  for (size_t i = 0; i < value.items().size(); ++i) {
    const std::string key = value.isObject() ? value.keys()[i] : concat("[", i, "]");
    const bool isDotted = value.isObject() && !path.empty();
    if (Status s = checkNumbers(value.items()[i], concat(path, isDotted ? "." : "", key)); !s) {
      return s;
    }
  }
  return Status::ok();
}

Status readMembers(Recipe &recipe) {
  const JsonValue &spec = recipe.spec;
  if (const JsonValue *seed = spec.find("seed")) {
    std::optional<uint64_t> value = wholeNumber(*seed);
    if (!value) {
      return wrongKind("seed", "a whole number");
    }
    recipe.seed = *value;
  }
  if (const JsonValue *epochs = spec.find("epochs")) {
    std::optional<int64_t> value = epochs->asInt64();
    if (!value || *value < 0) {
      return wrongKind("epochs", "a whole number");
    }
    recipe.epochs = *value;
    recipe.lines.epochs = *value > 0 ? value : std::nullopt;
  }
  if (const JsonValue *accumulate = spec.find("accumulate")) {
    std::optional<int64_t> value = accumulate->asInt64();
    if (!value || *value < 0) {
      return wrongKind("accumulate", "a whole number");
    }
    recipe.accumulate = std::max<int64_t>(*value, 1);
  }
  if (const JsonValue *loss = spec.find("loss")) {
    const JsonValue *name = loss->find("name");
    recipe.lossName = name ? name->text() : "";
  }
  if (const JsonValue *optimizer = spec.find("optimizer")) {
    const JsonValue *all = optimizer->find("hyperparameters");
    const JsonValue *rate = all ? all->find("lr") : nullptr;
    recipe.learningRate = rate ? rate->asDouble() : std::nullopt;
    if (rate && !recipe.learningRate) {
      return wrongKind("optimizer.hyperparameters.lr", "a number");
    }
  }
  if (const JsonValue *average = spec.find("average")) {
    if (Status status = readAverage(*average, recipe.average); !status) {
      return status;
    }
  }
  if (Status status = readLines(spec, recipe.lines); !status) {
    return status;
  }
  const JsonValue *sizes = member(spec, "batchSizes", "batch_sizes");
  return sizes ? readSizes(*sizes, recipe.batchSizes) : Status::ok();
}

void copyValue(const JsonValue &value, JsonWriter &out) {
  switch (value.kind()) {
  case JsonValue::Kind::Null:
    return out.null();
  case JsonValue::Kind::Bool:
    return out.boolean(*value.asBool());
  case JsonValue::Kind::String:
    return out.string(value.text());
  case JsonValue::Kind::Number:
    return value.asInt64() ? out.integer(*value.asInt64()) : out.number(*value.asDouble());
  case JsonValue::Kind::Array:
    out.beginArray();
    for (const JsonValue &item : value.items()) {
      copyValue(item, out);
    }
    return out.endArray();
  case JsonValue::Kind::Object:
    out.beginObject();
    for (size_t i = 0; i < value.items().size(); ++i) {
      out.key(value.keys()[i]);
      copyValue(value.items()[i], out);
    }
    return out.endObject();
  }
}

/// Copies the members of `object` (may be null) except those in `without`.
void copyMembers(const JsonValue *object, std::span<const std::string_view> without,
                 JsonWriter &out) {
  for (size_t i = 0; object && i < object->items().size(); ++i) {
    if (std::ranges::find(without, object->keys()[i]) == without.end()) {
      out.key(object->keys()[i]);
      copyValue(object->items()[i], out);
    }
  }
}

void writeOptimizer(const JsonValue *optimizer, double learningRate, JsonWriter &out) {
  out.key("optimizer");
  out.beginObject();
  copyMembers(optimizer, std::array{std::string_view("hyperparameters")}, out);
  out.key("hyperparameters");
  out.beginObject();
  copyMembers(optimizer ? optimizer->find("hyperparameters") : nullptr,
              std::array{std::string_view("lr")}, out);
  out.key("lr");
  out.number(learningRate);
  out.endObject();
  out.endObject();
}

} // namespace

Result<Recipe> parseRecipe(std::string_view json) {
  Result<JsonValue> spec = format::parseJson(json.empty() ? "{}" : json);
  if (!spec) {
    return withContext(spec.status(), "the recipe");
  }
  if (!spec->isObject()) {
    return error(Code::Corrupt, "the recipe should be a JSON object");
  }
  Recipe recipe;
  recipe.spec = spec.take();
  if (Status status = checkNumbers(recipe.spec, ""); !status) {
    return status;
  }
  if (Status status = readMembers(recipe); !status) {
    return status;
  }
  return recipe;
}

std::vector<std::string> applyTo(TrainOptions &options, const Recipe &recipe) {
  std::vector<std::string> notes;
  const TrainOptions &said = recipe.lines;
  takeLines(said, options);
  if (options.resume != ResumeMode::No) {
    return notes;
  }
  const bool validates = !options.val.empty() || !splitText(options).empty();
  auto take = [&](auto &target, const auto &value, std::string_view what, bool needsValidation) {
    if (!target.empty() || value.empty()) {
      return;
    }
    if (needsValidation && !validates) {
      notes.push_back(concat("note: the model's ", what,
                             " left out: the run has no validation; add --val or --val-split"));
      return;
    }
    target = value;
  };
  auto isOfValidation = [](std::string_view metric) { return metric.starts_with("val_"); };
  const Result<EarlyStopSpec> stop = parseEarlyStop(said.earlyStop);
  take(options.earlyStop, said.earlyStop, "early stopping is",
       stop && isOfValidation(stop->monitor));
  take(options.monitor, said.monitor, "monitor is", isOfValidation(said.monitor));
  take(options.metrics, said.metrics, "metrics of the validation are", true);
  return notes;
}

std::string withOverrides(const Recipe &recipe, const RecipeOverrides &overrides) {
  JsonWriter out;
  out.beginObject();
  std::vector<std::string_view> without = {"optimizer",   "seed",     "epochs",       "batchSizes",
                                           "batch_sizes", "schedule", "preprocessing"};
  const Result<JsonValue> lines = format::parseJson(overrides.lines);
  for (const std::string &name : recipe.spec.keys()) {
    if (lines && (isLine(name) || lines->find(name))) {
      without.push_back(name);
    }
  }
  copyMembers(&recipe.spec, without, out);
  copyMembers(lines ? &*lines : nullptr, {}, out);
  if (Result<ScheduleSpec> schedule = parseSchedule(overrides.schedule); schedule) {
    out.key("schedule");
    writeJson(*schedule, out);
  } else if (const JsonValue *own = recipe.schedule()) {
    out.key("schedule");
    copyValue(*own, out);
  }
  if (Result<JsonValue> own = format::parseJson(overrides.preprocessing); own) {
    out.key("preprocessing");
    copyValue(*own, out);
  } else if (const JsonValue *before = recipe.spec.find("preprocessing")) {
    out.key("preprocessing");
    copyValue(*before, out);
  }
  std::optional<double> rate =
      overrides.learningRate ? overrides.learningRate : recipe.learningRate;
  if (rate) {
    writeOptimizer(recipe.spec.find("optimizer"), *rate, out);
  } else {
    if (const JsonValue *optimizer = recipe.spec.find("optimizer")) {
      out.key("optimizer");
      copyValue(*optimizer, out);
    }
  }
  // Protobuf's JSON form writes 64-bit integers as strings.
  out.key("seed");
  out.string(std::to_string(overrides.seed));
  out.key("epochs");
  out.integer(overrides.epochs);
  out.key("batchSizes");
  out.beginArray();
  out.integer(overrides.batchSize);
  for (int64_t size : recipe.batchSizes) {
    if (size != overrides.batchSize) {
      out.integer(size);
    }
  }
  out.endArray();
  out.endObject();
  return out.text() + "\n";
}

std::string withPreprocessing(const Recipe &recipe, std::string_view preprocessing) {
  JsonWriter out;
  out.beginObject();
  copyMembers(&recipe.spec, std::array{std::string_view("preprocessing")}, out);
  if (Result<JsonValue> own = format::parseJson(preprocessing); own) {
    out.key("preprocessing");
    copyValue(*own, out);
  }
  out.endObject();
  return out.text();
}

} // namespace ntc::rt::train
