// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The import rules by ONNX operator: see OpTable.h.

#include "frontend/import/OpTable.h"

namespace ntc::importer {

static const OpTable &table() {
  static const OpTable table = [] {
    OpTable rows;
    addElementwiseOps(rows);
    addActivationOps(rows);
    addReductionOps(rows);
    addContractionOps(rows);
    addPoolingOps(rows);
    addNormalizationOps(rows);
    addShapeOps(rows);
    addIndexingOps(rows);
    addRandomOps(rows);
    addLossOps(rows);
    return rows;
  }();
  return table;
}

const OpRule *findOp(llvm::StringRef domain, llvm::StringRef name) {
  auto rule = table().find(name);
  return domain.empty() && rule != table().end() ? &rule->second : nullptr;
}

std::vector<std::string> supportedOps() {
  std::vector<std::string> names;
  for (const auto &row : table()) {
    names.push_back(row.getKey().str());
  }
  llvm::sort(names);
  return names;
}

} // namespace ntc::importer
