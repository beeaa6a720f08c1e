// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the model into a view, emits states and entries, verifies the result. Problems of all of
// these end in one list.
#include "frontend/import/Import.h"

#include "frontend/import/EntryBuilder.h"
#include "frontend/import/ProgramHash.h"

#include "mlir/IR/Verifier.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <memory>

using namespace mlir;

namespace ntc::importer {
namespace {

std::string programName(const ModelView &model) {
  if (!model.options.programName.empty()) {
    return model.options.programName;
  }
  if (model.spec && !model.spec->model().empty()) {
    return model.spec->model();
  }
  return model.graph.name().empty() ? "model" : model.graph.name();
}

/// `spec` in protobuf's JSON form, by way of its deterministic bytes: printed directly, the entries
/// of maps come in an order that differs from run to run.
std::string recipeJson(const TrainSpec &spec) {
  namespace pb = google::protobuf;
  std::string bytes, json;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    spec.SerializeToCodedStream(&coded);
  }
  const pb::Descriptor *type = spec.GetDescriptor();
  std::unique_ptr<pb::util::TypeResolver> resolver(
      pb::util::NewTypeResolverForDescriptorPool("type.googleapis.com", type->file()->pool()));
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  (void)pb::util::BinaryToJsonString(resolver.get(), "type.googleapis.com/" + type->full_name(),
                                     bytes, &json, options);
  return json;
}

DictionaryAttr metadataOf(const ModelView &model) {
  Builder b(&model.context);
  SmallVector<Attribute> outputs;
  for (const onnx::ValueInfoProto &output : model.graph.output()) {
    outputs.push_back(b.getStringAttr(output.name()));
  }
  std::string recipe;
  if (model.spec) {
    recipe = recipeJson(*model.spec);
  }
  return b.getDictionaryAttr({b.getNamedAttr(kMetadataModel, b.getStringAttr(programName(model))),
                              b.getNamedAttr(kMetadataLoss, b.getStringAttr(model.loss)),
                              b.getNamedAttr(kMetadataOutputs, b.getArrayAttr(outputs)),
                              b.getNamedAttr(kMetadataTrainSpec, b.getStringAttr(recipe)),
                              b.getNamedAttr(kMetadataHash, b.getStringAttr(programHash(model)))});
}

void addStates(const ModelView &model, ir::train::ProgramOp program) {
  OpBuilder builder = OpBuilder::atBlockEnd(&program.getBody().front());
  MLIRContext *context = &model.context;
  for (const auto &[name, state] : model.states) {
    auto owner = state.of.empty() ? FlatSymbolRefAttr() : FlatSymbolRefAttr::get(context, state.of);
    ir::train::StateOp::create(builder, NameLoc::get(StringAttr::get(context, name)),
                               StringAttr::get(context, name), TypeAttr::get(state.type),
                               ir::train::RoleAttr::get(context, state.role), state.init, owner,
                               state.frozen ? UnitAttr::get(context) : UnitAttr());
  }
}

/// Names of states may not be those of entries.
void checkSymbols(const ModelView &model, Problems &problems) {
  for (const auto &[name, state] : model.states) {
    StringRef text = name;
    bool isEntry = text == "init" || text == "average" || text.starts_with("update_bn.b") ||
                   text.starts_with("train_step.b") || text.starts_with("accumulate.b") ||
                   text.starts_with("eval_step.b") || text.starts_with("predict.b");
    if (isEntry) {
      problems.invalid("initializer " + format::quoted(name),
                       "has the name of an entry point; rename it");
    }
  }
}

bool isWanted(const ModelView &model, ir::train::EntryKind kind) {
  using ir::train::EntryKind;
  switch (kind) {
  case EntryKind::Predict:
    return true;
  case EntryKind::Accumulate:
    return model.accumulates();
  case EntryKind::UpdateBn:
    return model.averages() && model.hasStatistics();
  default:
    return model.algorithm != nullptr;
  }
}

void buildEntries(const ModelView &model, ir::train::ProgramOp program, Problems &problems) {
  using ir::train::EntryKind;
  for (int64_t batch : model.batchSizes) {
    for (EntryKind kind : {EntryKind::TrainStep, EntryKind::Accumulate, EntryKind::EvalStep,
                           EntryKind::Predict, EntryKind::UpdateBn}) {
      if (isWanted(model, kind)) {
        const bool hasStages = kind == EntryKind::TrainStep || kind == EntryKind::Accumulate;
        for (int64_t epoch : ArrayRef(model.stages).take_front(hasStages ? SIZE_MAX : 1)) {
          EntryBuilder(model, program, kind, batch, epoch, problems).build();
        }
      }
    }
    if (problems.any()) {
      return; // the other sizes would say the same
    }
  }
}

/// The last word: whatever the importer let pass that the dialects refuse.
void verifyModule(ModuleOp module, Problems &problems) {
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
    std::string where;
    if (auto named = dyn_cast<NameLoc>(diagnostic.getLocation())) {
      where = "layer " + format::quoted(named.getName().getValue());
    }
    problems.invalid(where, diagnostic.str());
    return success();
  });
  if (failed(verify(module)) && !problems.any()) {
    problems.invalid("", "the imported program does not verify");
  }
}

} // namespace

bool ImportReport::hasUnsupported() const {
  return llvm::any_of(diagnostics,
                      [](const auto &d) { return d.kind == DiagnosticKind::Unsupported; });
}

std::string ImportReport::str() const {
  std::string text;
  for (const ImportDiagnostic &diagnostic : diagnostics) {
    text += (text.empty() ? "" : "\n") + diagnostic.str();
  }
  return text;
}

FailureOr<OwningOpRef<ModuleOp>> importModel(const onnx::ModelProto &proto, MLIRContext &context,
                                             const ImportOptions &options, ImportReport &report) {
  context.loadDialect<ir::nn::NnDialect, ir::train::TrainDialect>();
  report = {};
  Problems problems(report.diagnostics);
  ModelView model(proto, context, options, problems, report.weights);
  if (model.hopeless) {
    return failure();
  }
  checkSymbols(model, problems);
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto program = ir::train::ProgramOp::create(builder, UnknownLoc::get(&context),
                                              programName(model), metadataOf(model));
  program.getBody().emplaceBlock();
  addStates(model, program);
  buildInit(model, program);
  if (model.averages()) {
    buildAverage(model, program);
  }
  buildEntries(model, program, problems);
  if (!problems.any()) {
    verifyModule(*module, problems);
  }
  if (problems.any()) {
    report.weights.clear();
    return failure();
  }
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> importModel(const onnx::ModelProto &proto, MLIRContext &context,
                                             const ImportOptions &options) {
  ImportReport report;
  auto module = importModel(proto, context, options, report);
  for (const ImportDiagnostic &diagnostic : report.diagnostics) {
    emitError(UnknownLoc::get(&context), diagnostic.str());
  }
  return module;
}

} // namespace ntc::importer
