// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry `average`: torch.optim.swa_utils.AveragedModel.update_parameters. The first update
// takes the parameters as they are; buffers are always copied.
#include "frontend/import/EntryBuilder.h"

using namespace mlir;

namespace ntc::importer {
namespace {

NamedAttribute named(Builder &b, StringRef name, Attribute value) {
  return b.getNamedAttr(name, value);
}

/// Reads and assigns states of one entry.
struct States {
  const ModelView &model;
  Emitter &e;

  Value read(StringRef name) {
    return ir::train::ReadOp::create(e.builder, e.location,
                                     model.states.find(name.str())->second.type,
                                     FlatSymbolRefAttr::get(&model.context, name));
  }
  void assign(StringRef name, Value value) {
    ir::train::AssignOp::create(e.builder, e.location, FlatSymbolRefAttr::get(&model.context, name),
                                value);
  }
};

} // namespace

void buildAverage(const ModelView &model, ir::train::ProgramOp program) {
  MLIRContext *context = &model.context;
  OpBuilder builder = OpBuilder::atBlockEnd(&program.getBody().front());
  const bool isEma = model.spec->average().name() == "ema";
  RankedTensorType f64 = scalarType(builder.getF64Type());
  SmallVector<Type> arguments;
  SmallVector<Attribute> attributes;
  if (isEma) {
    arguments.push_back(f64);
    attributes.push_back(builder.getDictionaryAttr(
        {named(builder, ir::train::kControlAttr, builder.getStringAttr(kEmaDecay)),
         named(builder, ir::train::kDefaultAttr,
               builder.getF64FloatAttr(model.spec->average().decay()))}));
  }
  auto entry = ir::train::EntryOp::create(
      builder, UnknownLoc::get(context), builder.getStringAttr("average"),
      TypeAttr::get(builder.getFunctionType(arguments, {})),
      ir::train::EntryKindAttr::get(context, ir::train::EntryKind::Average),
      builder.getI64IntegerAttr(0), builder.getArrayAttr(attributes), builder.getArrayAttr({}));
  Block *block = &entry.getBody().emplaceBlock();
  for (Type type : arguments) {
    block->addArgument(type, UnknownLoc::get(context));
  }
  Emitter e(context, block);
  e.location = NameLoc::get(StringAttr::get(context, "average"));
  States states{model, e};
  const std::string counter = model.averageOf("count");
  Value count = states.read(counter);
  Value updates = e.cast(count, f64.getElementType());
  Value one = e.splat(1, f64);
  Value weight = isEma ? e.sub(one, block->getArgument(0)) : e.div(one, e.add(updates, one));
  weight = e.select(e.compare(ir::nn::Predicate::eq, updates, e.splat(0, f64)), one, weight);
  for (const std::string &name : model.averaged) {
    Value value = states.read(name);
    if (model.states.find(name)->second.role == ir::train::Role::Parameter) {
      Value average = states.read(model.averageOf(name));
      Value factor =
          e.broadcast(e.cast(weight, Emitter::elementOf(value)), Emitter::shapeOf(value), {});
      value = e.add(average, e.mul(e.sub(value, average), factor));
    }
    states.assign(model.averageOf(name), value);
  }
  states.assign(counter, e.add(count, e.splatLike(1, count)));
  ir::train::ReturnOp::create(e.builder, UnknownLoc::get(context), ValueRange());
}

} // namespace ntc::importer
