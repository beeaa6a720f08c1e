// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The manifest of a planned program.
#pragma once

#include "codegen/cpu/CpuTarget.h"
#include "dialects/plan/Plan.h"
#include "dialects/train/Train.h"
#include "runtime/artifact/Manifest.h"

namespace ntc::codegen::artifact {

/// What the manifest holds besides the plan.
struct ManifestInputs {
  std::string ntcVersion;
  std::string precision = "f32";
  bool flushDenormals = true;
  std::string weightsFile;   ///< file of imported values beside the artifact, or empty
  std::string weightsSha256; ///< of that file, hex
  std::vector<uint8_t> modelPb;
};

/// Builds the manifest of `program`, which must be in the phase planned, for `target`. Errors: a
/// diagnostic on an operation that has no form in a manifest.
mlir::FailureOr<rt::artifact::Manifest> buildManifest(ir::train::ProgramOp program,
                                                      const cpu::CpuTarget &target,
                                                      const ManifestInputs &inputs);

} // namespace ntc::codegen::artifact
