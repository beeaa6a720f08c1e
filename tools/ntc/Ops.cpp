// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc ops: operations and what supports them. Nothing here is kept by hand: names, types and
// summaries come from the dialect's definition, gradients from the rules that are attached, the CPU
// column from the patterns that lower or decompose.
#include "compiler/autodiff/DifferentiableOpInterface.h"
#include "compiler/fuse/LowerToLinalg.h"
#include "compiler/optimize/Decompose.h"
#include "frontend/import/OpTable.h"
#include "runtime/format/Json.h"
#include "tools/ntc/CompileModel.h"
#include "tools/ntc/Verb.h"

#include "llvm/ADT/StringSet.h"

#include <cstdio>

using namespace mlir;

namespace ntc::driver {
namespace {

struct OpRow {
  std::string name;
  std::string summary;
  std::string category;
  std::string dtypes;
  bool gradient = false;
  bool cpu = false;
};

/// Names of the operations that some pattern rewrites on the way to linalg.
llvm::StringSet<> loweredOperations(MLIRContext &context) {
  RewritePatternSet patterns(&context);
  fuse::populateElementwiseLowering(patterns);
  fuse::populateReductionLowering(patterns);
  fuse::populateContractionLowering(patterns);
  fuse::populatePoolingLowering(patterns);
  fuse::populateShapeLowering(patterns);
  fuse::populateRandomLowering(patterns);
  optimize::populateDecomposeSoftmaxPatterns(patterns);
  optimize::populateDecomposeBatchNormPatterns(patterns);
  optimize::populateDecomposeArgmaxPatterns(patterns);
  llvm::StringSet<> names;
  for (const auto &pattern : patterns.getNativePatterns()) {
    if (std::optional<OperationName> root = pattern->getRootKind()) {
      names.insert(root->getStringRef());
    }
  }
  names.insert(ir::nn::ReshapeOp::getOperationName()); // another view of the same bytes
  return names;
}

std::vector<OpRow> readTable() {
  std::vector<OpRow> rows = {
#define NTC_OP(name, summary, category, dtypes) {name, summary, category, dtypes, false, false},
#include "tools/ntc/OpTable.inc"
#undef NTC_OP
  };
  DialectRegistry registry;
  registerCompiler(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadDialect<ir::nn::NnDialect>();
  llvm::StringSet<> lowered = loweredOperations(context);
  for (OpRow &row : rows) {
    auto name = RegisteredOperationName::lookup(row.name, &context);
    row.gradient = name && name->hasInterface<autodiff::DifferentiableOpInterface>();
    row.cpu = lowered.contains(row.name);
  }
  return rows;
}

void printJson(const std::vector<OpRow> &rows) {
  rt::format::JsonWriter json;
  json.beginObject();
  json.key("nn");
  json.beginArray();
  for (const OpRow &row : rows) {
    json.beginObject();
    json.member("name", row.name);
    json.member("category", row.category);
    json.member("summary", row.summary);
    json.key("dtypes");
    json.beginArray();
    for (llvm::StringRef dtype : llvm::split(row.dtypes, ' ')) {
      json.string(std::string_view(dtype.data(), dtype.size()));
    }
    json.endArray();
    json.member("gradient", row.gradient);
    json.member("cpu", row.cpu);
    json.member("cuda", false);
    json.endObject();
  }
  json.endArray();
  json.key("onnx");
  json.beginArray();
  for (const std::string &name : importer::supportedOps()) {
    json.string(name);
  }
  json.endArray();
  json.endObject();
  printLine(json.text());
}

void printTable(const std::vector<OpRow> &rows) {
  std::printf("%-28s %-9s %-4s %-5s %-34s %s\n", "operation", "gradient", "cpu", "cuda",
              "element types", "meaning");
  for (const OpRow &row : rows) {
    std::printf("%-28s %-9s %-4s %-5s %-34s %s\n", row.name.c_str(), row.gradient ? "yes" : "none",
                row.cpu ? "yes" : "no", "no", row.dtypes.c_str(), row.summary.c_str());
  }
  std::string line;
  std::printf("\nONNX operators that models may use (opsets 13 to 28):\n");
  for (const std::string &name : importer::supportedOps()) {
    if (line.size() + name.size() + 3 > 100) {
      std::printf("  %s\n", line.c_str());
      line.clear();
    }
    line += (line.empty() ? "" : " ") + name;
  }
  std::printf("  %s\n", line.c_str());
}

} // namespace

int runOps(const Verb &verb, Words words) {
  bool json = false;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, {jsonFlag(json)}, {}, positionals)) {
    return *code;
  }
  const std::vector<OpRow> rows = readTable();
  json ? printJson(rows) : printTable(rows);
  return kDone;
}

} // namespace ntc::driver
