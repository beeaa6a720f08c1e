// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One table of members and flags; reading goes through it, writing follows its order.
#include "runtime/train/RecipeLines.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

using format::JsonValue;
using format::JsonWriter;

enum class Form : uint8_t {
  Text,
  Count,  ///< 0 is as if it were not there
  Number, ///< 0 counts
  Truth,
  Opposite, ///< of the flag, "shuffle" of --no-shuffle
  Texts,
  Words, ///< one list for a flag that takes them divided by commas
  Map,
};

struct Line {
  std::string_view camel, snake;
  std::string_view flag; ///< empty: read by itself
  Form form;
};

constexpr Line kLines[] = {
    {"data", "data", "--data", Form::Text},
    {"val", "val", "--val", Form::Text},
    {"valSplit", "val_split", "--val-split", Form::Text},
    {"fold", "fold", "--fold", Form::Text},
    {"testSplit", "test_split", "--test-split", Form::Text},
    {"sampler", "sampler", "--sampler", Form::Text},
    {"shuffle", "shuffle", "--no-shuffle", Form::Opposite},
    {"dropLast", "drop_last", "--drop-last", Form::Truth},
    {"workers", "workers", "--workers", Form::Number},
    {"prefetchFactor", "prefetch_factor", "--prefetch-factor", Form::Number},
    {"init", "init", "--init", Form::Texts},
    {"weights", "weights", "--weights", Form::Text},
    {"reinit", "reinit", "", Form::Texts},
    {"maxSteps", "max_steps", "--max-steps", Form::Count},
    {"maxTime", "max_time", "--max-time", Form::Text},
    {"earlyStop", "early_stop", "--early-stop", Form::Text},
    {"monitor", "monitor", "--monitor", Form::Text},
    {"validationMetrics", "validation_metrics", "--metrics", Form::Words},
    {"saveEvery", "save_every", "--save-every", Form::Count},
    {"keep", "keep", "--keep", Form::Count},
    {"logInterval", "log_interval", "--log-interval", Form::Count},
    {"checkNumerics", "check_numerics", "--check-numerics", Form::Truth},
    {"controls", "controls", "--control", Form::Map},
    {"tensorboard", "tensorboard", "--no-tensorboard", Form::Opposite},
    {"report", "report", "--no-report", Form::Opposite},
};

Status wrongKind(const Line &line, std::string_view expected) {
  return error(Code::Corrupt, "the recipe's '", line.snake, "' should be ", expected);
}

/// The texts that a line's flag is given one after the other.
Status textsOf(const Line &line, const JsonValue &value, std::vector<std::string> &texts) {
  using Kind = JsonValue::Kind;
  const Kind kind = value.kind();
  switch (line.form) {
  case Form::Text:
    if (kind != Kind::String) {
      return wrongKind(line, "text");
    }
    if (!value.text().empty()) {
      texts.push_back(value.text());
    }
    return Status::ok();
  case Form::Count:
  case Form::Number:
    if (kind != Kind::String && kind != Kind::Number) {
      return wrongKind(line, "a whole number");
    }
    if (line.form == Form::Number || value.text() != "0") {
      texts.push_back(value.text());
    }
    return Status::ok();
  case Form::Truth:
  case Form::Opposite:
    if (kind != Kind::Bool) {
      return wrongKind(line, "true or false");
    }
    texts.emplace_back(*value.asBool() == (line.form == Form::Truth) ? "true" : "false");
    return Status::ok();
  case Form::Texts:
  case Form::Words:
    if (kind != Kind::Array) {
      return wrongKind(line, "a list of texts");
    }
    for (const JsonValue &item : value.items()) {
      if (!item.isString()) {
        return wrongKind(line, "a list of texts");
      }
      if (line.form == Form::Words && !texts.empty()) {
        texts.front() += "," + item.text();
      } else {
        texts.push_back(item.text());
      }
    }
    return Status::ok();
  case Form::Map:
    if (kind != Kind::Object) {
      return wrongKind(line, "names with numbers");
    }
    for (size_t i = 0; i < value.items().size(); ++i) {
      if (!value.items()[i].asDouble()) {
        return wrongKind(line, "names with numbers");
      }
      texts.push_back(concat(value.keys()[i], "=", value.items()[i].text()));
    }
    return Status::ok();
  }
  return Status::ok();
}

void writeTexts(std::string_view name, std::span<const std::string> texts, JsonWriter &out) {
  if (texts.empty()) {
    return;
  }
  out.key(name);
  out.beginArray();
  for (const std::string &text : texts) {
    out.string(text);
  }
  out.endArray();
}

void writeText(std::string_view name, std::string_view text, JsonWriter &out) {
  if (!text.empty()) {
    out.member(name, text);
  }
}

/// 64-bit integers are strings in protobuf's JSON form.
void writeCount(std::string_view name, const std::optional<int64_t> &count, JsonWriter &out) {
  writeText(name, count ? std::to_string(*count) : "", out);
}

void writeSwitch(std::string_view name, const Switch &value, bool isOpposite, JsonWriter &out) {
  if (value.isGiven) {
    out.member(name, value.isOn != isOpposite);
  }
}

/// Which part of the data validates.
void writeValidation(const TrainOptions &options, JsonWriter &out) {
  writeText("val", options.val, out);
  writeText("valSplit", options.valSplit ? std::to_string(*options.valSplit) : options.valRule,
            out);
  writeText("fold", options.fold ? foldText(*options.fold) : "", out);
}

