// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an entry leaves behind: gradients, metrics, assignments, outputs; and the entry `init`.
#include "frontend/import/EntryBuilder.h"

#include "frontend/format/GradientNodes.h"
#include "frontend/format/Names.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace ntc::importer {

using ir::nn::Predicate;
using ir::train::EntryKind;

// The listed values are where the computation of y may be cut: none is computed from another.
void EntryBuilder::checkCut(NodeContext &c, ArrayRef<Value> listed, ArrayRef<std::string> names) {
  llvm::SmallDenseMap<Value, size_t> place;
  for (auto [i, value] : llvm::enumerate(listed)) {
    place[value] = i;
  }
  for (auto [i, value] : llvm::enumerate(listed)) {
    SmallVector<Value> pending = {value};
    llvm::SmallDenseSet<Operation *> seen;
    while (!pending.empty()) {
      Operation *op = pending.pop_back_val().getDefiningOp();
      if (!op || !seen.insert(op).second) {
        continue;
      }
      for (Value operand : op->getOperands()) {
        auto other = place.find(operand);
        if (other != place.end() && operand != value) {
          c.invalid("lists " + format::quoted(names[i]) + " and " +
                    format::quoted(names[other->second]) +
                    ", but the first is computed from the second");
          return;
        }
        pending.push_back(operand);
      }
    }
  }
}

void EntryBuilder::runGradient(NodeContext &c, Scope &scope) {
  std::vector<std::string> xs = c.stringsAttribute("xs"), zs = c.stringsAttribute("zs");
  std::string y = c.stringAttribute("y", "");
  c.checkNoOtherAttributes();
  // A step has its penalty once, where the sums of all batches are joined: in the update.
  if (entry.getKind() == EntryKind::Accumulate && joinsSums() && y == format::objectiveValue) {
    y = model.loss;
  }
  std::vector<std::string> names = xs;
  names.insert(names.end(), zs.begin(), zs.end());
  if (xs.empty() || y.empty()) {
    c.invalid("needs the attributes xs and y");
    return;
  }
  if (c.node.input_size() != static_cast<int>(names.size()) ||
      c.node.output_size() > static_cast<int>(xs.size())) {
    c.invalid("names " + Twine(names.size()) + " tensors in xs and zs and " + Twine(xs.size()) +
              " in xs, found as many inputs and outputs: " + Twine(c.node.input_size()) + " and " +
              Twine(c.node.output_size()));
    return;
  }
  for (auto [i, name] : llvm::enumerate(names)) {
    if (c.node.input(i) != name) {
      c.unsupported("input " + Twine(i) + " is " + format::quoted(c.node.input(i)) +
                    " where xs and zs name " + format::quoted(name) +
                    "; a gradient at another point is not supported");
    }
  }
  std::optional<Entity> loss = resolve(y, scope);
  if (!loss) {
    c.invalid("differentiates " + format::quoted(y) + ", which no node before it makes");
  }
  if (c.bad() || loss->state == Entity::State::Failed) {
    c.outputs.assign(c.outputs.size(), Entity::failed());
    return;
  }
  Value scalar = c.materialize(*loss);
  RankedTensorType type = Emitter::typeOf(scalar);
  if (type.getNumElements() != 1 || !isa<FloatType>(type.getElementType())) {
    c.invalid("differentiates " + format::quoted(y) + " of type " + typeText(type) +
              "; expected a scalar of floating point");
    return;
  }
  SmallVector<Value> listed = c.all(), wrt;
  checkCut(c, listed, names);
  llvm::SmallDenseSet<Value> distinct;
  for (auto [i, name] : llvm::enumerate(xs)) {
    wrt.push_back(listed[i]);
    if (!isa<FloatType>(Emitter::elementOf(wrt.back())) || !distinct.insert(wrt.back()).second) {
      c.invalid("cannot differentiate by " + format::quoted(name) +
                ", which is named twice or is no floating-point tensor");
    }
  }
  if (c.bad()) {
    return;
  }
  SmallVector<Value> values = differentiate(emitter.reshape(scalar, {}), xs, wrt);
  if (model.accumulates()) {
    joinGradients(xs, values);
  }
  for (auto [i, value] : llvm::enumerate(values)) {
    c.out(value, i);
  }
}

