// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function of a kernel: buffers, the loop over work groups, and each loop group by its kind.

#include "codegen/cpu/KernelBuilder.h"
#include "codegen/cpu/KernelEmitter.h"
#include "compiler/fuse/ContractionForm.h"
#include "compiler/fuse/WinnerForm.h"
#include "compiler/schedule/KernelTuning.h"
#include "compiler/schedule/Pipelining.h"
#include "compiler/schedule/TileSizes.h"
#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <numeric>

using namespace mlir;

namespace ntc::codegen::cpu {
namespace plan = ir::plan;
using Kind = schedule::BufferPlace::Kind;

/// The flat memory of a tensor: booleans take a byte; floats of 16 bits are moved as integers,
/// since LLVM takes a scalar bf16 by way of f32 and back, which some targets do by a library's
/// function.
static MemRefType flatType(RankedTensorType type, ArrayRef<int64_t> shape) {
  Type element = type.getElementType();
  if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() == 16) {
    element = IntegerType::get(type.getContext(), 16);
  }
  int64_t size = 1;
  for (int64_t extent : shape) {
    size *= extent;
  }
  return MemRefType::get({size},
                         element.isInteger(1) ? IntegerType::get(type.getContext(), 8) : element);
}

static MemRefType flatType(RankedTensorType type) { return flatType(type, type.getShape()); }

static SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) {
    strides[d - 1] = strides[d] * shape[d];
  }
  return strides;
}

namespace {

class FunctionEmitter {
public:
  FunctionEmitter(plan::KernelOp kernel, OpBuilder &b, const CpuTarget &target,
                  const pipelines::KernelChoices &choices)
      : kernel(kernel), layout(kernel), b(b), k(b, kernel.getLoc(), target, choices, layout) {}

  /// Lets register tiles have these columns and rows, where that is not null.
  void tuneTile(int64_t columns, int64_t rows) {
    if (columns != 0) {
      k.tunedTile = {columns, rows};
    }
  }

  FailureOr<func::FuncOp> emit() {
    createFunction();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.getBody().front());
    bindTensors();
    unsigned parameters = function.getNumArguments();
    Value begin = function.getArgument(parameters - 2), end = function.getArgument(parameters - 1);
    if (kernel.getSerial()) {
      int64_t tiles = 1;
      for (auto [label, tile] : llvm::zip(layout.space().labels(), layout.tile())) {
        tiles *= schedule::tileCount(label.extent, tile);
      }
      begin = k.mul(begin, tiles);
      end = k.mul(end, tiles);
    }
    k.loop(begin, end, 1, {}, [&](Value group, ValueRange) -> SmallVector<Value> {
      decodeGroup(group);
      setOrigins();
      for (size_t g = 0; g < layout.loopGroups().size(); ++g) {
        g += emitLoopGroup(g);
      }
      return {};
    });
    func::ReturnOp::create(b, kernel.getLoc());
    return function;
  }

private:
  plan::KernelOp kernel;
  schedule::KernelLayout layout;
  OpBuilder &b;
  KernelBuilder k;
  func::FuncOp function;

