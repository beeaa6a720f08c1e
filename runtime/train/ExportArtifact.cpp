// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a session's state to a manifest.
#include "runtime/train/ExportArtifact.h"

#include "runtime/artifact/ReplaceManifest.h"
#include "runtime/base/File.h"
#include "runtime/base/Sha256.h"
#include "runtime/format/Safetensors.h"
#include "runtime/train/Recipe.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

using artifact::InitialValue;
using artifact::Manifest;
using artifact::Role;
using artifact::StateSpec;

/// A manifest is read as a whole whenever its artifact is opened.
constexpr uint64_t kMostInside = uint64_t{64} << 20;

/// A file that is removed unless it was moved to its place.
class Draft {
public:
  explicit Draft(std::string path) : path_(std::move(path)) {}
  Draft(const Draft &) = delete;
  Draft &operator=(const Draft &) = delete;
  ~Draft() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }
  const std::string &path() const { return path_; }
  Status moveTo(const std::string &place) {
    if (std::rename(path_.c_str(), place.c_str()) != 0) {
      return error(Code::Io, "cannot write ", place, ": ", errnoText(errno));
    }
    path_.clear();
    return Status::ok();
  }

private:
  std::string path_;
};

/// The values of the session that an artifact of its own begins with, in the order of the states.
std::vector<InitialValue> valuesOf(exec::Session &session, uint64_t &total) {
  const Manifest &manifest = session.manifest();
  std::vector<InitialValue> values;
  total = 0;
  for (uint32_t i = 0; i < manifest.states.size(); ++i) {
    const StateSpec &state = manifest.states[i];
    // An optimizer's state has a value where the program was compiled to go on from one.
    const bool hasValue = std::ranges::find(manifest.initialValues, i, &InitialValue::state) !=
                          manifest.initialValues.end();
    if (hasValue || state.role == Role::Parameter || state.role == Role::Buffer) {
      values.push_back({i, {}});
      total += state.sizeBytes;
    }
  }
  return values;
}

/// Writes the values to `draft` and names it in the manifest as it will be called, `path`.
Status writeBeside(exec::Session &session, const std::string &path, const Draft &draft,
                   Manifest &manifest) {
  std::vector<format::TensorToStore> tensors;
  for (const InitialValue &value : manifest.initialValues) {
    const StateSpec &state = manifest.states[value.state];
    tensors.push_back({state.name, state.dtype, state.shape, session.stateBytes(state)});
  }
  Status status =
      format::writeSafetensors(draft.path(), std::move(tensors), {}, format::Checksum::With);
  if (!status) {
    return status;
  }
  auto file = MappedFile::open(draft.path());
  if (!file) {
    return file.status();
  }
  manifest.weightsFile = path.substr(path.rfind('/') + 1);
  manifest.weightsSha256 = hex(sha256(file->bytes()));
  return Status::ok();
}

void putInside(exec::Session &session, Manifest &manifest) {
  manifest.weightsFile.clear();
  manifest.weightsSha256.clear();
  for (InitialValue &value : manifest.initialValues) {
    const auto bytes = session.stateBytes(manifest.states[value.state]);
    value.bytes.assign(bytes.begin(), bytes.end());
  }
}

} // namespace

Status exportArtifact(exec::Session &session, const std::string &source,
                      const Preprocessing &preprocessing, const std::string &out) {
  Manifest manifest = session.manifest();
  Result<Recipe> recipe = parseRecipe(manifest.trainSpecJson);
  if (!recipe) {
    return recipe.status();
  }
  manifest.trainSpecJson = withPreprocessing(*recipe, preprocessingJson(preprocessing));
  uint64_t total = 0;
  manifest.initialValues = valuesOf(session, total);
  const std::string weights = out + ".safetensors";
  std::optional<Draft> draft;
  if (total <= kMostInside) {
    putInside(session, manifest);
  } else {
    draft.emplace(concat(weights, ".tmp.", ::getpid()));
    if (Status status = writeBeside(session, weights, *draft, manifest); !status) {
      return status;
    }
  }
  auto file = MappedFile::open(source);
  if (!file) {
    return file.status();
  }
  auto bytes = artifact::replaceManifest(file->bytes(), manifest);
  if (!bytes) {
    return withContext(bytes.status(), source);
  }
  if (Status status = writeFileAtomically(out, *bytes); !status) {
    return status;
  }
  return draft ? draft->moveTo(weights) : Status::ok();
}

} // namespace ntc::rt::train
