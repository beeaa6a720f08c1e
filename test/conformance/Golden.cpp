// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading a golden file.

#include "test/conformance/Golden.h"

#include "runtime/format/Safetensors.h"

#include <cstdlib>
#include <cstring>

namespace ntc::conformance {

const std::vector<double> &Golden::at(const std::string &name) const {
  static const std::vector<double> none;
  auto found = tensors.find(name);
  return found == tensors.end() ? none : found->second;
}

std::map<std::string, std::vector<double>> Golden::group(const std::string &prefix) const {
  std::map<std::string, std::vector<double>> result;
  for (const auto &[name, values] : tensors) {
    if (name.starts_with(prefix)) {
      result[name.substr(prefix.size())] = values;
    }
  }
  return result;
}

rt::Result<Golden> Golden::read(const std::string &path) {
  auto file = rt::format::Safetensors::open(path);
  if (!file) {
    return file.status();
  }
  Golden golden;
  golden.model = file->metadataValue("model").value_or("");
  golden.optimizer = file->metadataValue("optimizer").value_or("");
  golden.recipe = file->metadataValue("recipe").value_or("");
  golden.batch = std::atoll(std::string(file->metadataValue("batch").value_or("")).c_str());
  golden.steps = std::atoll(std::string(file->metadataValue("steps").value_or("")).c_str());
  if (golden.model.empty() || golden.optimizer.empty() || golden.batch < 1 || golden.steps < 1) {
    return rt::error(rt::Code::Corrupt, path,
                     ": expected model, optimizer, batch and steps in the metadata");
  }
  for (const rt::format::StoredTensor &tensor : file->tensors()) {
    if (tensor.dtype != rt::DType::F64) {
      return rt::error(rt::Code::Corrupt, path, ": ", tensor.name, ": expected f64, found ",
                       tensor.dtypeName);
    }
    std::vector<double> values(tensor.bytes.size() / sizeof(double));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    golden.tensors[tensor.name] = std::move(values);
  }
  return golden;
}

} // namespace ntc::conformance
