// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The hash that checkpoints and artifacts of one program share: see ProgramHash.h.

#include "frontend/import/ProgramHash.h"

#include "runtime/base/Sha256.h"

#include "llvm/Support/raw_ostream.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace mlir;

namespace ntc::importer {
namespace {

/// Every piece is preceded by its length, so that no two sequences of pieces have the same bytes.
void add(rt::Sha256 &hash, StringRef text) {
  std::string length = std::to_string(text.size()) + ":";
  hash.update(length);
  hash.update(std::string_view(text.data(), text.size()));
}

void add(rt::Sha256 &hash, const google::protobuf::MessageLite &message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  add(hash, bytes);
}

void addGraph(rt::Sha256 &hash, const onnx::GraphProto &graph) {
  for (const auto &input : graph.input()) {
    add(hash, input);
  }
  for (const auto &node : graph.node()) {
    add(hash, node);
  }
  for (const auto &output : graph.output()) {
    add(hash, output.name());
  }
}

template <typename T> std::string textOf(const T &value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

} // namespace

std::string programHash(const ModelView &model) {
  rt::Sha256 hash;
  add(hash, "ntc.program.1");
  add(hash, model.options.f64 ? "f64" : "f32");
  for (const auto &[name, state] : model.states) {
    add(hash, name);
    add(hash, textOf(state.type));
    add(hash, ir::train::stringifyRole(state.role));
    add(hash, state.of);
    add(hash, state.frozen ? "frozen" : "");
  }
  SmallVector<StringRef> names;
  for (const auto &constant : model.constants) {
    names.push_back(constant.getKey());
  }
  llvm::sort(names);
  for (StringRef name : names) {
    DenseElementsAttr value = model.constants.find(name)->second;
    add(hash, name);
    add(hash, textOf(value.getType()));
    ArrayRef<char> raw = value.getRawData();
    add(hash, StringRef(raw.data(), raw.size()));
  }
  for (const auto &import : model.proto.opset_import()) {
    add(hash, import);
  }
  for (const auto &function : model.proto.functions()) {
    add(hash, function);
  }
  addGraph(hash, model.graph);
  if (model.algorithm) {
    addGraph(hash, *model.algorithm);
  }
  for (const auto &[state, value] : model.updates) {
    add(hash, state);
    add(hash, value);
  }
  if (model.spec) {
    for (const std::string &pattern : model.spec->eval_layers()) {
      add(hash, pattern);
    }
  }
  for (const auto &[name, state] : model.states) {
    if (const int64_t epoch = model.firstEpochOf(name); epoch > 0) {
      add(hash, "unfreeze");
      add(hash, name);
      add(hash, std::to_string(epoch));
    }
  }
  return rt::hex(hash.finish());
}

} // namespace ntc::importer
