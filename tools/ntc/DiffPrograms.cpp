// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two programs side by side in the reference interpreter.
#include "codegen/reference/Interpreter.h"
#include "runtime/base/Philox.h"
#include "tools/ntc/Diff.h"

#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace ntc::driver {
namespace {

using ir::train::EntryKind;
using ir::train::EntryOp;
using ir::train::ProgramOp;
using reference::Tensor;

/// Collects the errors that are emitted on a context.
class Errors {
public:
  explicit Errors(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error) {
            messages.push_back(diagnostic.str());
          }
          return success();
        }) {}
  ModelProblem problem() {
    if (messages.empty()) {
      messages.emplace_back("the program could not be run");
    }
    return {std::move(messages), kFailed};
  }

private:
  std::vector<std::string> messages;
  ScopedDiagnosticHandler handler;
};

ProgramOp programOf(ModuleOp module) {
  auto programs = module.getOps<ProgramOp>();
  return programs.empty() ? ProgramOp() : *programs.begin();
}

/// The entries that both programs have, training steps first.
EntryOp commonEntry(ProgramOp a, ProgramOp b, std::optional<int64_t> batchSize) {
  EntryOp predict;
  for (EntryOp entry : a.getBody().getOps<EntryOp>()) {
    bool fits = !batchSize || static_cast<int64_t>(entry.getBatchSize()) == *batchSize;
    if (!fits || !SymbolTable::lookupSymbolIn(b, entry.getSymName())) {
      continue;
    }
    if (entry.getKind() == EntryKind::TrainStep) {
      return entry;
    }
    predict = entry.getKind() == EntryKind::Predict ? entry : predict;
  }
  return predict;
}

/// A random value for argument `i`: labels in their range, other numbers in [-1, 1); controls
/// have their defaults.
Tensor argumentFor(EntryOp entry, unsigned i, uint64_t seed, int64_t step) {
  Tensor value(entry.getArgumentTypes()[i]);
  if (auto control = entry.getArgAttrOfType<StringAttr>(i, "train.control")) {
    auto byDefault = entry.getArgAttrOfType<FloatAttr>(i, "train.default");
    value.fill({byDefault ? byDefault.getValueAsDouble() : 0.01,
                control.getValue() == "step" ? step : static_cast<int64_t>(seed)});
    return value;
  }
  auto classes = entry.getArgAttrOfType<IntegerAttr>(i, "train.classes");
  for (int64_t e = 0; e < value.getNumElements(); ++e) {
    double u = rt::randomUniform(seed, static_cast<uint64_t>(step), i, static_cast<uint64_t>(e));
    value.set(e, {2.0 * u - 1.0, static_cast<int64_t>(u * (classes ? classes.getInt() : 2))});
  }
  return value;
}

NamedTensor named(std::string name, const Tensor &tensor) {
  NamedTensor out{std::move(name), {}, {}};
  out.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  for (int64_t e = 0; e < tensor.getNumElements(); ++e) {
    out.values.push_back(tensor.number(e));
  }
  return out;
}

std::string resultName(EntryOp entry, unsigned i) {
  for (const char *key : {"train.metric", "train.metric_count", "train.output"}) {
    if (auto name = entry.getResultAttrOfType<StringAttr>(i, key)) {
      bool isCount = StringRef(key).ends_with("count");
      return name.getValue().str() + (isCount ? " (count)" : "");
    }
  }
  return concat("result ", i);
}

