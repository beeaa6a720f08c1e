// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Outputs of a predict entry, and probabilities.
#include "runtime/train/Outputs.h"

#include "runtime/data/Dataset.h"

#include <algorithm>
#include <cmath>

namespace ntc::rt::train {
namespace {

OutputMeaning meaningOf(const std::string &loss, const std::vector<int64_t> &shape) {
  bool hasClasses = shape.size() == 1 && shape[0] >= 2;
  if (loss == "cross_entropy" && hasClasses) {
    return OutputMeaning::Softmax;
  }
  if (loss == "nll" && hasClasses) {
    return OutputMeaning::Exponential;
  }
  return loss == "bce_with_logits" ? OutputMeaning::Sigmoid : OutputMeaning::Raw;
}

} // namespace

Result<std::vector<PredictOutput>> predictOutputs(const artifact::EntrySpec &entry,
                                                  const std::string &loss) {
  std::vector<PredictOutput> out;
  for (const artifact::OutputSpec &spec : entry.outputs) {
    if (spec.isMetric || spec.shape.empty()) {
      continue;
    }
    if (spec.shape[0] != entry.batchSize) {
      return error(Code::Unsupported, "output ", quoted(spec.name), " of shape ",
                   shapeText(spec.shape), " has no row for each of the ", entry.batchSize,
                   " samples of a batch");
    }
    if (spec.dtype == DType::F16 || spec.dtype == DType::BF16) {
      return error(Code::Unsupported, "output ", quoted(spec.name), " has type ",
                   nameOf(spec.dtype), ", which predict does not write");
    }
    PredictOutput output{spec.name, spec.dtype, {spec.shape.begin() + 1, spec.shape.end()}};
    for (int64_t dim : output.shape) {
      output.elements *= dim;
    }
    bool isFloat = spec.dtype == DType::F32 || spec.dtype == DType::F64;
    output.meaning = isFloat ? meaningOf(loss, output.shape) : OutputMeaning::Raw;
    out.push_back(std::move(output));
  }
  if (out.empty()) {
    return error(Code::InvalidArgument, "the artifact's predict entry has no outputs");
  }
  return out;
}

void readValues(const PredictOutput &output, const std::byte *row, std::vector<double> &values) {
  values.resize(static_cast<size_t>(output.elements));
  data::convertValues(output.dtype, row, DType::F64, reinterpret_cast<std::byte *>(values.data()),
                      output.elements);
  if (output.meaning == OutputMeaning::Sigmoid) {
    for (double &value : values) {
      value = 1.0 / (1.0 + std::exp(-value));
    }
  } else if (output.meaning == OutputMeaning::Exponential) {
    for (double &value : values) {
      value = std::exp(value);
    }
  } else if (output.meaning == OutputMeaning::Softmax) {
    const double greatest = std::ranges::max(values);
    double sum = 0.0;
    for (double &value : values) {
      value = std::exp(value - greatest);
      sum += value;
    }
    for (double &value : values) {
      value /= sum;
    }
  }
}

int64_t classOf(const std::vector<double> &values) {
  return std::ranges::max_element(values) - values.begin();
}

} // namespace ntc::rt::train
