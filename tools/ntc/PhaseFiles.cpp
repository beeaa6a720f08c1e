// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writing and reading the files beside a dumped phase.

#include "tools/ntc/PhaseFiles.h"

#include "runtime/base/File.h"
#include "runtime/base/Sha256.h"
#include "runtime/format/Safetensors.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace ntc::driver {
namespace {

/// More than any model without weight data has.
constexpr uint64_t kModelLimitBytes = uint64_t{1} << 30;

llvm::Error toError(const rt::Status &status) {
  return llvm::createStringError(std::string(status.message()));
}

std::string sha256Of(std::span<const uint8_t> bytes) { return rt::hex(rt::sha256(bytes)); }

/// The file that the states of `program` name, "" when none does.
llvm::Expected<std::string> weightsName(ir::train::ProgramOp program) {
  std::string name;
  for (auto state : program.getBody().getOps<ir::train::StateOp>()) {
    auto file = dyn_cast<ir::train::FileAttr>(state.getInit());
    if (!file) {
      continue;
    }
    if (!name.empty() && name != file.getPath()) {
      return llvm::createStringError("states name two files of weights, " + name + " and " +
                                     file.getPath().str());
    }
    name = file.getPath().str();
  }
  return name;
}

/// `name` in `folder`; fails for names that lead out of it.
llvm::Expected<std::string> pathOf(const std::string &folder, StringRef name) {
  if (name.empty() || name == "." || name == ".." || name.contains('/') || name.contains('\0')) {
    return llvm::createStringError("'" + name.str() + "' is no plain file name");
  }
  return folder + "/" + name.str();
}

llvm::Error readWeights(ir::train::ProgramOp program, const std::string &path, PhaseFiles &files) {
  auto file = rt::format::Safetensors::open(path);
  if (!file) {
    return toError(file.status());
  }
  for (auto state : program.getBody().getOps<ir::train::StateOp>()) {
    auto named = dyn_cast<ir::train::FileAttr>(state.getInit());
    if (!named) {
      continue;
    }
    const rt::format::StoredTensor *tensor = file->find(std::string_view(named.getKey()));
    auto shape = cast<RankedTensorType>(state.getType()).getShape();
    if (!tensor || !tensor->dtype || ArrayRef(tensor->shape) != shape) {
      return llvm::createStringError(path + ": needs the tensor '" + named.getKey().str() +
                                     "' of the state's type and shape");
    }
    if (sha256Of(tensor->bytes) != named.getSha256()) {
      return llvm::createStringError(path + ": the tensor '" + named.getKey().str() +
                                     "' is not the one that the program was captured with");
    }
    files.weights[state.getSymName().str()] = {
        *tensor->dtype, tensor->shape,
        std::string(reinterpret_cast<const char *>(tensor->bytes.data()), tensor->bytes.size()),
        named.getSha256().str()};
  }
  return llvm::Error::success();
}

llvm::Error readModel(const std::string &path, StringRef sha256, PhaseFiles &files) {
  auto bytes = rt::readFile(path, kModelLimitBytes);
  if (!bytes) {
    return llvm::createStringError(
        std::string(bytes.status().message()) +
        "; the program names this file: keep the files of a dump together, or remove " +
        kMetadataModelFile.str() + " from the program's metadata");
  }
  if (sha256Of(*bytes) != sha256) {
    return llvm::createStringError(path + ": is not the model that the program was captured from");
  }
  files.modelPb = bytes.take();
  return llvm::Error::success();
}

} // namespace

llvm::Error writePhaseWeights(ir::train::ProgramOp program, const PhaseFiles &files,
                              const std::string &folder) {
  auto name = weightsName(program);
  if (!name || name->empty()) {
    return name.takeError();
  }
  auto path = pathOf(folder, *name);
  if (!path) {
    return path.takeError();
  }
  std::vector<rt::format::TensorToStore> tensors;
  for (const auto &[state, tensor] : files.weights) {
    tensors.push_back(
        {state,
         tensor.dtype,
         tensor.shape,
         {reinterpret_cast<const uint8_t *>(tensor.bytes.data()), tensor.bytes.size()}});
  }
  rt::Status status =
      rt::format::writeSafetensors(*path, std::move(tensors), {}, rt::format::Checksum::With);
  return status ? llvm::Error::success() : toError(status);
}

llvm::Error writePhaseFiles(ir::train::ProgramOp program, const PhaseFiles &files,
                            const std::string &folder) {
  if (std::error_code code = llvm::sys::fs::create_directories(folder)) {
    return llvm::createStringError(code,
                                   "cannot make the folder " + folder + ": " + code.message());
  }
  if (llvm::Error error = writePhaseWeights(program, files, folder)) {
    return error;
  }
  if (files.modelPb.empty()) {
    return llvm::Error::success();
  }
  if (rt::Status status =
          rt::writeFileAtomically(folder + "/" + kPhaseModelFile.str(), files.modelPb);
      !status) {
    return toError(status);
  }
  Builder b(program.getContext());
  NamedAttrList metadata(program.getMetadataAttr());
  metadata.set(kMetadataModelFile, ir::train::FileAttr::get(b.getContext(), kPhaseModelFile, "",
                                                            sha256Of(files.modelPb)));
  program.setMetadataAttr(metadata.getDictionary(b.getContext()));
  return llvm::Error::success();
}

llvm::Expected<PhaseFiles> readPhaseFiles(ir::train::ProgramOp program, const std::string &folder) {
  PhaseFiles files;
  auto weights = weightsName(program);
  if (!weights) {
    return weights.takeError();
  }
  if (!weights->empty()) {
    auto path = pathOf(folder, *weights);
    if (!path) {
      return path.takeError();
    }
    if (llvm::Error error = readWeights(program, *path, files)) {
      return std::move(error);
    }
  }
  auto metadata = program.getMetadataAttr();
  if (auto model = metadata ? metadata.getAs<ir::train::FileAttr>(kMetadataModelFile)
                            : ir::train::FileAttr()) {
    auto path = pathOf(folder, model.getPath());
    if (!path) {
      return path.takeError();
    }
    if (llvm::Error error = readModel(*path, model.getSha256(), files)) {
      return std::move(error);
    }
  }
  return files;
}

} // namespace ntc::driver
