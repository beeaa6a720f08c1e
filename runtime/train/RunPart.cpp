// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The record of a run says how its data was divided.
#include "runtime/train/RunPart.h"

#include "runtime/train/RunData.h"
#include "runtime/train/RunFolder.h"

namespace ntc::rt::train {
namespace {

Result<ChosenData> open(const std::string &text, data::Split split,
                        std::span<const artifact::InputSpec> inputs, const data::Known &known) {
  Result<data::DataSource> source = data::DataSource::parse(text);
  if (!source) {
    return source.status();
  }
  auto dataset = data::openDataset(*source, split, inputs, known);
  if (!dataset) {
    return dataset.status();
  }
  return ChosenData{text, source.take(), dataset.take()};
}

/// What to do where the run has no such part.
Status noPart(const std::string &run, std::string_view part) {
  return error(Code::InvalidArgument, "run ", quoted(run), " has no ", part, " part; ",
               part == "test" ? "--test-split keeps one when a run is trained"
                              : "it was trained without validation",
               "; say what to use with --data DATA, or another --part");
}

Result<ChosenData> openPart(const std::string &part, const std::string &run,
                            std::span<const artifact::InputSpec> inputs, const data::Known &known) {
  Result<RunRecord> record = readRunRecord(run);
  if (!record) {
    return record.status();
  }
  if (part == "val" && !record->val.empty()) {
    return open(record->val, data::Split::Validation, inputs, known);
  }
  TrainOptions options;
  options.resume = ResumeMode::State;
  if (Status status = continueFrom(*record, options); !status) {
    return status;
  }
  Result<ChosenData> out = open(record->data, data::Split::Train, inputs, known);
  if (!out) {
    return out;
  }
  Result<DataParts> parts = divide(options, out->dataset, static_cast<uint64_t>(record->seed));
  if (!parts) {
    return parts.status();
  }
  if (parts->train->size() != record->samples) {
    return error(Code::InvalidArgument, "the run trained on ", record->samples, " samples, found ",
                 parts->train->size(), ": the data has changed");
  }
  out->dataset = part == "train" ? parts->train : part == "val" ? parts->validation : parts->test;
  if (!out->dataset) {
    return noPart(run, part == "val" ? "validation" : "test");
  }
  out->name = concat("the ", part == "val" ? "validation" : part, " part of ", record->data);
  return out;
}

} // namespace

Result<ChosenData> chooseData(const std::string &data, std::shared_ptr<const data::Dataset> given,
                              const std::string &part, const std::string &run,
                              std::span<const artifact::InputSpec> inputs,
                              const data::Known &known) {
  if (!data.empty() && !part.empty()) {
    return error(Code::InvalidArgument, "--data and --part exclude each other");
  }
  if (!data.empty() || given) {
    Result<NamedData> named = openData(data, std::move(given), data::Split::Test, inputs, known);
    return named ? Result<ChosenData>(ChosenData{data, named->source, named->dataset})
                 : named.status();
  }
  if (!holdsRun(run)) {
    return error(Code::InvalidArgument, part.empty() ? "say what to read with --data DATA"
                                                     : "--part is of a run's own data; name a run "
                                                       "folder, or --data DATA");
  }
  return openPart(part.empty() ? "test" : part, run, inputs, known);
}

} // namespace ntc::rt::train
