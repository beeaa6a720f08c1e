// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks nodes in file order. Names resolve from the innermost scope; a function sees its inputs
// only.
#include "frontend/import/EntryBuilder.h"

#include "dialects/train/Stages.h"
#include "frontend/import/OpTable.h"

using namespace mlir;

namespace ntc::importer {

using ir::train::EntryKind;

RankedTensorType scalarType(Type element) { return RankedTensorType::get({}, element); }

static std::string entryName(EntryKind kind, int64_t batch, int64_t fromEpoch) {
  return ir::train::stringifyEntryKind(kind).str() + ".b" + std::to_string(batch) +
         (fromEpoch > 0 ? ".epoch" + std::to_string(fromEpoch) : "");
}

static ir::train::EntryOp createEntry(const ModelView &model, ir::train::ProgramOp program,
                                      EntryKind kind, StringRef name, int64_t batch) {
  OpBuilder builder = OpBuilder::atBlockEnd(&program.getBody().front());
  MLIRContext *context = &model.context;
  auto entry = ir::train::EntryOp::create(
      builder, UnknownLoc::get(context), builder.getStringAttr(name),
      TypeAttr::get(builder.getFunctionType({}, {})), ir::train::EntryKindAttr::get(context, kind),
      builder.getI64IntegerAttr(batch), ArrayAttr(), ArrayAttr());
  entry.getBody().emplaceBlock();
  return entry;
}

EntryBuilder::EntryBuilder(const ModelView &model, ir::train::ProgramOp program, EntryKind kind,
                           int64_t batch, int64_t fromEpoch, Problems &problems)
    : model(model),
      entry(createEntry(model, program, kind, entryName(kind, batch, fromEpoch), batch)),
      emitter(&model.context, &entry.getBody().front()), problems(problems),
      block(&entry.getBody().front()), top{{}, model.opsets, {}, "", true}, batch(batch),
      fromEpoch(fromEpoch) {
  if (fromEpoch > 0) {
    entry->setAttr(ir::train::kFromEpochAttr, emitter.builder.getI64IntegerAttr(fromEpoch));
  }
  for (const BatchInput &input : model.inputs) {
    if (!input.isTarget || (kind != EntryKind::Predict && kind != EntryKind::UpdateBn)) {
      addBatchInput(input);
    }
  }
  if (kind == EntryKind::TrainStep) {
    for (const ControlInput &control : model.controls) {
      top.values[control.name] = addControl(control);
    }
  }
}

Value EntryBuilder::addArgument(Type type, ArrayRef<NamedAttribute> attributes) {
  argumentAttributes.push_back(DictionaryAttr::get(&model.context, attributes));
  return block->addArgument(type, UnknownLoc::get(&model.context));
}

void EntryBuilder::addBatchInput(const BatchInput &input) {
  std::string why;
  RankedTensorType type = tensorType(input.shapeFor(batch), input.element, why);
  if (!type) {
    problems.invalid("input " + format::quoted(input.name),
                     why + " for batch size " + Twine(batch));
    top.values[input.name] = Entity::failed();
    return;
  }
  StringRef attribute = input.isTarget ? ir::train::kTargetAttr : ir::train::kInputAttr;
  Builder &b = emitter.builder;
  Value value = addArgument(type, b.getNamedAttr(attribute, b.getStringAttr(input.name)));
  top.values[input.name] = Entity::of(value);
  if (input.isTarget) {
    targets.push_back({&input, value});
  }
}

Entity EntryBuilder::addControl(const ControlInput &control) {
  Builder &b = emitter.builder;
  SmallVector<NamedAttribute> attributes = {
      b.getNamedAttr(ir::train::kControlAttr, b.getStringAttr(control.name))};
  if (control.byDefault) {
    attributes.push_back(
        b.getNamedAttr(ir::train::kDefaultAttr, b.getF64FloatAttr(*control.byDefault)));
  }
  return Entity::of(
      emitter.cast(addArgument(scalarType(b.getF64Type()), attributes), control.element));
}

Value EntryBuilder::randomControl(StringRef name) {
  Value &value = randomControls[name];
  if (!value) {
    Builder &b = emitter.builder;
    int64_t byDefault = name == "seed" && model.spec ? static_cast<int64_t>(model.spec->seed()) : 0;
    value = addArgument(scalarType(b.getI64Type()),
                        {b.getNamedAttr(ir::train::kControlAttr, b.getStringAttr(name)),
                         b.getNamedAttr(ir::train::kDefaultAttr, b.getI64IntegerAttr(byDefault))});
  }
  return value;
}

Value EntryBuilder::statisticsWeight(Value like) {
  if (entry.getKind() != EntryKind::UpdateBn) {
    return {};
  }
  Builder &b = emitter.builder;
  if (!batchesBefore) {
    batchesBefore =
        addArgument(scalarType(b.getF64Type()),
                    {b.getNamedAttr(ir::train::kControlAttr, b.getStringAttr(kBnBatches)),
                     b.getNamedAttr(ir::train::kDefaultAttr, b.getF64FloatAttr(0.0))});
  }
  Value one = emitter.splatLike(1, batchesBefore);
  Value weight = emitter.div(one, emitter.add(batchesBefore, one));
  return emitter.broadcast(emitter.cast(weight, Emitter::elementOf(like)), Emitter::shapeOf(like),
                           {});
}

Value EntryBuilder::currentState(const Entity &entity, Value read) {
  auto updated = implicitUpdates.find(entity.source);
  return updated == implicitUpdates.end() ? read : updated->second;
}

Entity EntryBuilder::resolveTop(StringRef name) {
  auto constant = model.constants.find(name);
  if (constant != model.constants.end()) {
    return Entity::of(constant->second);
  }
  auto state = model.states.find(name.str());
  if (state != model.states.end()) {
    Entity entity =
        Entity::of(ir::train::ReadOp::create(emitter.builder, emitter.location, state->second.type,
                                             FlatSymbolRefAttr::get(&model.context, name))
                       .getResult());
    entity.source = name.str();
    return entity;
  }
  for (const ControlInput &control : model.controls) {
    if (control.name == name) {
      return addControl(control);
    }
  }
  return {};
}

std::optional<Entity> EntryBuilder::resolve(StringRef name, Scope &scope) {
  auto found = scope.values.find(name);
  if (found != scope.values.end()) {
    return found->second;
  }
  Entity entity = scope.top ? resolveTop(name) : Entity();
  if (entity.state == Entity::State::Absent) {
    return std::nullopt;
  }
  return scope.values[name] = entity;
}

Value EntryBuilder::valueOf(StringRef name, const Twine &where) {
  std::optional<Entity> entity = resolve(name, top);
  if (!entity) {
    problems.invalid(where, "needs the value " + format::quoted(name) + ", which nothing makes");
    return {};
  }
  return entity->value || !entity->constant ? entity->value : emitter.constant(entity->constant);
}

void EntryBuilder::runNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes,
                            Scope &scope, llvm::function_ref<bool(int)> chosen) {
  for (int i = 0; i < nodes.size(); ++i) {
    if (!chosen(i)) {
      continue;
    }
    const onnx::NodeProto &node = nodes.Get(i);
    if (scope.top) {
      std::string layer = format::layerOf(node);
      EntryKind kind = entry.getKind();
      trainingForm = (kind == EntryKind::TrainStep || kind == EntryKind::Accumulate ||
                      kind == EntryKind::UpdateBn) &&
                     !model.isEvaluationLayer(layer);
      StringRef name = layer.empty() ? StringRef(node.op_type()) : StringRef(layer);
      emitter.location = NameLoc::get(StringAttr::get(&model.context, name));
    }
    runNode(node, scope);
  }
}

