// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A training program that runs in the interpreter: named state, its first values, and calls of
// entry points.
#pragma once

#include "codegen/reference/Evaluator.h"
#include "dialects/train/Train.h"

#include "llvm/ADT/StringMap.h"

namespace ntc::reference {

/// Holds the state of one program between calls of its entries. The program must outlive it and
/// must not change.
class Interpreter {
public:
  explicit Interpreter(ir::train::ProgramOp program, Options options = {})
      : program(program), options(options) {}

  /// Gives every state its first value. A state that is imported from a file keeps the value that
  /// `set` gave it and is refused without one.
  mlir::LogicalResult init(uint64_t seed);
  /// The value of a state; null if there is no such state or it has no value yet.
  const Tensor *get(llvm::StringRef state) const;
  /// Gives a state a value of its type; emits a diagnostic on the program if there is no such
  /// state, or on the state if its type is another.
  mlir::LogicalResult set(llvm::StringRef state, Tensor value);
  /// Names of all states, in the program's order.
  SmallVector<llvm::StringRef> stateNames() const;

  /// Runs one entry and returns its results. Reads see the state of before the call; assignments
  /// take effect together when the entry returns, and none of them if it fails.
  mlir::FailureOr<Results> run(llvm::StringRef entry, ArrayRef<Tensor> args);

private:
  mlir::FailureOr<Tensor> initialValue(ir::train::StateOp state, uint64_t seed) const;

  ir::train::ProgramOp program;
  Options options;
  llvm::StringMap<Tensor> states;
};

} // namespace ntc::reference