SmallVector<Value> EntryBuilder::differentiate(Value scalar, ArrayRef<std::string> names,
                                               ArrayRef<Value> wrt) {
  SmallVector<Value> active, values;
  for (auto [name, value] : llvm::zip(names, wrt)) {
    if (model.isTrainedFrom(fromEpoch, name)) {
      active.push_back(value);
    }
  }
  auto gradient = ir::train::GradientOp::create(emitter.builder, emitter.location,
                                                TypeRange(ValueRange(active)), scalar, active);
  size_t next = 0;
  for (auto [name, value] : llvm::zip(names, wrt)) {
    values.push_back(model.isTrainedFrom(fromEpoch, name) ? gradient.getGradients()[next++]
                                                          : emitter.splatLike(0, value));
  }
  return values;
}

bool EntryBuilder::joinsSums() const { return model.spec->loss().reduction() == "sum"; }

// With gradients g of means over counts c, the mean over all samples has the gradient
// sum(c * g) / sum(c): that of one batch as large as all together. Sums are added. A batch of which
// nothing counts (every label ignored) has the mean 0 / 0 and adds nothing; a step of such batches
// alone has gradients of zero.
void EntryBuilder::joinGradients(ArrayRef<std::string> xs, MutableArrayRef<Value> gradients) {
  std::optional<MeanParts> parts = lossParts();
  if (!parts) {
    return;
  }
  const bool isSum = joinsSums();
  const bool mayBeEmpty = !isSum && !matchPattern(parts->count, m_Constant());
  const bool updates = entry.getKind() == EntryKind::TrainStep;
  auto read = [&](StringRef name) -> Value {
    return ir::train::ReadOp::create(emitter.builder, emitter.location,
                                     model.states.find(name.str())->second.type,
                                     FlatSymbolRefAttr::get(&model.context, name));
  };
  Value before = read(ModelView::kAccumulatedCount);
  Value count = emitter.cast(parts->count, Emitter::elementOf(before));
  Value total = emitter.add(before, count);
  auto times = [&](Value tensor, Value scalar) {
    Value factor = emitter.cast(scalar, Emitter::elementOf(tensor));
    return emitter.mul(tensor, emitter.broadcast(factor, Emitter::shapeOf(tensor), {}));
  };
  auto zeroIfEmpty = [&](Value scalar, Value tensor) {
    if (!mayBeEmpty) {
      return tensor;
    }
    Value empty = emitter.compare(Predicate::eq, scalar, emitter.splatLike(0, scalar));
    return emitter.select(emitter.broadcast(empty, Emitter::shapeOf(tensor), {}),
                          emitter.splatLike(0, tensor), tensor);
  };
  Value share = zeroIfEmpty(total, emitter.div(emitter.splatLike(1, total), total));
  for (auto [name, gradient] : llvm::zip(xs, gradients)) {
    if (!model.isTrainedFrom(fromEpoch, name)) {
      continue;
    }
    std::string state = ModelView::accumulatorOf(name);
    Value added = isSum ? gradient : zeroIfEmpty(count, times(gradient, count));
    Value joined = emitter.add(read(state), added);
    if (updates) {
      gradient = isSum ? joined : times(joined, share);
      joined = emitter.splatLike(0, joined);
    }
    updateState(state, joined);
  }
  updateState(ModelView::kAccumulatedCount, updates ? emitter.splatLike(0, total) : total);
}

void EntryBuilder::addMetric(StringRef name, Value sum, Value count) {
  Builder &b = emitter.builder;
  for (auto [attribute, value] : {std::pair(StringRef(ir::train::kMetricAttr), sum),
                                  std::pair(StringRef(ir::train::kMetricCountAttr), count)}) {
    results.push_back(value);
    resultAttributes.push_back(
        b.getDictionaryAttr(b.getNamedAttr(attribute, b.getStringAttr(name))));
  }
}

