// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening, splitting, fitting and preparing.
#include "runtime/train/RunData.h"

#include "runtime/data/ClassSampler.h"
#include "runtime/data/OpenDataset.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

using artifact::EntryKind;

/// Data as it is, and what prepares it.
struct OpenData : NamedData {
  std::span<const artifact::InputSpec> inputs;

  Result<std::shared_ptr<const data::Dataset>> prepare(const Preprocessing &preprocessing,
                                                       Use use) const {
    return preprocess(dataset, source, preprocessing, use, inputs);
  }
};

Result<OpenData> open(const std::string &text, std::shared_ptr<const data::Dataset> given,
                      data::Split split, const exec::Session &session, EntryKind kind,
                      const data::Known &known) {
  std::vector<int64_t> sizes = session.batchSizes(kind);
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "the artifact has no entry '", exec::nameOf(kind), "'");
  }
  const std::span<const artifact::InputSpec> inputs = session.entry(kind, sizes.front())->inputs;
  Result<NamedData> data = openData(text, std::move(given), split, inputs, known);
  return data ? Result<OpenData>(OpenData{data.take(), inputs}) : data.status();
}

/// Both parts of the data, as they were split, prepared.
Result<RunData> prepareBoth(const OpenData &train, const OpenData &validation,
                            const Preprocessing &preprocessing, std::string validationName) {
  RunData out{nullptr, nullptr, std::move(validationName), train.dataset};
  auto first = train.prepare(preprocessing, Use::Training);
  if (!first) {
    return first.status();
  }
  out.train = first.take();
  if (validation.dataset) {
    auto second = validation.prepare(preprocessing, Use::Evaluation);
    if (!second) {
      return second.status();
    }
    out.validation = second.take();
  }
  return out;
}

void tellRemarks(const data::Dataset &dataset, Progress &progress) {
  constexpr size_t most = 10;
  const std::span<const std::string> remarks = dataset.remarks();
  for (const std::string &remark : remarks.first(std::min(most, remarks.size()))) {
    progress.message("note: " + remark);
  }
  if (remarks.size() > most) {
    progress.message(concat("note: and ", remarks.size() - most, " more"));
  }
}

/// The rules of both splits; of the second one for what the first leaves of `samples`.
struct SplitRules {
  data::SplitRule test, validation;
};

Result<SplitRules> rulesOf(const TrainOptions &options, int64_t samples) {
  SplitRules rules;
  Result<data::SplitRule> rule = splitRuleOf(options);
  if (!rule || options.testSplit.empty()) {
    return rule ? Result<SplitRules>(SplitRules{{}, *rule}) : rule.status();
  }
  rules.validation = *rule;
  rule = data::SplitRule::parse(options.testSplit);
  if (!rule) {
    return rule.status();
  }
  rules.test = *rule;
  if (rules.validation.fraction > 0.0) { // of the whole, as the test's is
    Result<int64_t> count = rules.validation.validationSize(samples);
    if (!count) {
      return withContext(count.status(), splitText(options));
    }
    rules.validation.count = *count;
    rules.validation.fraction = 0.0;
  }
  return rules;
}

/// A part of a part as a part of the whole.
std::shared_ptr<const data::SubsetDataset> ofWhole(const data::SubsetDataset &outer,
                                                   const data::SubsetDataset &inner,
                                                   std::shared_ptr<const data::Dataset> whole) {
  std::vector<int64_t> rows;
  for (int64_t row : inner.rows()) {
    rows.push_back(outer.rows()[static_cast<size_t>(row)]);
  }
  return std::make_shared<data::SubsetDataset>(std::move(whole), std::move(rows));
}

std::string testText(const TrainOptions &options) { return "--test-split " + options.testSplit; }

} // namespace

Result<NamedData> openData(const std::string &text, std::shared_ptr<const data::Dataset> given,
                           data::Split split, std::span<const artifact::InputSpec> inputs,
                           const data::Known &known) {
  Result<data::DataSource> source = data::DataSource::parse(text);
  if (given) {
    if (Status status = data::checkKnown(*given, known, text); !status) {
      return status;
    }
    data::DataSource name;
    name.text = text;
    return NamedData{std::move(given), source ? source.take() : name};
  }
  if (!source) {
    return source.status();
  }
  auto dataset = data::openDataset(*source, split, inputs, known);
  return dataset ? Result<NamedData>(NamedData{dataset.take(), source.take()}) : dataset.status();
}

