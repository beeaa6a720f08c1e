// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compilation to a temporary file, and runs that leave traces of wrong reads and writes.

#include "test/unit/codegen/cpu/CpuProgram.h"

#include "codegen/artifact/BuildManifest.h"
#include "codegen/artifact/WriteArtifact.h"
#include "codegen/cpu/CompileKernels.h"
#include "compiler/pipelines/Phases.h"
#include "runtime/device/Allocator.h"
#include "runtime/exec/BoundEntry.h"
#include "runtime/memory/Arena.h"
#include "tools/ntc/CompileModel.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstring>

using namespace mlir;

namespace ntc::codegen::cpu::test {
namespace train = ir::train;

std::unique_ptr<MLIRContext> makeCompilerContext() {
  DialectRegistry registry;
  driver::registerCompiler(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

/// Collects errors as text instead of printing them.
class Errors {
public:
  explicit Errors(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          text += diagnostic.str() + "\n";
          return success();
        }) {}
  std::string text;

private:
  ScopedDiagnosticHandler handler;
};

ArtifactPointer compileModule(ModuleOp module, const CpuTarget &target, std::string &message,
                              ProgramChange afterFusion, pipelines::KernelChoices choices,
                              ProgramChange afterPlanning) {
  Errors errors(*module.getContext());
  auto fail = [&](const std::string &what) -> ArtifactPointer {
    message = what + ": " + errors.text;
    return nullptr;
  };
  if (failed(verify(module))) {
    return fail("invalid");
  }
  auto program = *module.getBody()->getOps<train::ProgramOp>().begin();
  auto advance = [&](pipelines::Phase from, pipelines::Phase to) {
    PassManager passes(module.getContext());
    return succeeded(pipelines::buildPipeline(passes, from, to, {}, message)) &&
           succeeded(passes.run(module));
  };
  if (!advance(pipelines::Phase::Captured, pipelines::Phase::Fused)) {
    return fail("passes");
  }
  if (afterFusion) {
    afterFusion(program);
  }
  if (!advance(pipelines::Phase::Fused, pipelines::Phase::Planned)) {
    return fail("passes");
  }
  if (afterPlanning) {
    afterPlanning(program);
  }
  VectorEmitter emitter(target, choices);
  if (auto kernels = emitKernels(program, emitter); failed(kernels) || failed(verify(**kernels))) {
    return fail("emission");
  }
  KernelCompiler compiler(target, /*threads=*/1);
  if (failed(compiler.add(program, emitter))) {
    return fail("compilation");
  }
  std::vector<Object> objects = compiler.finish();
  artifact::ManifestInputs inputs;
  inputs.ntcVersion = "test";
  auto manifest = artifact::buildManifest(program, target, inputs);
  if (failed(manifest)) {
    return fail("manifest");
  }
  objects.push_back(artifact::emitArtifactSymbols(target, *manifest));
  llvm::SmallString<128> path;
  if (llvm::sys::fs::createTemporaryFile("ntc-cpu", "so", path)) {
    return fail("no temporary file");
  }
  llvm::FileRemover remove(path);
  if (llvm::Error error = artifact::linkArtifact(objects, path.str().str())) {
    return fail(llvm::toString(std::move(error)));
  }
  auto opened = rt::artifact::Artifact::open(path.str().str());
  if (!opened) {
    bool unsupported = opened.status().code() == rt::Code::Unsupported;
    return fail((unsupported ? "unsupported: " : "open: ") +
                std::string(opened.status().message()));
  }
  return opened.take();
}

train::EntryOp Computation::entry() const {
  train::EntryOp found;
  module.get()->walk([&](train::EntryOp entry) { found = entry; });
  return found;
}

Block &Computation::block() const { return entry().getBody().front(); }

Computation makeComputation(MLIRContext &context, const std::string &name,
                            const std::string &arguments, const std::string &body) {
  std::string text =
      llvm::formatv("train.program @p {{ train.entry @predict({0}) attributes "
                    "{{kind = #train.entry_kind<predict>} {{\n{1}\ntrain.return\n} }",
                    arguments, body);
  Computation computation{name, parseSourceString<ModuleOp>(text, ParserConfig(&context)), {}};
  if (!computation.module) {
    llvm::report_fatal_error(llvm::Twine("the test's program cannot be read: ") + text);
  }
  Block &block = computation.block();
  Operation *terminator = block.getTerminator();
  terminator->setOperands(terminator->getPrevNode()->getResults());
  computation.entry().setFunctionType(FunctionType::get(&context, block.getArgumentTypes(),
                                                        TypeRange(terminator->getOperandTypes())));
  return computation;
}

std::string Suite::stateName(size_t computation, size_t input) {
  return "c" + std::to_string(computation) + ".i" + std::to_string(input);
}

static std::string outputName(size_t result) { return "r" + std::to_string(result); }

OwningOpRef<ModuleOp> Suite::joined(size_t first, size_t last) const {
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(b, loc);
  b.setInsertionPointToEnd(module->getBody());
  auto program = train::ProgramOp::create(b, loc, "suite", DictionaryAttr());
  Block *body = b.createBlock(&program.getBody());
  for (size_t c = first; c < last; ++c) {
    const Computation &computation = computations[c];
    b.setInsertionPointToEnd(body);
    for (auto [i, argument] : llvm::enumerate(computation.block().getArguments())) {
      train::StateOp::create(b, loc, stateName(c, i), argument.getType(), train::Role::Buffer,
                             train::FillAttr::get(&context, b.getF64FloatAttr(0)),
                             FlatSymbolRefAttr(), false);
    }
    auto entry = cast<train::EntryOp>(b.clone(*computation.entry()));
    Block &block = entry.getBody().front();
    b.setInsertionPointToStart(&block);
    for (auto [i, argument] : llvm::enumerate(block.getArguments())) {
      argument.replaceAllUsesWith(
          train::ReadOp::create(b, loc, argument.getType(), stateName(c, i)));
    }
    block.eraseArguments(0, block.getNumArguments());
    entry.setSymName("predict.b" + std::to_string(c + 1));
    entry.setBatchSize(static_cast<int64_t>(c) + 1);
    entry.removeArgAttrsAttr();
    auto results = block.getTerminator()->getOperandTypes();
    entry.setFunctionType(b.getFunctionType({}, results));
    for (size_t r = 0; r < results.size(); ++r) {
      entry.setResultAttr(r, train::kOutputAttr, b.getStringAttr(outputName(r)));
    }
  }
  return module;
}

std::string Suite::compile(const CpuTarget &target, ProgramChange afterFusion,
                           pipelines::KernelChoices choices, ProgramChange afterPlanning) {
  std::string message;
  artifact =
      compileModule(*joined(0, size()), target, message, afterFusion, choices, afterPlanning);
  if (artifact || StringRef(message).starts_with("unsupported")) {
    return message;
  }
  // Which ones are to blame?
  for (size_t i = 0; i < size(); ++i) {
    std::string own;
    if (!compileModule(*joined(i, i + 1), target, own, {}, choices, afterPlanning)) {
      message += "\n" + computations[i].name + ": " + own;
    }
  }
  return message;
}

namespace {

constexpr uint8_t kPoison = 0xff; // a NaN in every floating-point type

/// The arena of one run, poisoned.
class PoisonedArena {
public:
  PoisonedArena(const rt::artifact::Manifest &manifest, uint32_t entry)
      : manifest(manifest), entry(entry),
        arena(rt::memory::Arena::create(manifest.arenaBytes, allocator,
                                        {.guards = rt::memory::Guards::Pages})
                  .take()) {
    std::memset(arena.data(), kPoison, arena.sizeBytes());
  }

  uint8_t *data() const { return arena.data(); }

  /// The first byte outside of the entry's slots that has changed, as a sentence.
  std::string damage() const {
    std::vector<std::pair<uint64_t, uint64_t>> owned;
    for (const rt::artifact::SlotSpec &slot : manifest.slots) {
      if (slot.entry == entry || slot.entry == 0xffffffffu) {
        owned.emplace_back(slot.offset, slot.offset + slot.sizeBytes);
      }
    }
    owned.emplace_back(arena.sizeBytes(), arena.sizeBytes());
    llvm::sort(owned);
    uint64_t free = 0; // all bytes before are looked at
    for (auto [begin, end] : owned) {
      const uint8_t *changed = begin <= free
                                   ? nullptr
                                   : std::find_if(arena.data() + free, arena.data() + begin,
                                                  [](uint8_t byte) { return byte != kPoison; });
      if (changed && changed != arena.data() + begin) {
        return "byte " + std::to_string(changed - arena.data()) +
               " of the arena, in no slot of the entry, was written; ";
      }
      free = std::max(free, end);
    }
    return "";
  }

private:
  const rt::artifact::Manifest &manifest;
  uint32_t entry;
  rt::device::HostAllocator allocator;
  rt::memory::Arena arena;
};

} // namespace

/// Every call of `entry`, its groups one by one from the last to the first.
static void callGroupsBackward(const rt::artifact::Artifact &artifact,
                               const rt::artifact::EntrySpec &entry, uint8_t *arena) {
  for (const rt::artifact::CallSpec &call : entry.calls) {
    std::vector<void *> operands;
    for (const rt::artifact::OperandSpec &operand : call.operands) {
      operands.push_back(arena + operand.value);
    }
    for (int64_t group = call.groupCount; group-- > 0;) {
      ntc_kernel_args_t args{operands.data(), group, group + 1};
      artifact.kernels()[call.kernel](&args);
    }
  }
}

Tensors Suite::run(size_t i, Walk walk, std::string &problem) const {
  std::vector<std::vector<uint8_t>> inputs;
  for (const Tensor &input : computations[i].inputs) {
    inputs.push_back(toBytes(input));
  }
  Tensors results;
  auto types = computations[i].block().getTerminator()->getOperandTypes();
  for (auto [type, bytes] : llvm::zip_equal(types, runBytes(i, inputs, walk, problem))) {
    results.push_back(fromBytes(cast<RankedTensorType>(type), bytes.data()));
  }
  return results;
}

std::vector<std::vector<uint8_t>> Suite::runBytes(size_t i,
                                                  const std::vector<std::vector<uint8_t>> &inputs,
                                                  Walk walk, std::string &problem) const {
  const rt::artifact::Manifest &manifest = artifact->manifest();
  auto number = static_cast<uint32_t>(i);
  const rt::artifact::EntrySpec &entry = manifest.entries[number];
  PoisonedArena arena(manifest, number);
  auto named = [](const auto &list, const std::string &name) {
    return *llvm::find_if(list, [&](const auto &candidate) { return candidate.name == name; });
  };
  for (auto [k, input] : llvm::enumerate(inputs)) {
    std::memcpy(arena.data() + named(manifest.states, stateName(i, k)).offset, input.data(),
                input.size());
  }
  if (walk.groupsBackward) {
    callGroupsBackward(*artifact, entry, arena.data());
  } else {
    auto pool =
        rt::exec::ThreadPool::create({.threads = walk.threads, .pinning = rt::exec::Pinning::No});
    rt::exec::BoundEntry bound(*artifact, number, arena.data(), walk.threads);
    bound.run(**pool, /*flush=*/false);
  }
  std::vector<std::vector<uint8_t>> results;
  auto types = computations[i].block().getTerminator()->getOperandTypes();
  for (auto [r, type] : llvm::enumerate(types)) {
    const uint8_t *first = arena.data() + named(entry.outputs, outputName(r)).offset;
    auto tensor = cast<RankedTensorType>(type);
    int64_t elementBytes = std::max(1u, tensor.getElementTypeBitWidth() / 8);
    results.emplace_back(first, first + tensor.getNumElements() * elementBytes);
  }
  problem += arena.damage();
  return results;
}

std::vector<uint8_t> toBytes(const Tensor &tensor) {
  std::vector<uint8_t> bytes;
  DenseElementsAttr attribute = tensor.toAttribute();
  auto append = [&](const APInt &bits) {
    unsigned width = std::max(8u, bits.getBitWidth());
    uint64_t word = bits.getZExtValue();
    const auto *first = reinterpret_cast<const uint8_t *>(&word);
    bytes.insert(bytes.end(), first, first + width / 8);
  };
  if (tensor.isReal()) {
    for (const APFloat &value : attribute.getValues<APFloat>()) {
      append(value.bitcastToAPInt());
    }
  } else {
    for (const APInt &value : attribute.getValues<APInt>()) {
      append(value);
    }
  }
  return bytes;
}

Tensor fromBytes(RankedTensorType type, const uint8_t *bytes) {
  Tensor tensor(type);
  unsigned width = type.getElementTypeBitWidth(), size = std::max(1u, width / 8);
  auto floating = dyn_cast<FloatType>(type.getElementType());
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i * size, size);
    if (floating) {
      APFloat value(floating.getFloatSemantics(), APInt(width, word));
      bool lost = false;
      value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
      tensor.real(i) = value.convertToDouble();
    } else {
      tensor.integer(i) =
          width == 1 ? static_cast<int64_t>(word) : APInt(width, word).getSExtValue();
    }
  }
  return tensor;
}

} // namespace ntc::codegen::cpu::test