std::optional<MeanParts> EntryBuilder::lossParts() {
  if (loss) {
    return loss;
  }
  Value value = valueOf(model.loss, "the loss");
  if (!value) {
    return std::nullopt;
  }
  RankedTensorType type = Emitter::typeOf(value);
  if (type.getNumElements() != 1 || !isa<FloatType>(type.getElementType())) {
    problems.invalid("loss " + format::quoted(model.loss),
                     "expected a scalar of floating point, found " + typeText(type));
    return std::nullopt;
  }
  value = emitter.reshape(value, {});
  loss = metrics.split(emitter, value);
  if (!loss && model.hasDenominator()) {
    Value count = valueOf("loss_denominator", "the loss's denominator");
    if (count && count.getType() == value.getType()) {
      loss = MeanParts{emitter.mul(value, count), count};
    }
  }
  // Samples count alike, in the last, smaller batch too.
  if (!loss && model.spec && !model.spec->loss().reduction().empty()) {
    Value samples = emitter.splatLike(static_cast<double>(batch), value);
    bool isSum = model.spec->loss().reduction() == "sum";
    loss = MeanParts{isSum ? value : emitter.mul(value, samples), samples};
  }
  if (!loss) {
    loss = MeanParts{value, emitter.splatLike(1, value)};
  }
  return loss;
}

void EntryBuilder::addLossMetric() {
  if (std::optional<MeanParts> parts = lossParts()) {
    addMetric("loss", parts->sum, parts->count);
  }
}

void EntryBuilder::addAccuracyMetric() {
  for (auto [i, target] : llvm::enumerate(targets)) {
    const LabelUse *use = metrics.labelUse(target.second);
    if (!use) {
      continue;
    }
    auto argument = cast<BlockArgument>(target.second);
    NamedAttrList attributes(cast<DictionaryAttr>(argumentAttributes[argument.getArgNumber()]));
    attributes.set(ir::train::kClassesAttr, emitter.builder.getI64IntegerAttr(use->classes));
    if (use->ignoreIndex) {
      attributes.set(ir::train::kIgnoreIndexAttr,
                     emitter.builder.getI64IntegerAttr(*use->ignoreIndex));
    }
    argumentAttributes[argument.getArgNumber()] = attributes.getDictionary(&model.context);
  }
  bool asked = model.spec && model.spec->metrics_size() != 0;
  if (asked && !llvm::is_contained(model.spec->metrics(), "accuracy")) {
    return;
  }
  if (model.graph.output_size() == 0) {
    return;
  }
  Value logits = valueOf(model.graph.output(0).name(), "the metric accuracy");
  if (!logits) {
    return;
  }
  for (auto [input, labels] : targets) {
    const LabelUse *use = metrics.labelUse(labels);
    SmallVector<int64_t> expected(Emitter::shapeOf(logits));
    bool fits = expected.size() >= 2 && isa<IntegerType>(input->element) &&
                !input->element.isInteger(1) && isa<FloatType>(Emitter::elementOf(logits)) &&
                (use || asked);
    if (!fits || (expected.erase(expected.begin() + 1), ArrayRef<int64_t>(expected)) !=
                     Emitter::shapeOf(labels)) {
      continue;
    }
    Type i64 = emitter.builder.getI64Type();
    Value truth = emitter.cast(labels, i64);
    Value best =
        emitter.make<ir::nn::ArgmaxOp>(Emitter::typeOf(truth), logits, emitter.integer("axis", 1));
    Value equal = emitter.compare(Predicate::eq, best, truth);
    Value count = emitter.splat(static_cast<double>(Emitter::typeOf(truth).getNumElements()),
                                scalarType(i64));
    if (use && use->ignoreIndex) {
      Value valid = emitter.compare(
          Predicate::ne, truth, emitter.splatLike(static_cast<double>(*use->ignoreIndex), truth));
      equal = emitter.make<ir::nn::AndOp>(equal.getType(), {equal, valid});
      count = emitter.sumAll(emitter.cast(valid, i64));
    }
    addMetric("correct", emitter.sumAll(emitter.cast(equal, i64)), count);
    return;
  }
  if (asked) {
    problems.invalid("metric 'accuracy'", "needs class labels that fit the model's output " +
                                              typeText(logits.getType()));
  }
}