void EntryBuilder::runNode(const onnx::NodeProto &node, Scope &scope) {
  auto version = scope.opsets.find(canonicalDomain(node.domain()));
  NodeContext c(node, scope.path + format::describe(node),
                version == scope.opsets.end() ? 0 : version->second, *this, scope.attributes,
                problems);
  bool inputFailed = false;
  for (const std::string &name : node.input()) {
    std::optional<Entity> entity = name.empty() ? Entity() : resolve(name, scope);
    if (!entity) {
      c.invalid("uses the value " + format::quoted(name) + ", which no node before it makes");
      entity = Entity::failed();
    }
    inputFailed |= entity->state == Entity::State::Failed;
    c.inputs.push_back(*entity);
  }
  if (!inputFailed && !c.bad()) {
    if (const onnx::FunctionProto *function = model.functionOf(node)) {
      runCall(c, *function);
    } else if (ModelView::isGradient(node) && scope.top) {
      runGradient(c, scope);
    } else if (foldShapeComputation(c)) {
      c.checkNoOtherAttributes();
    } else if (const OpRule *rule = findOp(canonicalDomain(node.domain()), node.op_type());
               rule && !c.bad()) {
      rule->emit(c);
      c.checkNoOtherAttributes();
    } else {
      inputFailed = true; // already reported as not supported
    }
  }
  if (inputFailed || c.bad()) {
    c.outputs.assign(node.output_size(), Entity::failed());
  }
  defineOutputs(c, scope);
}

