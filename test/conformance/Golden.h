// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A golden file of make_goldens.py: what PyTorch computed.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ntc::conformance {

struct Golden {
  std::string model;     ///< as makeModel takes it
  std::string optimizer; ///< as `--optimizer` takes it
  std::string recipe;    ///< of a TrainSpec's text form, merged into the model's
  int64_t batch = 0;
  int64_t steps = 0;
  std::map<std::string, std::vector<double>> tensors; ///< row-major, under their names in the file

  /// The tensor `name`; empty when the file has none.
  const std::vector<double> &at(const std::string &name) const;
  /// The tensors whose names begin with `prefix`, under the rest of their names.
  std::map<std::string, std::vector<double>> group(const std::string &prefix) const;

  /// Errors: as Safetensors::open; Corrupt where a key of the metadata is missing or a tensor is
  /// not f64.
  static rt::Result<Golden> read(const std::string &path);
};

} // namespace ntc::conformance