/// Values that the recipe names, as means over elements; a scalar counts for each sample.
void EntryBuilder::addValueMetrics() {
  llvm::StringSet<> seen;
  for (int i = 0; model.spec && i < model.spec->value_metrics_size(); ++i) {
    const std::string &name = model.spec->value_metrics(i);
    const std::string where = "metric " + format::quoted(name);
    if (std::string problem = format::metricNameProblem(name); !problem.empty()) {
      problems.invalid(where, "a metric's name should be " + problem);
      continue;
    }
    Value value = seen.insert(name).second ? valueOf(name, where) : Value();
    if (!value) {
      continue; // named before, or nothing makes it
    }
    RankedTensorType type = Emitter::typeOf(value);
    Type element = type.getElementType();
    // Small floats are summed as f32, truths and small integers as i64.
    const bool isFloat = isa<FloatType>(element);
    Type sums = !isFloat          ? emitter.builder.getI64Type()
                : element.isF64() ? element
                                  : emitter.builder.getF32Type();
    value = emitter.cast(value, sums);
    const bool isScalar = type.getRank() == 0;
    const auto count = static_cast<double>(isScalar ? batch : type.getNumElements());
    Value counted = emitter.splat(count, scalarType(sums));
    addMetric(name, isScalar ? emitter.mul(value, counted) : emitter.sumAll(value), counted);
  }
}

/// Outputs of the algorithm that say something about a step as a whole: they count once per step.
void EntryBuilder::addStepMetrics() {
  for (const onnx::ValueInfoProto &output : model.algorithm->output()) {
    bool isOfUpdate = output.name() == format::gradientNormOutput;
    if (output.name() != format::penaltyOutput && !isOfUpdate) {
      continue;
    }
    if (isOfUpdate && entry.getKind() == EntryKind::Accumulate) {
      continue;
    }
    Value value = valueOf(output.name(), "the metric " + format::quoted(output.name()));
    if (!value) {
      continue;
    }
    RankedTensorType type = Emitter::typeOf(value);
    if (type.getNumElements() != 1 || !isa<FloatType>(type.getElementType())) {
      problems.invalid("metric " + format::quoted(output.name()),
                       "expected a scalar of floating point, found " + typeText(type));
      continue;
    }
    value = emitter.reshape(value, {});
    addMetric(output.name(), value, emitter.splatLike(1, value));
  }
}

void EntryBuilder::addAssignments() {
  llvm::StringSet<> bound;
  auto assign = [&](StringRef name, Value value, const Twine &where) {
    const StateInfo &state = model.states.find(name.str())->second;
    if (value.getType() != state.type) {
      problems.invalid(where, "the new value has type " + typeText(value.getType()) +
                                  ", the state has " + typeText(state.type));
      return;
    }
    ir::train::AssignOp::create(emitter.builder, emitter.location,
                                FlatSymbolRefAttr::get(&model.context, name), value);
  };
  for (const auto &[name, source] : model.updates) {
    if (entry.getKind() != EntryKind::TrainStep) {
      break; // the update comes with a later batch
    }
    bound.insert(name);
    if (!model.isTrainedFrom(fromEpoch, name)) {
      continue; // its optimizer begins when it thaws
    }
    std::string where = "update of " + format::quoted(name);
    Value value = model.states.contains(name) ? valueOf(source, where) : Value();
    if (value) {
      assign(name, value, where);
    }
  }
  for (const auto &[name, value] : implicitUpdates) {
    if (!bound.contains(name)) {
      assign(name, value, "new value of " + format::quoted(name));
    }
  }
}

void EntryBuilder::addOutputs() {
  Builder &b = emitter.builder;
  if (model.graph.output_size() == 0) {
    problems.invalid("", "the graph has no output");
  }
  for (const onnx::ValueInfoProto &output : model.graph.output()) {
    if (Value value = valueOf(output.name(), "output " + format::quoted(output.name()))) {
      results.push_back(value);
      resultAttributes.push_back(b.getDictionaryAttr(
          b.getNamedAttr(ir::train::kOutputAttr, b.getStringAttr(output.name()))));
    }
  }
}

void EntryBuilder::eraseDeadOps() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block))) {
    if (isOpTriviallyDead(&op)) {
      op.erase();
    }
  }
}

void EntryBuilder::finish() {
  ir::train::ReturnOp::create(emitter.builder, emitter.location, results);
  eraseDeadOps();
  Builder &b = emitter.builder;
  entry.setFunctionType(
      b.getFunctionType(block->getArgumentTypes(), TypeRange(ValueRange(results))));
  entry.setArgAttrsAttr(b.getArrayAttr(argumentAttributes));
  entry.setResAttrsAttr(b.getArrayAttr(resultAttributes));
}

} // namespace ntc::importer
