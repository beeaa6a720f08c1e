// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Planned IR to manifest, one to one.

#include "codegen/artifact/BuildManifest.h"

#include "compiler/fuse/IterationSpace.h"
#include "compiler/schedule/KernelLayout.h"
#include "dialects/train/MemoryType.h"
#include "dialects/train/Stages.h"

#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace ntc::codegen::artifact {
namespace plan = ir::plan;
namespace train = ir::train;
namespace manifest = rt::artifact;

namespace {

class ManifestBuilder {
public:
  ManifestBuilder(train::ProgramOp program, const cpu::CpuTarget &target,
                  const ManifestInputs &inputs)
      : program(program), target(target), inputs(inputs) {}

  FailureOr<manifest::Manifest> build() {
    fillHeader();
    for (auto kernel : program.getBody().getOps<plan::KernelOp>()) {
      kernels[kernel.getSymName()] = {static_cast<uint32_t>(result.kernelCount++), kernel,
                                      describe(kernel)};
    }
    for (auto [i, entry] : llvm::enumerate(program.getBody().getOps<plan::EntryOp>())) {
      entryNumbers[entry.getSymName()] = i;
    }
    auto arenas = llvm::to_vector(program.getBody().getOps<plan::ArenaOp>());
    if (arenas.size() != 1) {
      return program.emitError("needs exactly one plan.arena, found ") << arenas.size();
    }
    result.arenaBytes = arenas.front().getBytes();
    for (auto slot : arenas.front().getBody().getOps<plan::SlotOp>()) {
      slots.push_back(slot);
      addSlot(slot);
    }
    for (auto state : program.getBody().getOps<train::StateOp>()) {
      if (failed(addState(state))) {
        return failure();
      }
    }
    for (auto entry : program.getBody().getOps<plan::EntryOp>()) {
      if (failed(addEntry(entry))) {
        return failure();
      }
    }
    return std::move(result);
  }

private:
  struct Kernel {
    uint32_t number = 0;
    plan::KernelOp op;
    std::pair<uint64_t, uint64_t> flopsAndBytes;
  };

  train::ProgramOp program;
  const cpu::CpuTarget &target;
  const ManifestInputs &inputs;
  manifest::Manifest result;
  llvm::StringMap<Kernel> kernels;
  llvm::StringMap<uint32_t> entryNumbers;
  llvm::StringMap<plan::SlotOp> stateSlots;
  SmallVector<plan::SlotOp> slots;

  std::string metadata(StringRef key) {
    auto value =
        program.getMetadataAttr() ? program.getMetadataAttr().getAs<StringAttr>(key) : StringAttr();
    return value ? value.str() : "";
  }

  void fillHeader() {
    result.ntcVersion = inputs.ntcVersion;
    result.modelName = metadata("model");
    result.programHash = metadata("program_sha256");
    result.trainSpecJson = metadata("train_spec");
    result.cpu = target.cpu;
    result.cpuFeatures = target.requiredFeatures;
    result.precision = inputs.precision;
    result.flushDenormals = inputs.flushDenormals;
    result.weightsFile = inputs.weightsFile;
    result.weightsSha256 = inputs.weightsSha256;
    result.modelPb = inputs.modelPb;
  }