void EntryBuilder::defineOutputs(NodeContext &c, Scope &scope) {
  for (auto [i, name] : llvm::enumerate(c.node.output())) {
    if (name.empty()) {
      continue;
    }
    if (c.outputs[i].state == Entity::State::Absent) {
      c.unsupported("its output " + Twine(i) + " is not supported");
      c.outputs[i] = Entity::failed();
    }
    bool isTaken = scope.values.contains(name) ||
                   (scope.top && (model.states.contains(name) || model.constants.contains(name)));
    if (isTaken) {
      c.invalid("makes the value " + format::quoted(name) + ", which exists already");
    }
    scope.values[name] = c.outputs[i];
  }
}

void EntryBuilder::runCall(NodeContext &c, const onnx::FunctionProto &function) {
  if (c.node.input_size() > function.input_size() ||
      c.node.output_size() > function.output_size()) {
    c.invalid("calls a function of " + Twine(function.input_size()) + " inputs and " +
              Twine(function.output_size()) + " outputs with " + Twine(c.node.input_size()) +
              " and " + Twine(c.node.output_size()));
    return;
  }
  Opsets versions = opsetsOf(function.opset_import());
  Scope body{{}, versions, {}, c.where + ", in it ", false};
  for (auto [i, name] : llvm::enumerate(function.input())) {
    body.values[name] = i < c.inputs.size() ? c.inputs[i] : Entity();
  }
  for (const std::string &name : function.attribute()) {
    if (const onnx::AttributeProto *value = c.find(name)) {
      body.attributes[name] = value;
    }
  }
  c.checkNoOtherAttributes();
  runNodes(function.node(), body, [](int) { return true; });
  for (auto [i, name] : llvm::enumerate(function.output())) {
    auto found = body.values.find(name);
    if (found == body.values.end()) {
      c.invalid("no node of the function makes its output " + format::quoted(name));
    } else {
      c.out(found->second, i);
    }
  }
}

void EntryBuilder::build() {
  auto all = [](int) { return true; };
  runNodes(model.graph.node(), top, all);
  EntryKind kind = entry.getKind();
  if (kind == EntryKind::TrainStep) {
    runNodes(model.algorithm->node(), top, all);
  } else if (kind == EntryKind::Accumulate) {
    bool isBehind = false; // what follows the gradient belongs to the update
    runNodes(model.algorithm->node(), top, [&](int i) {
      return !std::exchange(isBehind, isBehind || ModelView::isGradient(model.algorithm->node(i)));
    });
  } else if (kind == EntryKind::EvalStep) {
    runNodes(model.algorithm->node(), top, [&](int i) { return model.lossNodes.contains(i); });
  }
  emitter.location = NameLoc::get(StringAttr::get(&model.context, "metrics"));
  if (kind == EntryKind::Predict) {
    addOutputs();
  } else if (kind == EntryKind::UpdateBn) {
    addAssignments();
  } else {
    addLossMetric();
    addAccuracyMetric();
    addValueMetrics();
  }
  if (kind == EntryKind::TrainStep || kind == EntryKind::Accumulate) {
    addStepMetrics();
    addAssignments();
  }
  finish();
}

} // namespace ntc::importer
