// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the outputs of a predict entry mean, and their values of one sample.
#pragma once

#include "runtime/artifact/Manifest.h"

#include <cstddef>
#include <string>
#include <vector>

namespace ntc::rt::train {

/// What the numbers of one sample mean: themselves, or probabilities after a softmax, an
/// exponential or a sigmoid.
enum class OutputMeaning : uint8_t { Raw, Softmax, Exponential, Sigmoid };

struct PredictOutput {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape; ///< of one sample
  int64_t elements = 1;
  OutputMeaning meaning = OutputMeaning::Raw;

  bool isClassifier() const {
    return meaning == OutputMeaning::Softmax || meaning == OutputMeaning::Exponential;
  }
};

/// The outputs of a predict entry of a program with that loss ("cross_entropy", …). Errors:
/// InvalidArgument where there is none; Unsupported for types that are no numbers here.
Result<std::vector<PredictOutput>> predictOutputs(const artifact::EntrySpec &entry,
                                                  const std::string &loss);

/// The values of one sample as f64, turned into probabilities where they mean that.
void readValues(const PredictOutput &output, const std::byte *row, std::vector<double> &values);

/// The index of the greatest value, the first of equals.
int64_t classOf(const std::vector<double> &values);

} // namespace ntc::rt::train