  /// Floating-point operations of a kernel, and bytes of its operands.
  static std::pair<uint64_t, uint64_t> describe(plan::KernelOp kernel) {
    fuse::IterationSpace space(schedule::bodyOps(kernel.getBody().front()));
    uint64_t bytes = 0;
    for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(), kernel.getResultTypes())) {
      bytes += plan::tensorBytes(cast<RankedTensorType>(type));
    }
    return {static_cast<uint64_t>(space.flops()), bytes};
  }

  void addSlot(plan::SlotOp slot) {
    manifest::SlotSpec spec;
    spec.name = slot.getName().str();
    spec.role = slot.getRole().str();
    spec.offset = slot.getOffset();
    spec.sizeBytes = slot.getSizeBytes();
    Type element = cast<RankedTensorType>(slot.getType()).getElementType();
    spec.dtype = train::memoryTypeOf(element).value_or(rt::DType::U8);
    if (auto entry = slot.getEntry()) {
      spec.entry = entryNumbers.lookup(*entry);
      spec.liveBegin = slot.getLive()[0];
      spec.liveEnd = slot.getLive()[1];
    } else if (spec.role == "control") {
      addControl(slot);
    } else {
      stateSlots[slot.getName()] = slot;
    }
    result.slots.push_back(std::move(spec));
  }

  void addControl(plan::SlotOp slot) {
    manifest::ControlSpec control;
    control.name = slot.getName().str();
    control.isInteger = isa<IntegerType>(cast<RankedTensorType>(slot.getType()).getElementType());
    control.offset = slot.getOffset();
    if (auto value = dyn_cast_or_null<FloatAttr>(slot.getDefaultValueAttr())) {
      control.defaultValue = value.getValueAsDouble();
    } else if (auto value = dyn_cast_or_null<IntegerAttr>(slot.getDefaultValueAttr())) {
      control.defaultValue = static_cast<double>(value.getInt());
    }
    result.controls.push_back(std::move(control));
  }

  LogicalResult addState(train::StateOp state) {
    manifest::StateSpec spec;
    auto type = cast<RankedTensorType>(state.getType());
    auto dtype = train::memoryTypeOf(type.getElementType());
    if (!dtype) {
      return state.emitError("has an element type that artifacts cannot hold");
    }
    spec.name = state.getSymName().str();
    spec.of = state.getOf() ? state.getOf()->str() : "";
    spec.dtype = *dtype;
    spec.shape.assign(type.getShape().begin(), type.getShape().end());
    spec.role = static_cast<manifest::Role>(state.getRole());
    auto slot = stateSlots.find(state.getSymName());
    if (slot == stateSlots.end()) {
      return state.emitError("has no slot in the arena");
    }
    spec.offset = slot->second.getOffset();
    spec.sizeBytes = slot->second.getSizeBytes();
    addInitialValue(state, static_cast<uint32_t>(result.states.size()));
    result.states.push_back(std::move(spec));
    return success();
  }

  /// Imported values: bytes of a dense attribute, or the weights file. Fresh states are drawn by
  /// the entry `init`.
  void addInitialValue(train::StateOp state, uint32_t number) {
    if (isa<train::FileAttr>(state.getInit())) {
      result.initialValues.push_back({number, {}});
    } else if (auto dense = dyn_cast<DenseElementsAttr>(state.getInit())) {
      manifest::InitialValue value{number, {}};
      ArrayRef<char> raw = dense.getRawData();
      size_t repeat = dense.isSplat() ? dense.getNumElements() : 1;
      for (size_t i = 0; i < repeat; ++i) {
        value.bytes.insert(value.bytes.end(), raw.begin(), raw.end());
      }
      result.initialValues.push_back(std::move(value));
    }
  }

  LogicalResult addEntry(plan::EntryOp entry) {
    manifest::EntrySpec spec;
    spec.name = entry.getSymName().str();
    spec.kind = static_cast<manifest::EntryKind>(entry.getKind());
    spec.batchSize = entry.getBatchSize();
    spec.fromEpoch = train::fromEpochOf(entry);
    for (Attribute input : entry.getInputs()) {
      spec.inputs.push_back(inputSpec(cast<DictionaryAttr>(input)));
    }
    for (Attribute output : entry.getOutputs()) {
      spec.outputs.push_back(outputSpec(cast<DictionaryAttr>(output)));
    }
    for (auto call : entry.getBody().getOps<plan::CallOp>()) {
      spec.calls.push_back(callSpec(call));
    }
    result.entries.push_back(std::move(spec));
    return success();
  }

  static RankedTensorType tensorType(DictionaryAttr attributes) {
    return cast<RankedTensorType>(attributes.getAs<TypeAttr>("type").getValue());
  }

  static manifest::InputSpec inputSpec(DictionaryAttr attributes) {
    manifest::InputSpec spec;
    auto type = tensorType(attributes);
    spec.name = attributes.getAs<StringAttr>("name").str();
    spec.dtype = train::memoryTypeOf(type.getElementType()).value_or(rt::DType::F32);
    spec.shape.assign(type.getShape().begin(), type.getShape().end());
    spec.isTarget = attributes.get("target") != nullptr;
    if (auto classes = attributes.getAs<IntegerAttr>("classes")) {
      spec.classes = classes.getInt();
    }
    if (auto ignored = attributes.getAs<IntegerAttr>("ignore_index")) {
      spec.ignoreIndex = ignored.getInt();
    }
    return spec;
  }

  uint64_t offsetOf(Attribute slot) {
    return slots[cast<plan::SlotRefAttr>(slot).getIndex()].getOffset();
  }

  manifest::OutputSpec outputSpec(DictionaryAttr attributes) {
    manifest::OutputSpec spec;
    auto type = tensorType(attributes);
    spec.name = attributes.getAs<StringAttr>("name").str();
    spec.dtype = train::memoryTypeOf(type.getElementType()).value_or(rt::DType::F32);
    spec.shape.assign(type.getShape().begin(), type.getShape().end());
    spec.offset = offsetOf(attributes.get("slot"));
    if (Attribute count = attributes.get("count_slot")) {
      spec.isMetric = true;
      spec.countOffset = offsetOf(count);
    }
    return spec;
  }

  manifest::CallSpec callSpec(plan::CallOp call) {
    const Kernel &kernel = kernels.find(call.getKernel())->second;
    manifest::CallSpec spec;
    spec.name = call.getName().str();
    spec.kernel = kernel.number;
    spec.groupCount = static_cast<uint32_t>(plan::KernelOp(kernel.op).getGroups());
    spec.barrierAfter = !call.getConcurrent();
    std::tie(spec.flops, spec.bytes) = kernel.flopsAndBytes;
    for (Attribute buffer : call.getBuffers()) {
      if (auto input = dyn_cast<plan::InputRefAttr>(buffer)) {
        spec.operands.push_back(
            {manifest::OperandKind::Input, static_cast<uint64_t>(input.getIndex())});
      } else {
        spec.operands.push_back({manifest::OperandKind::Arena, offsetOf(buffer)});
      }
    }
    return spec;
  }
};

} // namespace

FailureOr<manifest::Manifest> buildManifest(train::ProgramOp program, const cpu::CpuTarget &target,
                                            const ManifestInputs &inputs) {
  return ManifestBuilder(program, target, inputs).build();
}

} // namespace ntc::codegen::artifact
