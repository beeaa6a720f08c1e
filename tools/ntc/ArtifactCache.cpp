// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys and entries of the cache. An entry is a folder that is renamed into place when it is whole.
#include "tools/ntc/ArtifactCache.h"

#include "codegen/cpu/CpuTarget.h"
#include "frontend/format/ModelFile.h"
#include "runtime/artifact/Artifact.h"
#include "runtime/base/File.h"
#include "runtime/base/Sha256.h"
#include "tools/ntc/CompileInterrupt.h"
#include "tools/ntc/Version.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace ntc::driver {
namespace {

namespace fs = std::filesystem;

double since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Drops the values of parameters that `init` draws: they do not change the artifact.
void stripFreshValues(onnx::ModelProto &model) {
  std::set<std::string> fresh;
  for (const auto &info : model.training_info()) {
    for (const auto &binding : info.initialization_binding()) {
      fresh.insert(binding.key());
    }
  }
  for (onnx::TensorProto &tensor : *model.mutable_graph()->mutable_initializer()) {
    if (fresh.contains(tensor.name())) {
      tensor.clear_raw_data();
      tensor.clear_float_data();
      tensor.clear_double_data();
    }
  }
}

Result<std::string> keyOf(const Model &model, const CompileOptions &options) {
  auto target = codegen::cpu::CpuTarget::create(options.mcpu);
  if (!target) {
    return rt::error(Code::InvalidArgument, llvm::toString(target.takeError()));
  }
  onnx::ModelProto stripped = model.proto;
  stripFreshValues(stripped);
  auto bytes = format::serializeModel(stripped);
  if (!bytes) {
    return bytes.status();
  }
  rt::Sha256 hash;
  auto part = [&](std::string_view text) {
    hash.update(concat(text.size(), ":"));
    hash.update(text);
  };
  part(buildIdentity());
  part(target->triple);
  part(target->cpu);
  part(target->features);
  part(concat(target->l1Bytes, " ", target->l2Bytes));
  part(options.precision());
  part(options.flushDenormals ? "flush" : "keep");
  for (int64_t size : options.batchSizes) {
    part(std::to_string(size));
  }
  part(std::to_string(options.level));
  part("passes");
  for (const std::string &pass : options.disabledPasses) {
    part(pass);
  }
  // Names of models in the file change no byte of an artifact.
  part(tuningText({"", "", options.tuning.leaveOut, options.tuning.kernels}));
  part(*bytes);
  return rt::hex(hash.finish());
}

/// The cache folder, made and private. Errors: Io where that is not possible.
Result<std::string> privateFolder() {
  auto folder = cacheFolder();
  if (!folder) {
    return rt::error(Code::Io, "neither XDG_CACHE_HOME nor HOME is set");
  }
  std::error_code problem;
  fs::create_directories(fs::path(*folder).parent_path(), problem);
  if (::mkdir(folder->c_str(), 0700) != 0 && errno != EEXIST) {
    return rt::error(Code::Io, "cannot create '", *folder, "': ", rt::errnoText(errno));
  }
  struct stat status = {};
  if (::lstat(folder->c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::geteuid() || (status.st_mode & 022) != 0) {
    return rt::error(Code::Io, "'", *folder, "' is not a folder that only you can write to");
  }
  if (::access(folder->c_str(), W_OK | X_OK) != 0) {
    return rt::error(Code::Io, "cannot write to '", *folder, "': ", rt::errnoText(errno));
  }
  return *folder;
}

/// Whether an entry is whole; what is not is removed.
bool isUsable(const std::string &entry) {
  if (::access(entry.c_str(), F_OK) != 0) {
    return false;
  }
  auto manifest = rt::artifact::readManifest(entry + "/model.so");
  bool usable = manifest && (manifest->weightsFile.empty() ||
                             ::access((entry + "/" + manifest->weightsFile).c_str(), R_OK) == 0);
  if (!usable) {
    std::error_code ignored;
    fs::remove_all(entry, ignored);
  }
  return usable;
}

/// "for batch size 64 (last batches: 4, 52)": the size that was asked for comes first.
std::string sizesText(const std::vector<int64_t> &sizes) {
  std::string last;
  for (size_t i = 1; i < sizes.size(); ++i) {
    last += concat(last.empty() ? "" : ", ", sizes[i]);
  }
  return concat(
      " for batch size ", sizes.front(),
      last.empty() ? "" : concat(" (last ", sizes.size() > 2 ? "batches: " : "batch: ", last, ")"));
}

std::optional<ModelProblem> compileInto(const Model &model, const CompileOptions &options,
                                        const std::string &path, CompiledModel &out) {
  auto begin = std::chrono::steady_clock::now();
  CompileInterrupt interrupt(path);
  if (auto error = compileModel(model.proto, options, path)) {
    return problemOf(*error);
  }
  out.seconds = since(begin);
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%.2f", out.seconds);
  note(concat("compiled ", model.name, sizesText(options.batchSizes), " in ", seconds, " s"));
  return std::nullopt;
}

} // namespace

Result<std::string> privateCacheFolder() { return privateFolder(); }

Result<TemporaryFolder> TemporaryFolder::create() {
  const char *place = std::getenv("TMPDIR");
  std::string path = concat(place && *place ? place : "/tmp", "/ntc-XXXXXX");
  if (!::mkdtemp(path.data())) {
    return rt::error(Code::Io, "cannot create a temporary folder '", path,
                     "': ", rt::errnoText(errno));
  }
  TemporaryFolder folder;
  folder.path_ = path;
  return folder;
}

TemporaryFolder::~TemporaryFolder() {
  if (!path_.empty()) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
}

std::optional<std::string> cacheFolder() {
  const char *cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/') {
    return concat(cache, "/ntc");
  }
  const char *home = std::getenv("HOME");
  return home && *home ? std::optional(concat(home, "/.cache/ntc")) : std::nullopt;
}

