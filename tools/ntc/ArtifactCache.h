// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled models in the user's cache folder, so that a model is compiled once.
//
//   $XDG_CACHE_HOME/ntc/KEY/model.so       (mode 0700; ~/.cache where the variable is not set)
//   $XDG_CACHE_HOME/ntc/KEY/model.so.safetensors   large imported weights, where there are any
//
// KEY is the SHA-256 of the model without the values of fresh parameters, of the options that
// change the step, of the batch sizes, of what --mcpu resolves to, and of this program's build.
#pragma once

#include "tools/ntc/ModelInput.h"

namespace ntc::driver {

/// A folder that is removed with everything in it.
class TemporaryFolder {
public:
  static Result<TemporaryFolder> create();
  TemporaryFolder() = default;
  TemporaryFolder(TemporaryFolder &&other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryFolder &operator=(TemporaryFolder &&other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryFolder();
  const std::string &path() const { return path_; }

private:
  std::string path_;
};

enum class CacheUse : uint8_t { Yes, No };

/// An artifact made from a model.
struct CompiledModel {
  std::string path;
  bool cached = false;   ///< taken from the cache
  double seconds = 0.0;  ///< that compiling took
  TemporaryFolder owner; ///< of the artifact, where it is not in the cache
};

/// Compiles `model` or takes it from the cache, and says which on standard error. Where the cache
/// cannot be used, says so and compiles into a temporary folder.
std::optional<ModelProblem> compileOrReuse(const Model &model, const CompileOptions &options,
                                           CacheUse use, CompiledModel &out);

/// The folder of the cache, or nothing where neither XDG_CACHE_HOME nor HOME is set.
std::optional<std::string> cacheFolder();
/// The same folder, made and private. Errors: Io where that is not possible.
Result<std::string> privateCacheFolder();

} // namespace ntc::driver