  void createFunction() {
    SmallVector<Type> parameters;
    for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(), kernel.getResultTypes())) {
      parameters.push_back(flatType(cast<RankedTensorType>(type)));
    }
    if (layout.workspaceBytes() != 0) {
      parameters.push_back(MemRefType::get({layout.workspaceBytes()}, b.getI8Type()));
    }
    parameters.append(2, b.getIndexType());
    function = func::FuncOp::create(b, kernel.getLoc(), kernel.getSymName(),
                                    b.getFunctionType(parameters, {}));
    function.addEntryBlock();
  }

  /// Gives every tensor that has memory its buffer.
  void bindTensors() {
    Block &body = kernel.getBody().front();
    for (BlockArgument argument : body.getArguments()) {
      bind(argument);
    }
    for (Operation &op : body) {
      for (Value result : op.getResults()) {
        if (isa<RankedTensorType>(result.getType()) && layout.hasPlace(result)) {
          bind(result);
        }
      }
    }
  }

  void bind(Value tensor) {
    const schedule::BufferPlace &place = layout.placeOf(tensor);
    auto type = cast<RankedTensorType>(tensor.getType());
    Buffer buffer;
    buffer.element = type.getElementType();
    SmallVector<int64_t> shape(type.getShape());
    Location loc = tensor.getLoc();
    switch (place.kind) {
    case Kind::Register:
      return;
    case Kind::Operand:
      buffer.memref = function.getArgument(place.index);
      break;
    case Kind::Constant:
      buffer.memref = constant(tensor);
      break;
    case Kind::Stack: {
      if (place.shape.size() == shape.size()) {
        shape = place.shape;
      }
      Value &block = stackBlocks[&place];
      if (!block) {
        block =
            memref::AllocaOp::create(b, loc, flatType(type, place.shape), b.getI64IntegerAttr(64));
      }
      buffer.memref = block;
      break;
    }
    case Kind::Workspace: {
      Value workspace = function.getArgument(function.getNumArguments() - 3);
      buffer.memref = memref::ViewOp::create(b, loc, flatType(type), workspace,
                                             k.index(place.offset), ValueRange{});
      break;
    }
    }
    buffer.strides = rowMajorStrides(shape);
    buffer.origins.resize(shape.size());
    k.buffers[tensor] = std::move(buffer);
  }

  llvm::DenseMap<const schedule::BufferPlace *, Value> stackBlocks;

  /// A dense constant as read-only data of the module.
  Value constant(Value tensor) {
    auto value = tensor.getDefiningOp<arith::ConstantOp>();
    auto type = cast<RankedTensorType>(tensor.getType());
    MemRefType memory = flatType(type);
    auto elements = cast<DenseElementsAttr>(value.getValue())
                        .reshape(RankedTensorType::get(memory.getShape(), type.getElementType()));
    if (type.getElementType().isInteger(1)) {
      elements = cast<DenseIntElementsAttr>(elements).mapValues(
          b.getI8Type(), [](const APInt &bit) { return bit.zext(8); });
    } else if (memory.getElementType() != type.getElementType()) {
      elements = elements.bitcast(memory.getElementType());
    }
    std::string name = (kernel.getSymName() + "_constant" + std::to_string(constants++)).str();
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(function);
      memref::GlobalOp::create(b, value.getLoc(), name, b.getStringAttr("private"), memory,
                               elements,
                               /*constant=*/true, b.getI64IntegerAttr(64));
    }
    return memref::GetGlobalOp::create(b, value.getLoc(), memory, name);
  }

  int constants = 0;

  /// The indices of each label that belong to `group`: groups count row-major over the labels'
  /// tiles, the kernel's outer label first.
  void decodeGroup(Value group) {
    const auto &labels = layout.space().labels();
    k.labelRanges.assign(labels.size(), Range());
    Location loc = kernel.getLoc();
    SmallVector<size_t> order(labels.size());
    std::iota(order.begin(), order.end(), 0);
    if (std::optional<uint64_t> outer = kernel.getOuter()) {
      std::rotate(order.begin(), order.begin() + *outer, order.begin() + *outer + 1);
    }
    for (size_t l : llvm::reverse(order)) {
      int64_t extent = labels[l].extent, tile = layout.tile()[l];
      if (tile == 0) {
        k.labelRanges[l] = {k.index(0), k.index(extent), extent, extent, true};
        continue;
      }
      int64_t count = schedule::tileCount(extent, tile);
      Value position = arith::RemUIOp::create(b, loc, group, k.index(count));
      group = arith::DivUIOp::create(b, loc, group, k.index(count));
      Range range;
      range.lower = k.mul(position, tile);
      range.upper = k.add(range.lower, k.index(tile));
      range.multipleOf = tile;
      range.size = tile;
      if (extent % tile != 0) {
        range.upper = arith::MinUIOp::create(b, loc, range.upper, k.index(extent));
        range.size = -1;
        range.multipleOf = std::gcd(tile, extent % tile);
      }
      k.labelRanges[l] = range;
    }
  }

  /// A tile on the stack begins at the group's first indices.
  void setOrigins() {
    for (auto &entry : k.buffers) {
      const schedule::BufferPlace &place = layout.placeOf(entry.first);
      ArrayRef<int> labels = layout.space().labelsOf(entry.first);
      if (place.kind != Kind::Stack) {
        continue;
      }
      for (auto [d, label] : llvm::enumerate(labels)) {
        if (label >= 0 && layout.tile()[label] != 0) {
          entry.second.origins[d] = k.labelRanges[label].lower;
        }
      }
    }
  }

  /// The loop group that is to run beside group `g`, or none.
  ArrayRef<size_t> groupBeside(size_t g) {
    auto pipelined = kernel.getPipelined();
    if (!pipelined || !llvm::is_contained(*pipelined, static_cast<int64_t>(g)) ||
        schedule::whyNotPipelined(layout, g) != StringRef("")) {
      return {};
    }
    return layout.loopGroups()[g + 1];
  }

  /// Emits loop group `g` and those that run beside it; returns the number of the latter.
  size_t emitLoopGroup(size_t g) {
    ArrayRef<size_t> loopGroup = layout.loopGroups()[g];
    const fuse::Nest &first = layout.space().nests()[loopGroup.front()];
    k.loc = first.op->getLoc();
    if (schedule::isTransposingCopy(first) && emitTranspose(k, loopGroup.front())) {
      return 0;
    }
    if (llvm::none_of(first.isReduction, [](bool reduces) { return reduces; })) {
      emitPointwise(k, loopGroup);
    } else if (fuse::contractionForm(first.op)) {
      if (!emitPairedContraction(k, loopGroup.front())) {
        return emitContraction(k, loopGroup.front(), groupBeside(g)) ? 1 : 0;
      }
    } else if (fuse::winnerForm(first.op)) {
      emitWinnerSum(k, loopGroup.front());
    } else {
      emitReduction(k, loopGroup.front());
    }
    return 0;
  }
};

} // namespace

/// `choices` less those of `names`. Errors: a diagnostic on `kernel` for a name that no choice has.
static FailureOr<pipelines::KernelChoices>
leaveOut(plan::KernelOp kernel, pipelines::KernelChoices choices, ArrayRef<std::string> names) {
  for (const std::string &name : names) {
    std::optional<pipelines::KernelChoice> choice = pipelines::kernelChoiceNamed(name);
    if (!choice) {
      return kernel.emitError("leaves out '") << name << "', which no choice of the emitters is";
    }
    choices.remove(*choice);
  }
  return choices;
}

FailureOr<func::FuncOp> VectorEmitter::emit(plan::KernelOp kernel, OpBuilder &builder) {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (!fuse::isNest(&op) && !fuse::isMaterial(&op) && !isa<ir::nn::ReshapeOp>(op)) {
      return op.emitError("has no code on the CPU");
    }
  }
  FailureOr<schedule::KernelTuning> tuning = schedule::tuningOf(kernel);
  FailureOr<pipelines::KernelChoices> left = failure();
  if (failed(tuning) || failed(left = leaveOut(kernel, choices, tuning->leaveOut))) {
    return failure();
  }
  FunctionEmitter emitter(kernel, builder, target, *left);
  emitter.tuneTile(tuning->columns, tuning->rows);
  return emitter.emit();
}

} // namespace ntc::codegen::cpu
