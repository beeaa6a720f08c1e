// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening artifacts; see Artifact.h. The only file of the runtime that loads code.
#include "runtime/artifact/Artifact.h"

#include "runtime/artifact/ElfSection.h"
#include "runtime/artifact/ManifestCheck.h"
#include "runtime/artifact/Seal.h"
#include "runtime/base/File.h"
#include "runtime/device/CpuFeatures.h"

#include <algorithm>
#include <dlfcn.h>
#include <unistd.h>

namespace ntc::rt::artifact {

namespace {

constexpr const char *kSymbol = "ntc_artifact_v1";

Status checkCpu(const Manifest &manifest) {
  for (const std::string &feature : manifest.cpuFeatures) {
    if (!device::hasCpuFeature(feature)) {
      return error(Code::Unsupported, "was compiled for ", quoted(manifest.cpu), " and uses ",
                   quoted(feature),
                   ", which this processor lacks; compile with --mcpu=native here");
    }
  }
  return Status::ok();
}

/// Where the loader finds an open file. By its path it would take a library that it has loaded from
/// there before, though the file was replaced since; the number of an open file is its own.
std::string placeOf(const FileDescriptor &file, const std::string &path) {
  std::string place = concat("/proc/self/fd/", file.get());
  if (::access(place.c_str(), R_OK) == 0) {
    return place;
  }
  // A name without a slash would be searched for in the library folders.
  return path.find('/') == std::string::npos ? "./" + path : path;
}

/// Keeps the file open as long as its code is loaded.
Result<std::shared_ptr<void>> loadCode(FileDescriptor file, const std::string &path) {
  void *handle = ::dlopen(placeOf(file, path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char *reason = ::dlerror();
    return error(Code::Io, path, ": cannot load: ", reason != nullptr ? reason : "unknown reason");
  }
  auto open = std::make_shared<FileDescriptor>(std::move(file));
  return std::shared_ptr<void>(handle, [open](void *loaded) { ::dlclose(loaded); });
}

Result<Manifest> manifestOf(const FileDescriptor &open, const std::string &path) {
  auto file = MappedFile::map(open, path);
  if (!file) {
    return file.status();
  }
  auto section = findElfSection(file->bytes(), kManifestSection);
  if (!section) {
    return withContext(section.status(), path);
  }
  // The version first: an older artifact may end otherwise.
  auto manifest = deserialize(*section);
  Status sealed = manifest ? checkSeal(file->bytes()) : Status::ok();
  return withContext(sealed ? std::move(manifest) : Result<Manifest>(sealed), path);
}

} // namespace

Artifact::~Artifact() = default;

Result<Manifest> readManifest(const std::string &path) {
  auto file = openForReading(path);
  return file ? manifestOf(*file, path) : Result<Manifest>(file.status());
}

Result<std::shared_ptr<const Artifact>> Artifact::open(const std::string &path) {
  auto file = openForReading(path);
  if (!file) {
    return file.status();
  }
  auto manifest = manifestOf(*file, path);
  if (!manifest) {
    return manifest.status();
  }
  if (Status status = checkCpu(*manifest); !status) {
    return withContext(status, path);
  }
  auto code = loadCode(file.take(), path);
  if (!code) {
    return code.status();
  }
  const auto *table = static_cast<const ntc_artifact_v1_t *>(::dlsym(code->get(), kSymbol));
  if (table == nullptr) {
    return error(Code::Corrupt, path, ": exports no symbol ", kSymbol);
  }
  if (table->size < sizeof(ntc_artifact_v1_t) ||
      (table->kernels == nullptr && table->kernel_count != 0) ||
      table->kernel_count != manifest->kernelCount) {
    return error(Code::Corrupt, path, ": its code has ", table->kernel_count,
                 " kernels, its manifest ", manifest->kernelCount);
  }
  return withContext(fromKernels(manifest.take(), std::span(table->kernels, table->kernel_count),
                                 code.take(), folderOf(path)),
                     path);
}

Result<std::shared_ptr<const Artifact>> Artifact::fromKernels(Manifest manifest,
                                                              std::span<const ntc_kernel_t> kernels,
                                                              std::shared_ptr<void> keepAlive,
                                                              std::string folder) {
  if (Status status = checkManifest(manifest); !status) {
    return withContext(status, "manifest");
  }
  if (Status status = checkCpu(manifest); !status) {
    return status;
  }
  if (kernels.size() != manifest.kernelCount ||
      std::find(kernels.begin(), kernels.end(), nullptr) != kernels.end()) {
    return error(Code::InvalidArgument, "expected ", manifest.kernelCount, " kernels, found ",
                 kernels.size(), " or a null one");
  }
  std::shared_ptr<Artifact> artifact(new Artifact);
  artifact->manifest_ = std::move(manifest);
  artifact->kernels_.assign(kernels.begin(), kernels.end());
  artifact->code_ = std::move(keepAlive);
  artifact->folder_ = std::move(folder);
  return std::shared_ptr<const Artifact>(std::move(artifact));
}

} // namespace ntc::rt::artifact
