// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operators that the importer knows, each with the function that writes it in `nn`. One source
// per category adds its rows.
#pragma once

#include "frontend/import/NodeContext.h"

namespace ntc::importer {

/// Writes the node's outputs, or reports problems on the context.
using EmitNode = void (*)(NodeContext &);

struct OpRule {
  EmitNode emit = nullptr;
  /// The first version of the operator set that has the operator, when that is above 13.
  int64_t since = 0;
};

using OpTable = llvm::StringMap<OpRule>;

void addElementwiseOps(OpTable &table);
void addActivationOps(OpTable &table);
void addReductionOps(OpTable &table);
void addContractionOps(OpTable &table);
void addPoolingOps(OpTable &table);
void addNormalizationOps(OpTable &table);
void addShapeOps(OpTable &table);
void addIndexingOps(OpTable &table);
void addRandomOps(OpTable &table);
void addLossOps(OpTable &table);

/// The rule for an operator of the standard domain; null when it is not supported.
const OpRule *findOp(llvm::StringRef domain, llvm::StringRef name);
/// Names of all operators of the standard domain that have a rule, sorted.
std::vector<std::string> supportedOps();

/// Tries to compute a node over shapes, i.e. small integer constants, at import; true when the
/// outputs are set.
bool foldShapeComputation(NodeContext &c);

} // namespace ntc::importer
