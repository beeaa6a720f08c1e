// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled program ready to execute: its manifest and its kernels. From a file, the manifest is
// read and checked (version, checksum, instruction sets) before the file is opened as code; opening
// it is running a program, the checks protect from mistakes and damage only.
#pragma once

#include "runtime/artifact/KernelAbi.h"
#include "runtime/artifact/Manifest.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ntc::rt::artifact {

/// Reads and checks the manifest of an artifact, and that the whole file is as it was compiled,
/// without opening it as code.
/// Errors: NotFound, Io, Corrupt, Version; the path is in front.
Result<Manifest> readManifest(const std::string &path);

/// Immutable after creation and thus usable from any thread. Kept alive by the sessions that run
/// it.
class Artifact {
public:
  /// Opens a compiled `model.so`. Errors: as readManifest; Unsupported when the processor lacks an
  /// instruction set that the kernels use; Corrupt when the code does not match the manifest; Io
  /// when the system cannot load it.
  static Result<std::shared_ptr<const Artifact>> open(const std::string &path);

  /// Joins a manifest with kernels in memory (a just-in-time compiler, tests). `keepAlive` owns the
  /// code and is released after the last session. `folder` is where the manifest's weights file is
  /// looked for. Errors: Corrupt as checkManifest; InvalidArgument when the number of kernels
  /// differs or one is null; Unsupported.
  static Result<std::shared_ptr<const Artifact>>
  fromKernels(Manifest manifest, std::span<const ntc_kernel_t> kernels,
              std::shared_ptr<void> keepAlive = nullptr, std::string folder = ".");

  Artifact(const Artifact &) = delete;
  Artifact &operator=(const Artifact &) = delete;
  ~Artifact();

  const Manifest &manifest() const { return manifest_; }
  /// As many as manifest().kernelCount, none of them null.
  std::span<const ntc_kernel_t> kernels() const { return kernels_; }
  /// Folder of the weights file.
  const std::string &folder() const { return folder_; }

private:
  Artifact() = default;

  Manifest manifest_;
  std::vector<ntc_kernel_t> kernels_;
  std::string folder_;
  std::shared_ptr<void> code_;
};

} // namespace ntc::rt::artifact
