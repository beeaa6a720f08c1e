// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Collects the problems of a model. One node is emitted once per entry, so equal problems are kept
// once.
#pragma once

#include "frontend/import/Import.h"

#include "llvm/ADT/Twine.h"

#include <set>

namespace ntc::importer {

class Problems {
public:
  explicit Problems(std::vector<ImportDiagnostic> &list) : list(list) {}

  void add(DiagnosticKind kind, const llvm::Twine &where, const llvm::Twine &message) {
    ImportDiagnostic diagnostic{kind, where.str(), message.str()};
    if (seen.insert(diagnostic.str()).second) {
      list.push_back(std::move(diagnostic));
    }
  }
  void invalid(const llvm::Twine &where, const llvm::Twine &message) {
    add(DiagnosticKind::Invalid, where, message);
  }
  void unsupported(const llvm::Twine &where, const llvm::Twine &message) {
    add(DiagnosticKind::Unsupported, where, message);
  }
  bool any() const { return !list.empty(); }
  size_t count() const { return list.size(); }

private:
  std::vector<ImportDiagnostic> &list;
  std::set<std::string> seen;
};

} // namespace ntc::importer
