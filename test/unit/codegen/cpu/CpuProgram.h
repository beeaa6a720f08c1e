// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs compiled for the CPU by the whole pipeline, opened and run by the runtime, for tests
// that compare them with the reference interpreter.
#pragma once

#include "codegen/cpu/CpuTarget.h"
#include "codegen/reference/Evaluator.h"
#include "compiler/pipelines/Optimizations.h"
#include "dialects/train/Train.h"
#include "runtime/artifact/Artifact.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <string>
#include <vector>

namespace ntc::codegen::cpu::test {

using reference::Tensor;
using Tensors = llvm::SmallVector<Tensor>;
using ArtifactPointer = std::shared_ptr<const rt::artifact::Artifact>;

/// A context with everything that a compilation needs.
std::unique_ptr<mlir::MLIRContext> makeCompilerContext();

/// Takes `module`, which holds one program in the phase captured, to an artifact in a temporary
/// file and opens it. Returns null with `message` set; `message` starts with "unsupported" where
/// this machine lacks an instruction set of `target`.
/// `afterFusion` may change the program in the phase fused, `afterPlanning` in the phase planned.
using ProgramChange = llvm::function_ref<void(ir::train::ProgramOp)>;
ArtifactPointer compileModule(mlir::ModuleOp module, const CpuTarget &target, std::string &message,
                              ProgramChange afterFusion = {}, pipelines::KernelChoices choices = {},
                              ProgramChange afterPlanning = {});

/// One computation: the only entry of `module`, whose block takes `inputs`. Its results are what is
/// compared.
struct Computation {
  std::string name;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Tensors inputs;

  ir::train::EntryOp entry() const;
  mlir::Block &block() const;
};

/// The operations of `body`, as text, on `arguments` ("%x: tensor<3xf32>, …"); the results of the
/// last one are the computation's. Inputs are left to the caller.
Computation makeComputation(mlir::MLIRContext &context, const std::string &name,
                            const std::string &arguments, const std::string &body);

/// How the calls of an entry are walked.
struct Walk {
  unsigned threads = 1;
  /// Call the kernels directly, one group at a time, the last group first, instead of by a
  /// session's threads.
  bool groupsBackward = false;
};

/// Many computations in one artifact, each an entry of its own that reads its inputs from states.
class Suite {
public:
  explicit Suite(mlir::MLIRContext &context) : context(context) {}

  void add(Computation computation) { computations.push_back(std::move(computation)); }
  size_t size() const { return computations.size(); }
  const Computation &operator[](size_t i) const { return computations[i]; }

  /// Compiles all. Returns what went wrong with which computation, or an empty string.
  std::string compile(const CpuTarget &target, ProgramChange afterFusion = {},
                      pipelines::KernelChoices choices = {}, ProgramChange afterPlanning = {});

  /// Runs computation `i` in an arena whose bytes are otherwise all NaN. A byte that belongs to no
  /// slot of the entry and has changed is reported in `problem`.
  Tensors run(size_t i, Walk walk, std::string &problem) const;
  /// The same on bytes in memory.
  std::vector<std::vector<uint8_t>> runBytes(size_t i,
                                             const std::vector<std::vector<uint8_t>> &inputs,
                                             Walk walk, std::string &problem) const;

  /// The state that holds input `input` of a computation; its entry is `predict.b` and the number
  /// plus one.
  static std::string stateName(size_t computation, size_t input);

private:
  mlir::MLIRContext &context;
  std::vector<Computation> computations;
  ArtifactPointer artifact;

  mlir::OwningOpRef<mlir::ModuleOp> joined(size_t first, size_t last) const;
};

/// The bytes of `tensor` in memory, elements rounded to its type; booleans take a byte.
std::vector<uint8_t> toBytes(const Tensor &tensor);
Tensor fromBytes(mlir::RankedTensorType type, const uint8_t *bytes);

} // namespace ntc::codegen::cpu::test
