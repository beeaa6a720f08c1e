// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From LLVM IR and a manifest to the shared library that is an artifact.
#pragma once

#include "codegen/cpu/CpuTarget.h"
#include "runtime/artifact/Manifest.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace ntc::codegen::artifact {

/// Adds to `module` the manifest as the section `.ntc.manifest` and the exported object
/// `ntc_artifact_v1` with the table of the kernels that translateKernels made.
void addArtifactSymbols(llvm::Module &module, const rt::artifact::Manifest &manifest);

/// Links the bytes of an object file into the shared library `path`, with lld in this process:
/// written to a temporary file beside it and renamed. Equal objects give equal bytes. Errors: a
/// symbol that the object refers to and does not define, by name; what the linker or the system
/// said.
llvm::Error linkArtifact(llvm::ArrayRef<char> object, const std::string &path);

} // namespace ntc::codegen::artifact
