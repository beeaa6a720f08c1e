// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From object files and a manifest to the shared library that is an artifact.
#pragma once

#include "codegen/cpu/CompileKernels.h"
#include "runtime/artifact/Manifest.h"

#include "llvm/Support/Error.h"

namespace ntc::codegen::artifact {

/// An object file with the manifest as the section `.ntc.manifest` and the exported object
/// `ntc_artifact_v1` with the table of the manifest's kernels, which other objects define.
cpu::Object emitArtifactSymbols(const cpu::CpuTarget &target,
                                const rt::artifact::Manifest &manifest);

/// Links the bytes of object files into the shared library `path`, with lld in this process:
/// written to a temporary file beside it and renamed. Equal objects give equal bytes. Errors: a
/// symbol that an object refers to and none defines, by name; what the linker or the system said.
llvm::Error linkArtifact(llvm::ArrayRef<cpu::Object> objects, const std::string &path);

} // namespace ntc::codegen::artifact