/// Runs one entry `steps` times; results and states after each.
std::optional<std::vector<std::vector<NamedTensor>>> trace(ProgramOp program, EntryOp entry,
                                                           const DiffOptions &options) {
  reference::Interpreter interpreter(program);
  if (failed(interpreter.init(options.seed))) {
    return std::nullopt;
  }
  std::vector<std::vector<NamedTensor>> out;
  for (int64_t step = 0; step < options.steps; ++step) {
    SmallVector<Tensor> arguments;
    for (unsigned i = 0; i < entry.getArgumentTypes().size(); ++i) {
      arguments.push_back(argumentFor(entry, i, options.seed, step));
    }
    auto results = interpreter.run(entry.getSymName(), arguments);
    if (failed(results)) {
      return std::nullopt;
    }
    std::vector<NamedTensor> values;
    for (auto [i, result] : llvm::enumerate(*results)) {
      values.push_back(named(resultName(entry, i), result));
    }
    for (StringRef state : interpreter.stateNames()) {
      values.push_back(named("state " + state.str(), *interpreter.get(state)));
    }
    out.push_back(std::move(values));
  }
  return out;
}

std::optional<ModelProblem> compare(ModuleOp first, ModuleOp second, Errors &errors,
                                    const DiffOptions &options, DiffReport &report) {
  ProgramOp a = programOf(first), b = programOf(second);
  if (!a || !b) {
    return ModelProblem{{"expected a train.program on both sides"}, kFailed};
  }
  EntryOp entry = commonEntry(a, b, options.batchSize);
  if (!entry) {
    return ModelProblem{{"the programs have no common entry of that batch size to run"}, kFailed};
  }
  auto other = cast<EntryOp>(SymbolTable::lookupSymbolIn(b, entry.getSymName()));
  if (entry.getArgumentTypes() != other.getArgumentTypes()) {
    return ModelProblem{{concat("entry ", entry.getSymName().str(), " takes other arguments")},
                        kFailed};
  }
  auto traceA = trace(a, entry, options);
  auto traceB = traceA ? trace(b, other, options) : std::nullopt;
  if (!traceA || !traceB) {
    return errors.problem();
  }
  for (size_t step = 0; step < traceA->size() && report.isEqual(); ++step) {
    report.compare(concat(entry.getSymName().str(), ", step ", step + 1), (*traceA)[step],
                   (*traceB)[step]);
  }
  return std::nullopt;
}

} // namespace

std::optional<ModelProblem> diffPrograms(const std::string &a, const std::string &b,
                                         const DiffOptions &options, DiffReport &report) {
  DialectRegistry registry;
  registerCompiler(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Errors errors(context);
  auto first = parseSourceFile<ModuleOp>(a, ParserConfig(&context));
  auto second = first ? parseSourceFile<ModuleOp>(b, ParserConfig(&context)) : nullptr;
  if (!first || !second) {
    return errors.problem();
  }
  return compare(*first, *second, errors, options, report);
}

std::optional<ModelProblem> diffPhases(const Model &model, pipelines::Phase a, pipelines::Phase b,
                                       const DiffOptions &options, DiffReport &report) {
  DialectRegistry registry;
  registerCompiler(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Errors errors(context);
  importer::ImportOptions import;
  import.batchSizes = {options.batchSize.value_or(defaultBatchSize(model))};
  import.inlineBytes = INT64_MAX;
  importer::ImportReport found;
  auto module = importer::importModel(model.proto, context, import, found);
  if (failed(module)) {
    CompileError error;
    error.unsupported = found.hasUnsupported();
    for (const auto &diagnostic : found.diagnostics) {
      error.messages.push_back(diagnostic.str());
    }
    return problemOf(error);
  }
  OwningOpRef<ModuleOp> sides[2] = {(*module)->clone(), (*module)->clone()};
  const pipelines::Phase phases[2] = {a, b};
  for (size_t i = 0; i < 2; ++i) {
    PassManager passes(&context);
    std::string problem;
    if (failed(
            pipelines::buildPipeline(passes, pipelines::Phase::Captured, phases[i], {}, problem))) {
      return ModelProblem{{problem}, kFailed};
    }
    if (failed(passes.run(*sides[i]))) {
      return errors.problem();
    }
  }
  return compare(*sides[0], *sides[1], errors, options, report);
}

} // namespace ntc::driver
