// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The member "preprocessing" and what it does to data sets.
#include "runtime/train/Preprocessing.h"

#include "runtime/base/File.h"
#include "runtime/data/TransformedDataset.h"
#include "runtime/format/Safetensors.h"

#include <algorithm>
#include <sys/stat.h>

namespace ntc::rt::train {
namespace {

constexpr uint64_t kGreatestRecipe = uint64_t{64} << 20;

Status readText(const format::JsonValue &object, std::string_view camel, std::string_view snake,
                std::string &out) {
  const format::JsonValue *value = object.find(camel);
  value = value ? value : object.find(snake);
  if (value && !value->isString()) {
    return error(Code::Corrupt, "the recipe's 'preprocessing.", camel, "' should be a text");
  }
  out = value ? value->text() : "";
  return Status::ok();
}

Status readKnown(const format::JsonValue &member, data::Known &known) {
  const format::JsonValue *names = member.find("classNames");
  names = names ? names : member.find("class_names");
  for (size_t i = 0; names && i < names->items().size(); ++i) {
    known.classes.push_back(names->items()[i].text());
  }
  const format::JsonValue *characters = member.find("characters");
  for (size_t i = 0; characters && i < characters->items().size(); ++i) {
    known.characters.push_back(characters->items()[i].text());
  }
  if (const format::JsonValue *table = member.find("table")) {
    // A text in itself: its form is the data library's.
    Result<data::TableFit> fit = data::parseTableFit(table->text());
    if (!fit) {
      return fit.status();
    }
    known.table = std::make_shared<data::TableFit>(fit.take());
  }
  return Status::ok();
}

void writeNames(std::string_view key, std::span<const std::string> names,
                format::JsonWriter &json) {
  if (names.empty()) {
    return;
  }
  json.key(key);
  json.beginArray();
  for (const std::string &name : names) {
    json.string(name);
  }
  json.endArray();
}

bool isFolder(const std::string &path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// How many classes the model's target takes probabilities of; 0: it takes no probabilities of this
/// set's labels.
int64_t wantedProbabilities(const data::Dataset &dataset,
                            std::span<const artifact::InputSpec> inputs) {
  auto target = std::ranges::find_if(inputs, &artifact::InputSpec::isTarget);
  auto field = std::ranges::find_if(dataset.fields(), &data::Field::isTarget);
  if (target == inputs.end() || field == dataset.fields().end()) {
    return 0;
  }
  const bool isLabel = field->classes > 0 && field->shape.empty();
  const bool isFloat = target->dtype == DType::F32 || target->dtype == DType::F64;
  return isLabel && isFloat && target->shape.size() == 2 && target->shape[1] > 1 ? target->shape[1]
                                                                                 : 0;
}

/// The preprocessing that a file of weights has in its metadata; empty: none.
std::string preprocessingIn(const std::string &checkpoint) {
  if (checkpoint.empty() || checkpoint == "best" || checkpoint == "latest") {
    return "";
  }
  Result<format::Safetensors> file = format::Safetensors::open(checkpoint);
  const auto value = file ? file->metadataValue(kPreprocessingKey) : std::nullopt;
  return value ? std::string(*value) : "";
}

} // namespace

Result<Preprocessing> preprocessingOf(const format::JsonValue &recipe) {
  Preprocessing out;
  const format::JsonValue *member = recipe.find("preprocessing");
  if (!member) {
    return out;
  }
  if (!member->isObject()) {
    return error(Code::Corrupt, "the recipe's 'preprocessing' should be an object");
  }
  Status status = readText(*member, "transform", "transform", out.transform);
  if (status) {
    status = readText(*member, "valTransform", "val_transform", out.valTransform);
  }
  status = status ? readKnown(*member, out.known) : status;
  return status ? Result<Preprocessing>(out) : status;
}

Status fit(Preprocessing &preprocessing, const data::Dataset &training) {
  data::Known &known = preprocessing.known;
  // A set that knows no names keeps none of those that a model learned from other data.
  known.classes.assign(training.classNames().begin(), training.classNames().end());
  if (known.characters.empty()) {
    known.characters.assign(training.characters().begin(), training.characters().end());
  }
  if (known.table || !training.table()) {
    return Status::ok();
  }
  Result<data::TableFit> made = data::fitTable(training);
  if (!made) {
    return made.status();
  }
  known.table = std::make_shared<data::TableFit>(made.take());
  return Status::ok();
}

std::string preprocessingJson(const Preprocessing &preprocessing) {
  const data::Known &known = preprocessing.known;
  if (preprocessing.transform.empty() && preprocessing.valTransform.empty() &&
      known.classes.empty() && known.characters.empty() && !known.table) {
    return "";
  }
  format::JsonWriter json;
  json.beginObject();
  if (!preprocessing.transform.empty()) {
    json.member("transform", preprocessing.transform);
  }
  if (!preprocessing.valTransform.empty()) {
    json.member("valTransform", preprocessing.valTransform);
  }
  writeNames("classNames", known.classes, json);
  writeNames("characters", known.characters, json);
  if (known.table) {
    json.member("table", data::tableFitJson(*known.table));
  }
  json.endObject();
  return json.text();
}

Result<Preprocessing> preprocessingOfModel(const std::string &model, std::string_view recipeJson,
                                           const std::string &checkpoint) {
  std::string text(recipeJson);
  std::string place = model;
  const std::string path = model + "/train.json";
  if (isFolder(model)) {
    Result<std::vector<uint8_t>> bytes = readFile(path, kGreatestRecipe);
    if (!bytes && bytes.status().code() != Code::NotFound) {
      return bytes.status();
    }
    text = bytes ? std::string(bytes->begin(), bytes->end()) : text;
  }
  if (const std::string own = preprocessingIn(checkpoint); !own.empty()) {
    text = concat("{\"preprocessing\":", own, "}");
    place = checkpoint;
  }
  Result<format::JsonValue> recipe = format::parseJson(text.empty() ? "{}" : text);
  if (!recipe) {
    return withContext(recipe.status(), "the recipe of '", place, "'");
  }
  Result<Preprocessing> out = preprocessingOf(*recipe);
  if (!out) {
    return out;
  }
  Status status = complete(*out);
  return status ? out : Result<Preprocessing>(withContext(status, "'", place, "'"));
}

Status complete(Preprocessing &preprocessing) {
  if (!preprocessing.transform.empty()) {
    Result<data::TransformList> list = data::TransformList::parse(preprocessing.transform);
    if (!list) {
      return withContext(list.status(), "--transform");
    }
    if (preprocessing.valTransform.empty()) {
      preprocessing.valTransform = list->evaluationText();
    }
  }
  if (preprocessing.valTransform.empty()) {
    return Status::ok();
  }
  Result<data::TransformList> list = data::TransformList::parse(preprocessing.valTransform);
  if (!list) {
    return withContext(list.status(), "--val-transform");
  }
  if (list->isRandom() || !list->mixes().empty()) {
    return error(Code::InvalidArgument, "--val-transform must not be random, found ",
                 quoted(preprocessing.valTransform));
  }
  return Status::ok();
}

Result<std::shared_ptr<const data::Dataset>>
preprocess(std::shared_ptr<const data::Dataset> dataset, const data::DataSource &source,
           const Preprocessing &preprocessing, Use use,
           std::span<const artifact::InputSpec> inputs) {
  const bool trains = use == Use::Training;
  const std::string &text = trains ? preprocessing.transform : preprocessing.valTransform;
  std::vector<data::BatchMix> mixes;
  if (dataset->table() && preprocessing.known.table &&
      preprocessing.known.table->layout.needsFit()) {
    dataset = data::applyFit(std::move(dataset), *preprocessing.known.table);
  }
  if (!text.empty()) {
    Result<data::TransformList> list = data::TransformList::parse(text);
    if (!list) {
      return list.status();
    }
    if (source.find("normalize")) {
      return error(Code::InvalidArgument, "data '", source.text,
                   "': with transforms, write Normalize among them instead of the option ",
                   "'normalize'");
    }
    auto made = data::transformPictures(std::move(dataset), *list, source.text);
    if (!made) {
      return made.status();
    }
    dataset = made.take();
    mixes = list->mixes();
  }
  const int64_t classes = wantedProbabilities(*dataset, inputs);
  if (mixes.empty() && classes == 0) {
    return dataset;
  }
  if (classes == 0) {
    return error(Code::InvalidArgument, "MixUp and CutMix need a model whose target takes ",
                 "probabilities: give it --loss cross_entropy,probabilities");
  }
  return data::mixBatches(std::move(dataset), std::move(mixes), classes, source.text);
}

} // namespace ntc::rt::train