std::optional<ModelProblem> compileOrReuse(const Model &model, const CompileOptions &options,
                                           CacheUse use, CompiledModel &out) {
  Result<std::string> key = keyOf(model, options);
  if (!key) {
    return ModelProblem{{key.status().message()}, kUsage};
  }
  Result<std::string> cache = use == CacheUse::Yes
                                  ? privateFolder()
                                  : Result<std::string>(rt::error(Code::Cancelled, "not used"));
  if (!cache) {
    if (use == CacheUse::Yes) {
      note("note: the cache is not used: " + cache.status().message());
    }
    Result<TemporaryFolder> folder = TemporaryFolder::create();
    if (!folder) {
      return ModelProblem{{folder.status().message()}, kFailed};
    }
    out.owner = folder.take();
    out.path = out.owner.path() + "/model.so";
    return compileInto(model, options, out.path, out);
  }
  const std::string entry = concat(*cache, "/", *key);
  out.path = entry + "/model.so";
  if (isUsable(entry)) {
    out.cached = true;
    note(concat("cached ", model.name, sizesText(options.batchSizes)));
    return std::nullopt;
  }
  const std::string draft = concat(entry, ".tmp.", ::getpid());
  std::error_code problem;
  fs::remove_all(draft, problem);
  if (::mkdir(draft.c_str(), 0700) != 0) {
    return ModelProblem{{concat("cannot create '", draft, "': ", rt::errnoText(errno))}, kFailed};
  }
  auto failure = compileInto(model, options, draft + "/model.so", out);
  if (!failure && ::rename(draft.c_str(), entry.c_str()) == 0) {
    return std::nullopt;
  }
  bool overtaken = !failure && isUsable(entry); // another process made the same entry
  if (!failure && !overtaken) {
    failure =
        ModelProblem{{concat("cannot create '", entry, "': ", rt::errnoText(errno))}, kFailed};
  }
  fs::remove_all(draft, problem);
  return failure;
}

} // namespace ntc::driver