template <typename T> void take(const std::optional<T> &said, std::optional<T> &option) {
  option = option ? option : said;
}

template <typename T> void takeWhereEmpty(const T &said, T &option) {
  option = option.empty() ? said : option;
}

void take(const Switch &said, Switch &option) { option = option.isGiven ? option : said; }

bool saysValidation(const TrainOptions &options) {
  return !options.val.empty() || !splitText(options).empty();
}

void takeValidation(const TrainOptions &said, TrainOptions &options) {
  if (!saysValidation(options)) {
    options.val = said.val;
    options.valSplit = said.valSplit;
    options.valRule = said.valRule;
    options.fold = said.fold;
  }
}

void takeControls(const TrainOptions &said, TrainOptions &options) {
  for (const auto &control : said.controls) {
    auto isIt = [&](const auto &each) { return each.first == control.first; };
    if (std::ranges::none_of(options.controls, isIt)) {
      options.controls.push_back(control);
    }
  }
}

} // namespace

bool isLine(std::string_view member) {
  return std::ranges::any_of(
      kLines, [&](const Line &line) { return line.camel == member || line.snake == member; });
}

Status readLines(const JsonValue &spec, TrainOptions &options) {
  const std::vector<Flag> flags = trainFlags(options);
  for (const Line &line : kLines) {
    const JsonValue *value = spec.find(line.camel);
    value = value ? value : spec.find(line.snake);
    std::vector<std::string> texts;
    if (!value) {
      continue;
    }
    if (Status status = textsOf(line, *value, texts); !status) {
      return status;
    }
    if (line.flag.empty()) {
      options.reinit = texts;
      continue;
    }
    const auto flag = std::ranges::find(flags, line.flag, &Flag::name);
    for (const std::string &text : texts) {
      if (Status status = flag->set(text); !status) {
        return withContext(status, "the recipe's '", line.snake, "'");
      }
    }
  }
  return Status::ok();
}

std::string linesOf(const TrainOptions &options, const artifact::Manifest &manifest) {
  JsonWriter out;
  out.beginObject();
  writeText("data", options.data, out);
  writeValidation(options, out);
  writeText("testSplit", options.testSplit, out);
  writeText("sampler", options.sampler, out);
  writeSwitch("shuffle", options.noShuffle, true, out);
  writeSwitch("dropLast", options.dropLast, false, out);
  if (options.workers) {
    out.member("workers", *options.workers);
  }
  if (options.prefetchFactor) {
    out.member("prefetchFactor", *options.prefetchFactor);
  }
  writeTexts("init", options.init, out);
  writeText("weights", options.weights, out);
  writeTexts("reinit", options.reinit, out);
  writeCount("maxSteps", options.maxSteps, out);
  writeText("maxTime", options.maxTime ? concat(*options.maxTime) : "", out);
  writeText("earlyStop", options.earlyStop, out);
  writeText("monitor", options.monitor, out);
  writeTexts("validationMetrics", options.metrics, out);
  writeCount("saveEvery", options.saveEvery, out);
  if (options.keep) {
    out.member("keep", *options.keep);
  }
  writeCount("logInterval", options.logInterval, out);
  writeSwitch("checkNumerics", options.checkNumerics, false, out);
  if (!options.controls.empty()) {
    out.key("controls");
    out.beginObject();
    for (auto it = options.controls.begin(); it != options.controls.end(); ++it) {
      // The last value of a name counts; JSON has each name once.
      const bool isLast = std::none_of(it + 1, options.controls.end(),
                                       [&](const auto &each) { return each.first == it->first; });
      if (isLast) {
        out.member(it->first, it->second);
      }
    }
    out.endObject();
  }
  writeSwitch("tensorboard", options.noTensorboard, true, out);
  writeSwitch("report", options.noReport, true, out);
  std::string precision = manifest.precision;
  std::ranges::transform(precision, precision.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  writeText("precision", precision, out);
  out.member("denormals", std::string_view(manifest.flushDenormals ? "flush" : "keep"));
  out.endObject();
  return out.text();
}

void takeLines(const TrainOptions &said, TrainOptions &options) {
  take(said.workers, options.workers);
  take(said.prefetchFactor, options.prefetchFactor);
  take(said.maxTime, options.maxTime);
  take(said.checkNumerics, options.checkNumerics);
  take(said.noTensorboard, options.noTensorboard);
  take(said.noReport, options.noReport);
  if (options.resume != ResumeMode::No) {
    return;
  }
  takeWhereEmpty(said.data, options.data);
  takeValidation(said, options);
  takeWhereEmpty(said.testSplit, options.testSplit);
  if (options.sampler.empty() && !options.noShuffle.isGiven) {
    options.sampler = said.sampler;
    options.noShuffle = said.noShuffle;
  }
  take(said.dropLast, options.dropLast);
  takeWhereEmpty(said.init, options.init);
  takeWhereEmpty(said.weights, options.weights);
  takeWhereEmpty(said.reinit, options.reinit);
  if (!options.epochs && !options.maxSteps) {
    options.epochs = said.epochs;
    options.maxSteps = said.maxSteps;
  }
  take(said.saveEvery, options.saveEvery);
  take(said.keep, options.keep);
  take(said.logInterval, options.logInterval);
  takeControls(said, options);
}

} // namespace ntc::rt::train
