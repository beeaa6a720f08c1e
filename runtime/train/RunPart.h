// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What eval and predict read: data that they are given, or a part of the data of the run itself, as
// the run divided it.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/data/Dataset.h"
#include "runtime/data/OpenDataset.h"

#include <span>
#include <string>

namespace ntc::rt::train {

/// Data as it is, before the run's preprocessing.
struct ChosenData {
  std::string name; ///< for messages
  data::DataSource source;
  std::shared_ptr<const data::Dataset> dataset;
};

/// `data`, its test split where it has one, or `given`, which `data` only names. Where it is empty,
/// `part` of the data of the run in the folder `run`: "train", "val", "test"; "" is test. Errors
/// (InvalidArgument): both or neither of them; a part that the run does not have; data that changed
/// since; those of openDataset.
Result<ChosenData> chooseData(const std::string &data, std::shared_ptr<const data::Dataset> given,
                              const std::string &part, const std::string &run,
                              std::span<const artifact::InputSpec> inputs,
                              const data::Known &known);

} // namespace ntc::rt::train
