// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The file is mapped while it is parsed, so that values exist once beside the page cache.
#include "frontend/format/ModelFile.h"

#include "frontend/format/ExternalData.h"
#include "runtime/base/File.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace ntc::format {
namespace {
constexpr int maxNesting = 100;
}

Result<onnx::ModelProto> parseModel(std::span<const uint8_t> bytes, const std::string &name) {
  if (bytes.size() > maxModelBytes) {
    return failure(name, ": ", bytes.size(), " bytes; a model file has at most ", maxModelBytes);
  }
  if (bytes.empty()) {
    return failure(name, ": the file is empty; expected an ONNX model");
  }
  onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(static_cast<int>(maxModelBytes));
  stream.SetRecursionLimit(maxNesting);
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return failure(name, ": not an ONNX model: damaged, cut short, nested deeper than ", maxNesting,
                   " messages, or another kind of file");
  }
  if (!model.has_graph()) {
    return failure(name, ": not an ONNX model: it has no graph");
  }
  return model;
}

Result<onnx::ModelProto> readModel(const std::string &path) {
  auto file = rt::MappedFile::open(path);
  if (!file) {
    return file.status();
  }
  Result<onnx::ModelProto> model = parseModel(file->bytes(), path);
  if (!model) {
    return model;
  }
  Status status = readExternalData(*model, path);
  return status ? std::move(model) : Result<onnx::ModelProto>(status);
}

Result<std::string> serializeModel(const onnx::ModelProto &model) {
  size_t size = model.ByteSizeLong();
  if (size > maxModelBytes) {
    return failure("the model has ", size, " bytes; a model file has at most ", maxModelBytes);
  }
  std::string bytes;
  bytes.reserve(size);
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!model.SerializeToCodedStream(&coded)) {
      return failure("the model cannot be written as protobuf");
    }
  }
  return bytes;
}

Status writeModel(const onnx::ModelProto &model, const std::string &path) {
  auto bytes = serializeModel(model);
  if (!bytes) {
    return rt::withContext(bytes.status(), path);
  }
  return rt::writeFileAtomically(path,
                                 {reinterpret_cast<const uint8_t *>(bytes->data()), bytes->size()});
}

} // namespace ntc::format