Result<PartSizes> partSizes(const TrainOptions &options, int64_t samples) {
  Result<SplitRules> rules = rulesOf(options, samples);
  if (!rules) {
    return rules.status();
  }
  PartSizes out{samples, 0, 0};
  if (rules->test.isSet()) {
    Result<int64_t> size = rules->test.validationSize(samples);
    if (!size) {
      return withContext(size.status(), testText(options));
    }
    out.test = *size;
    out.train -= *size;
  }
  if (rules->validation.isSet()) {
    Result<int64_t> size = rules->validation.validationSize(out.train);
    if (!size) {
      return withContext(size.status(), splitText(options));
    }
    out.validation = *size;
    out.train -= *size;
  }
  return out;
}

Result<DataParts> divide(const TrainOptions &options, std::shared_ptr<const data::Dataset> whole,
                         uint64_t seed) {
  Result<SplitRules> rules = rulesOf(options, whole->size());
  if (!rules) {
    return rules.status();
  }
  const std::shared_ptr<const data::Dataset> all = whole;
  DataParts out{std::move(whole), nullptr, nullptr, nullptr};
  if (rules->test.isSet()) {
    Result<data::SplitDataset> split = data::splitBy(rules->test, out.train, seed, "test split");
    if (!split) {
      return withContext(split.status(), testText(options));
    }
    out.train = out.part = split->train;
    out.test = split->validation;
  }
  if (rules->validation.isSet()) {
    Result<data::SplitDataset> split = data::splitBy(rules->validation, out.train, seed);
    if (!split) {
      return withContext(split.status(), splitText(options));
    }
    out.part = out.part ? ofWhole(*out.part, *split->train, all) : split->train;
    out.train = out.part;
    out.validation = split->validation;
  }
  return out;
}

Result<RunData> openRunData(const TrainOptions &options, const exec::Session &session,
                            uint64_t seed, Preprocessing &preprocessing, Progress &progress) {
  Result<OpenData> opened = open(options.data, options.dataset, data::Split::Train, session,
                                 EntryKind::TrainStep, preprocessing.known);
  if (!opened) {
    return opened.status();
  }
  OpenData train = opened.take(), validation = train;
  validation.dataset = nullptr;
  tellRemarks(*train.dataset, progress);
  Result<DataParts> parts = divide(options, train.dataset, seed);
  if (!parts) {
    return parts.status();
  }
  train.dataset = parts->train;
  validation.dataset = parts->validation;
  std::string validationName =
      parts->validation ? concat("the validation split of ", options.data) : options.val;
  if (Status status = fit(preprocessing, *train.dataset); !status) {
    return status;
  }
  if (!options.val.empty()) {
    opened = open(options.val, options.valDataset, data::Split::Validation, session,
                  EntryKind::EvalStep, preprocessing.known);
    if (!opened) {
      return opened.status();
    }
    validation = opened.take();
    tellRemarks(*validation.dataset, progress);
  }
  Result<RunData> out = prepareBoth(train, validation, preprocessing, validationName);
  if (out) {
    out->part = parts->part;
  }
  return out;
}

Result<Preprocessing> choosePreprocessing(TrainOptions &options, const Recipe &recipe) {
  // A resumed run keeps the classes and the fit that it began with.
  Result<Preprocessing> out = options.resume != ResumeMode::No
                                  ? preprocessingOfModel(options.out, "")
                                  : preprocessingOf(recipe.spec);
  if (!out) {
    return out;
  }
  if (!options.transform.empty()) {
    out->transform = options.transform;
    out->valTransform.clear();
  }
  out->valTransform = options.valTransform.empty() ? out->valTransform : options.valTransform;
  if (Status status = complete(*out); !status) {
    return status;
  }
  options.transform = out->transform;
  options.valTransform = out->valTransform;
  return out;
}

Result<std::shared_ptr<const data::Sampler>>
chooseSampler(const TrainOptions &options, const RunData &data, int64_t batchSize, uint64_t seed) {
  if (options.sampler.empty()) {
    return std::shared_ptr<const data::Sampler>();
  }
  if (options.noShuffle) {
    return error(Code::InvalidArgument, "--sampler and --no-shuffle exclude each other");
  }
  Result<data::SamplerSpec> spec = data::parseSampler(options.sampler);
  return withContext(spec ? data::samplerOf(*spec, *data.labelled, data.part.get(), batchSize, seed)
                          : Result<std::shared_ptr<const data::Sampler>>(spec.status()),
                     "--sampler");
}

} // namespace ntc::rt::train
